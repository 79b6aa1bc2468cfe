// SPDX-License-Identifier: Apache-2.0
// logits (b, c, d) -> losses (b * d,) and gradient (b, c, d), compiled once per instruction set level. Rows of up to 32
// classes go a row per lane, 64 at a time; longer ones a class per lane.
#include <type_traits>

#include "core/simd.hpp"
#include "core/stream.hpp"
#include "core/vector_memory.hpp"
#include "core/visit.hpp"
#include "losses/focal.hpp"
#include "losses/focal_math.hpp"

namespace burnish::losses {
namespace {

constexpr int tile_rows = 64;
constexpr int group_rows = 16;  // rows that are gathered together where classes do not lie side by side

template <class F>
using Bits = typename Lanes<F>::Bits;

template <class F>
constexpr DType own_dtype = sizeof(F) == 4 ? DType::float32 : DType::float64;

// ---- from and to memory ----

template <class T, class F>
void narrow_run(const F* from, T* to, std::int64_t count) {
  std::int64_t i = 0;
#if defined(__F16C__)
  if constexpr (std::is_same_v<T, Float16>) {
    // As to_float16 has them: all NaN alike.
    for (; i + 8 <= count; i += 8) {
      const __m256 values = _mm256_loadu_ps(from + i);
      const __m256 nan = _mm256_or_ps(_mm256_and_ps(values, _mm256_set1_ps(-0.0f)), _mm256_set1_ps(__builtin_nanf("")));
      const __m256 alike = _mm256_blendv_ps(values, nan, _mm256_cmp_ps(values, values, _CMP_UNORD_Q));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                       _mm256_cvtps_ph(alike, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
  }
#endif
  for (; i < count; ++i) narrow(from[i], to[i]);
}

// Calls f.operator()<T>() with the type of the logits, of those whose compute type is F.
template <class F, class Each>
void visit_stored(DType dtype, const Each& each) {
  if constexpr (sizeof(F) == 8) {
    each.template operator()<double>();
  } else {
    visit_float(dtype, [&]<class T>() {
      if constexpr (!std::is_same_v<T, double>) each.template operator()<T>();
    });
  }
}

// Copies rows of `classes` values to or from rows of F that lie `row_step` and `class_step` apart; `starts` are the
// places of the rows in the array. The inner loop is over what lies side by side there.
template <class T, class F, bool reads>
void move_rows(std::conditional_t<reads, const T*, T*> array, const std::int64_t* starts, std::int64_t class_stride,
               int count, std::int64_t classes, F* rows, std::int64_t row_step, std::int64_t class_step) {
  const auto move = [](auto& outside, F& inside) {
    if constexpr (reads) {
      inside = static_cast<F>(widen(outside));
    } else {
      narrow(inside, outside);
    }
  };
  if (class_stride == 1) {
    for (int r = 0; r < count; ++r) {
      for (std::int64_t c = 0; c < classes; ++c) move(array[starts[r] + c], rows[r * row_step + c * class_step]);
    }
  } else if (starts[count - 1] - starts[0] == count - 1) {
    for (std::int64_t c = 0; c < classes; ++c) {
      auto* line = array + starts[0] + c * class_stride;
      for (int r = 0; r < count; ++r) move(line[r], rows[r * row_step + c * class_step]);
    }
  } else {
    for (std::int64_t c = 0; c < classes; ++c) {
      for (int r = 0; r < count; ++r) {
        move(array[starts[r] + c * class_stride], rows[r * row_step + c * class_step]);
      }
    }
  }
}

// The class of a row: its index, or `no_class` where the row is ignored.
constexpr std::int64_t no_class = -1;

void read_classes(const SoftmaxJob& job, std::int64_t first, int count, std::int64_t* classes) {
  job.target_places.of_rows(first, count, classes);
  visit_integer(job.target_dtype, [&]<class T>() {
    const T* targets = static_cast<const T*>(job.targets);
    for (int r = 0; r < count; ++r) {
      const auto label = static_cast<std::int64_t>(targets[classes[r]]);
      classes[r] = label == job.ignore_index ? no_class : label;
    }
  });
}

template <class F>
F class_weight(const SoftmaxJob& job, std::int64_t c) {
  return job.weight ? static_cast<const F*>(job.weight)[c] : F{1};
}

template <class F>
void add_offset(const SoftmaxJob& job, F* row, std::int64_t step) {
  if (!job.offset) return;
  const F* offset = static_cast<const F*>(job.offset);
  for (std::int64_t c = 0; c < job.classes; ++c) row[c * step] += offset[c];
}

// ---- up to 32 classes: a row per lane ----

// Columns of a tile: [class][row].
template <class F>
using Tile = F[narrow_classes][tile_rows];

template <class F>
struct NarrowTile {
  alignas(64) Tile<F> logits;
  alignas(64) Tile<F> weights;  // exponentials, then the gradient
  alignas(64) Tile<F> targets;  // where they are soft; then slopes
  alignas(64) F losses[tile_rows];
  alignas(64) F amounts[tile_rows];
  alignas(64) Bits<F> labels[tile_rows];  // all ones where ignored
};

// Adds up what class c of each lane has, in the order of 32 lanes.
template <class V, class F>
BURNISH_HD V add_classes(const Tile<F>& tile, int row, int classes, bool only_below) {
  V lanes[narrow_classes];
  const V one = V{} + F{1};
  for (int c = 0; c < classes; ++c) {
    const V v = load_as<V>(tile[c] + row);
    lanes[c] = only_below ? (v < one ? v : V{}) : v;
  }
  for (int c = classes; c < narrow_classes; ++c) lanes[c] = V{};
  for (int half = narrow_classes / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

template <class F>
void take_limit(NarrowTile<F>& tile, const SoftmaxJob& job, const F* largest, int count) {
  for (int r = 0; r < count; ++r) {
    if (largest[r] != infinite<F>()) continue;
    for (std::int64_t c = 0; c < job.classes; ++c) tile.logits[c][r] = limit_of(tile.logits[c][r]);
  }
}

template <class V, class F>
void narrow_hard(const SoftmaxJob& job, NarrowTile<F>& tile, int row, const Row<V>& sums, V base, F scale) {
  using B = Bits<V>;
  const int classes = static_cast<int>(job.classes);
  const B label = load_as<B>(tile.labels + row);
  V shifted{};
  V weight{};
  for (int c = 0; c < classes; ++c) {
    const auto here = label == B{} + static_cast<Bits<F>>(c);
    shifted = here ? load_as<V>(tile.logits[c] + row) - base : shifted;
    weight = here ? load_as<V>(tile.weights[c] + row) : weight;
  }
  const V amount = load_as<V>(tile.amounts + row);
  const HardRow<V> result = hard_row(sums, shifted, weight, amount, gamma_of<F>(job.gamma), scale);
  const auto ignored = label == B{} - static_cast<Bits<F>>(1);
  store_as(tile.losses + row, ignored ? V{} : result.loss);
  if (!job.gradient) return;
  for (int c = 0; c < classes; ++c) {
    const auto here = label == B{} + static_cast<Bits<F>>(c);
    const V other = load_as<V>(tile.weights[c] + row) * result.other;
    const V gradient = here ? result.own : other;
    store_as(tile.weights[c] + row, ignored ? V{} : gradient);
  }
}

template <class V, class F>
void narrow_soft(const SoftmaxJob& job, NarrowTile<F>& tile, int row, const Row<V>& sums, V base, F scale) {
  using B = Bits<V>;
  const int classes = static_cast<int>(job.classes);
  const Mixing<F> mixing = mixing_of<F>(job, job.classes);
  const F gamma = gamma_of<F>(job.gamma);
  const B label = load_as<B>(tile.labels + row);
  const auto ignored = label == B{} - static_cast<Bits<F>>(1);
  alignas(64) Tile<F> losses;
  for (int c = 0; c < classes; ++c) {
    V target = load_as<V>(tile.targets[c] + row);
    if (!job.soft_targets) target = label == B{} + static_cast<Bits<F>>(c) ? V{} + F{1} : V{};
    const V weight = load_as<V>(tile.weights[c] + row);
    const V shifted = load_as<V>(tile.logits[c] + row) - base;
    const V amount = amount_of(mixing, target) * class_weight<F>(job, c);
    const Term<V> term = soft_term(sums, share_of(sums, weight), shifted, amount, gamma);
    store_as(losses[c] + row, term.loss);
    store_as(tile.targets[c] + row, term.slope);
  }
  const V defined = V{} * sums.inverse;  // NaN where nothing is defined, whatever the targets
  const V loss = add_classes<V>(losses, row, classes, false) + defined;
  store_as(tile.losses + row, ignored ? V{} : loss);
  if (!job.gradient) return;
  const V total = add_classes<V>(tile.targets, row, classes, false);
  for (int c = 0; c < classes; ++c) {
    const Share<V> share = share_of(sums, load_as<V>(tile.weights[c] + row));
    const V gradient = soft_gradient(share, load_as<V>(tile.targets[c] + row), total, scale);
    store_as(tile.weights[c] + row, ignored ? V{} : gradient);
  }
}

template <class F>
void narrow_rows(const SoftmaxJob& job, std::int64_t first, int count, NarrowTile<F>& tile) {
  using V = simd::Vector<F>;
  const int classes = static_cast<int>(job.classes);
  const F scale = static_cast<F>(job.final_scale());
  std::int64_t starts[tile_rows];
  job.logit_places.of_rows(first, count, starts);
  visit_stored<F>(job.dtype, [&]<class T>() {
    move_rows<T, F, true>(static_cast<const T*>(job.logits), starts, job.logit_places.class_stride, count, classes,
                          tile.logits[0], 1, tile_rows);
  });
  for (int r = 0; job.offset && r < count; ++r) add_offset(job, tile.logits[0] + r, tile_rows);
  if (job.soft_targets) {
    job.target_places.of_rows(first, count, starts);
    visit_float(job.target_dtype, [&]<class T>() {
      move_rows<T, F, true>(static_cast<const T*>(job.targets), starts, job.target_places.class_stride, count, classes,
                            tile.targets[0], 1, tile_rows);
    });
  } else {
    read_classes(job, first, count, starts);
    for (int r = 0; r < count; ++r) {
      const std::int64_t label = starts[r];
      tile.labels[r] = static_cast<Bits<F>>(label);
      tile.amounts[r] = label == no_class ? F{0} : static_cast<F>(job.alpha) * class_weight<F>(job, label);
    }
  }
  alignas(64) F largest[tile_rows];
  for (int r = 0; r < count; r += simd::width<F>) {
    V most = V{} - infinite<V>();
    for (int c = 0; c < classes; ++c) most = Lanes<V>::max(load_as<V>(tile.logits[c] + r), most);
    store_as(largest + r, most);
  }
  take_limit(tile, job, largest, count);
  for (int r = 0; r < count; r += simd::width<F>) {
    const V most = load_as<V>(largest + r);
    const V base = most == infinite<V>() ? V{} : base_of(most);
    for (int c = 0; c < classes; ++c) {
      store_as(tile.weights[c] + r, weight_of(load_as<V>(tile.logits[c] + r), base));
    }
    const Sums<V> sums{add_classes<V>(tile.weights, r, classes, false), add_classes<V>(tile.weights, r, classes, true)};
    const Row<V> row = finish_sums(sums);
    if (job.is_soft()) {
      narrow_soft<V>(job, tile, r, row, base, scale);
    } else {
      narrow_hard<V>(job, tile, r, row, base, scale);
    }
  }
  F* losses = static_cast<F*>(job.losses) + first;
  for (int r = 0; r < count; ++r) losses[r] = tile.losses[r];
  if (!job.gradient) return;
  job.gradient_places.of_rows(first, count, starts);
  visit_stored<F>(job.dtype, [&]<class T>() {
    move_rows<T, F, false>(static_cast<T*>(job.gradient), starts, job.gradient_places.class_stride, count, classes,
                           tile.weights[0], 1, tile_rows);
  });
}

// ---- more classes: a class per lane ----

template <class F>
constexpr int vectors_per_step = lane_count / simd::width<F>;

// Calls each(j, first, vector) for each vector of the row, j its place among the 32 lanes; the last ones are made up
// with `fill`.
template <class F, class Each>
BURNISH_HD void for_vectors(const F* values, std::int64_t count, F fill, Each each) {
  constexpr int width = simd::width<F>;
  constexpr int vectors = vectors_per_step<F>;
  std::int64_t c = 0;
  for (; c + lane_count <= count; c += lane_count) {
#pragma GCC unroll 16
    for (int j = 0; j < vectors; ++j) each(j, c + j * width, simd::load(values + c + j * width));
  }
#pragma GCC unroll 16
  for (int j = 0; j < vectors; ++j) {
    const std::int64_t first = c + j * width;
    if (first + width <= count) {
      each(j, first, simd::load(values + first));
    } else if (first < count) {
      each(j, first, simd::load_partial(values + first, static_cast<int>(count - first), fill));
    }
  }
}

template <class V, int n, class Combine>
BURNISH_HD auto fold(V (&lanes)[n], Combine combine) {
#pragma GCC unroll 4
  for (int half = n / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int j = 0; j < half; ++j) lanes[j] = combine(lanes[j], lanes[j + half]);
  }
  return simd::tree_reduce(lanes[0], combine);
}

template <class F>
F largest_of(const F* values, std::int64_t count) {
  using V = simd::Vector<F>;
  V lanes[vectors_per_step<F>];
  for (V& lane : lanes) lane = V{} - infinite<V>();
  for_vectors(values, count, -infinite<F>(), [&](int j, std::int64_t, V v) { lanes[j] = Lanes<V>::max(v, lanes[j]); });
  return fold(lanes, [](auto a, auto b) { return a > b ? a : b; });
}

constexpr std::int64_t padded(std::int64_t classes) { return (classes + lane_count - 1) / lane_count * lane_count; }

// Rows of working memory: `padded` values each.
template <class F>
struct WideBuffers {
  F* weights;  // exponentials, then the gradient
  F* slopes;   // of soft rows
  F* logits;   // group_rows rows
  F* targets;  // group_rows rows
};

// What is written behind the last class is working memory too.
template <class F>
BURNISH_HD void store_vector(F* row, std::int64_t first, simd::Vector<F> v) {
  store_as(row + first, v);
}

template <class F>
Sums<F> exponentials(const F* logits, std::int64_t classes, F base, F* weights) {
  // The next row most likely follows: fetched meanwhile, so that memory and arithmetic overlap.
  using V = simd::Vector<F>;
  constexpr int vectors = vectors_per_step<F>;
  V all[vectors] = {};
  V below[vectors] = {};
  const V of_lanes = V{} + base;
  for_vectors(logits, classes, -infinite<F>(), [&](int j, std::int64_t first, V z) {
    __builtin_prefetch(logits + first + classes);
    const V weight = weight_of(z, of_lanes);
    store_vector(weights, first, weight);
    all[j] += weight;
    below[j] += weight < V{} + F{1} ? weight : V{};
  });
  const auto add = [](auto a, auto b) { return a + b; };
  return {fold(all, add), fold(below, add)};
}

template <class F>
F wide_hard(const SoftmaxJob& job, const F* logits, const Row<F>& row, F base, std::int64_t label, F scale,
            const WideBuffers<F>& buffers) {
  using V = simd::Vector<F>;
  const F amount = static_cast<F>(job.alpha) * class_weight<F>(job, label);
  F* weights = buffers.weights;
  const HardRow<F> result = hard_row(row, logits[label] - base, weights[label], amount, gamma_of<F>(job.gamma), scale);
  if (job.gradient) {
    const V other = V{} + result.other;
    for (std::int64_t c = 0; c < job.classes; c += simd::width<F>) {
      store_vector(weights, c, simd::load(weights + c) * other);
    }
    weights[label] = result.own;
  }
  return result.loss;
}

template <class F>
Row<simd::Vector<F>> spread(const Row<F>& row) {
  using V = simd::Vector<F>;
  return {V{} + row.inverse, V{} + row.log_sum, V{} + row.half, V{} + row.below};
}

template <class F>
F wide_soft(const SoftmaxJob& job, const F* logits, const Row<F>& scalar_row, F base, std::int64_t label,
            const F* targets, F scale, const WideBuffers<F>& buffers) {
  using V = simd::Vector<F>;
  using B = Bits<V>;
  constexpr int vectors = vectors_per_step<F>;
  const Row<V> row = spread(scalar_row);
  const Mixing<F> mixing = mixing_of<F>(job, job.classes);
  const F gamma = gamma_of<F>(job.gamma);
  const F* class_weights = static_cast<const F*>(job.weight);
  V losses[vectors] = {};
  V slopes[vectors] = {};
  for_vectors(logits, job.classes, -infinite<F>(), [&](int j, std::int64_t first, V z) {
    const int count = job.classes - first < simd::width<F> ? static_cast<int>(job.classes - first) : simd::width<F>;
    const B index = simd::iota<B>() + static_cast<Bits<F>>(first);
    V target = index == B{} + static_cast<Bits<F>>(label) ? V{} + F{1} : V{};
    if (targets) target = simd::load(targets + first);
    V amount = amount_of(mixing, target);
    if (class_weights) {
      amount *= count == simd::width<F> ? simd::load(class_weights + first)
                                        : simd::load_partial(class_weights + first, count, F{0});
    }
    amount = index < B{} + static_cast<Bits<F>>(job.classes) ? amount : V{};
    const Share<V> share = share_of(row, simd::load(buffers.weights + first));
    const Term<V> term = soft_term(row, share, z - base, amount, gamma);
    losses[j] += term.loss;
    slopes[j] += term.slope;
    store_vector(buffers.slopes, first, term.slope);
  });
  const auto add = [](auto a, auto b) { return a + b; };
  const F loss = fold(losses, add) + F{0} * scalar_row.inverse;
  const V total = V{} + fold(slopes, add);
  if (job.gradient) {
    for (std::int64_t c = 0; c < job.classes; c += simd::width<F>) {
      const Share<V> share = share_of(row, simd::load(buffers.weights + c));
      store_vector(buffers.weights, c, soft_gradient(share, simd::load(buffers.slopes + c), total, scale));
    }
  }
  return loss;
}

// The gradient's row leaves working memory.
template <class F>
void write_gradient(const SoftmaxJob& job, std::int64_t row, F* from, F* spare) {
  const std::int64_t place = job.gradient_places.of_row(row);
  visit_stored<F>(job.dtype, [&]<class T>() {
    T* to = static_cast<T*>(job.gradient) + place;
    const std::int64_t step = job.gradient_places.class_stride;
    if (step != 1) {
      for (std::int64_t c = 0; c < job.classes; ++c) narrow(from[c], to[c * step]);
    } else if (!job.streams_output) {
      narrow_run(from, to, job.classes);
    } else if constexpr (std::is_same_v<T, F>) {
      stream(from, to, job.classes * static_cast<std::int64_t>(sizeof(F)));
    } else {
      T* narrowed = reinterpret_cast<T*>(spare);
      narrow_run(from, narrowed, job.classes);
      stream(narrowed, to, job.classes * static_cast<std::int64_t>(sizeof(T)));
    }
  });
}

template <class F>
void wide_row(const SoftmaxJob& job, std::int64_t row, std::int64_t label, const F* logits, F* own_logits,
              const F* targets, F scale, const WideBuffers<F>& buffers, F* gradient) {
  WideBuffers<F> mine = buffers;
  mine.weights = gradient;
  F& loss = static_cast<F*>(job.losses)[row];
  if (label == no_class) {
    loss = F{0};
    for (std::int64_t c = 0; job.gradient && c < job.classes; ++c) gradient[c] = F{0};
    return;
  }
  F largest = largest_of(logits, job.classes);
  if (largest == infinite<F>()) {
    for (std::int64_t c = 0; c < job.classes; ++c) own_logits[c] = limit_of(logits[c]);
    logits = own_logits;
    largest = F{0};
  }
  const F base = base_of(largest);
  const Row<F> sums = finish_sums(exponentials(logits, job.classes, base, gradient));
  loss = job.is_soft() ? wide_soft(job, logits, sums, base, label, targets, scale, mine)
                       : wide_hard(job, logits, sums, base, label, scale, mine);
}

template <class F>
void wide_rows(const SoftmaxJob& job, std::int64_t first, std::int64_t last, F* workspace) {
  const std::int64_t size = padded(job.classes);
  const bool strided = job.logit_places.class_stride != 1 || (job.gradient && job.gradient_places.class_stride != 1) ||
                       (job.soft_targets && job.target_places.class_stride != 1);
  const int group = strided ? group_rows : 1;
  const bool direct = job.dtype == own_dtype<F> && job.logit_places.class_stride == 1 && !job.offset;
  // One row of slopes, then rows of logits, targets and gradient.
  const WideBuffers<F> buffers{nullptr, workspace, workspace + size, workspace + size * (1 + group)};
  F* const gradients = workspace + size * (1 + 2 * group);
  const F scale = static_cast<F>(job.final_scale());
  for (std::int64_t row = first; row < last; row += group) {
    const int count = last - row < group ? static_cast<int>(last - row) : group;
    std::int64_t starts[group_rows];
    if (!direct) {
      job.logit_places.of_rows(row, count, starts);
      visit_stored<F>(job.dtype, [&]<class T>() {
        move_rows<T, F, true>(static_cast<const T*>(job.logits), starts, job.logit_places.class_stride, count,
                              job.classes, buffers.logits, size, 1);
      });
    }
    if (job.soft_targets) {
      job.target_places.of_rows(row, count, starts);
      visit_float(job.target_dtype, [&]<class T>() {
        move_rows<T, F, true>(static_cast<const T*>(job.targets), starts, job.target_places.class_stride, count,
                              job.classes, buffers.targets, size, 1);
      });
    }
    std::int64_t labels[group_rows] = {};
    if (!job.soft_targets) read_classes(job, row, count, labels);
    for (int r = 0; r < count; ++r) {
      F* own_logits = buffers.logits + r * size;
      if (!direct) add_offset(job, own_logits, 1);
      const F* logits = direct ? static_cast<const F*>(job.logits) + job.logit_places.of_row(row + r) : own_logits;
      const F* targets = job.soft_targets ? buffers.targets + r * size : nullptr;
      wide_row(job, row + r, labels[r], logits, own_logits, targets, scale, buffers, gradients + r * size);
      if (job.gradient && group == 1) write_gradient(job, row, gradients, buffers.slopes);
    }
    if (job.gradient && group > 1) {
      job.gradient_places.of_rows(row, count, starts);
      visit_stored<F>(job.dtype, [&]<class T>() {
        move_rows<T, F, false>(static_cast<T*>(job.gradient), starts, job.gradient_places.class_stride, count,
                               job.classes, gradients, size, 1);
      });
    }
  }
  if (job.streams_output) finish_streams();
}

template <class F>
void rows_of(const SoftmaxJob& job, std::int64_t first, std::int64_t last, void* workspace) {
  if (job.classes > narrow_classes) return wide_rows(job, first, last, static_cast<F*>(workspace));
  NarrowTile<F> tile{};
  for (std::int64_t row = first; row < last; row += tile_rows) {
    narrow_rows(job, row, last - row < tile_rows ? static_cast<int>(last - row) : tile_rows, tile);
  }
}

// ---- sigmoid ----

template <class T, class F>
void widen_block(const T* from, std::int64_t stride, int count, F* to) {
  const auto value_of = [](const T& value) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<F>(value);
    } else {
      return static_cast<F>(widen(value));
    }
  };
  if (stride == 1) {
    for (int i = 0; i < count; ++i) to[i] = value_of(from[i]);
  } else {
    for (int i = 0; i < count; ++i) to[i] = value_of(from[i * stride]);
  }
}

constexpr int block = 256;

// `count` values as F, where they lie if they lie so, else in `buffer`; readable to the end of the last 32.
template <class F>
const F* sigmoid_input(const void* from, DType dtype, std::int64_t stride, std::int64_t first, int count, F* buffer) {
  if (dtype == own_dtype<F> && stride == 1 && count % lane_count == 0) return static_cast<const F*>(from) + first;
  const auto read = [&]<class T>() {
    widen_block(static_cast<const T*>(from) + first * stride, stride, count, buffer);
  };
  if (dtype <= DType::bfloat16) {
    visit_float(dtype, read);
  } else {
    visit_integer(dtype, read);
  }
  return buffer;
}

// What lies side by side in F, whole lanes of it.
template <class F>
struct SigmoidBlock {
  const F* logits;
  const F* targets;
  F* losses;
  F* gradients;
  int count;  // a multiple of 32
};

// Losses are added to 32 lanes, of which element i is in lane i % 32. Two things make it nearly twice as fast: there is
// no branch on gamma within (a `known_gamma` from 0 is that of the job), and exponentials and logarithms, each a long
// chain of operations that wait for one another, have loops of their own, so that several vectors are under way.
template <int known_gamma, bool has_gradient, class F>
void sigmoid_loops(const SigmoidJob& job, const SigmoidBlock<F>& part, simd::Vector<F> (&lanes)[vectors_per_step<F>]) {
  using V = simd::Vector<F>;
  const F gamma = known_gamma >= 0 ? static_cast<F>(known_gamma) : gamma_of<F>(job.gamma);
  const F scale = static_cast<F>(job.final_scale());
  const F keep = static_cast<F>(1 - job.smoothing);
  const F floor = static_cast<F>(job.smoothing / 2);
  const F negative_weight = static_cast<F>(job.alpha * job.weights[0]);
  const F positive_weight = static_cast<F>(job.alpha * job.weights[1]);
  const F ignored = static_cast<F>(job.ignore_index);
  alignas(64) F weights[block];
  alignas(64) F ratios[block];
  for (int i = 0; i < part.count; i += simd::width<F>) {
    store_as(weights + i, sigmoid_weight(load_as<V>(part.logits + i)));
  }
  for (int i = 0; i < part.count; i += simd::width<F>) {
    store_as(ratios + i, log1p_ratio(load_as<V>(weights + i)));
  }
  for (int i = 0; i < part.count; i += lane_count) {
#pragma GCC unroll 16
    for (int j = 0; j < vectors_per_step<F>; ++j) {
      const int place = i + j * simd::width<F>;
      const V given = load_as<V>(part.targets + place);
      const auto is_ignored = given == V{} + ignored;
      const V t = given * keep + floor;
      const SigmoidTerm<V> term =
          sigmoid_term(load_as<V>(part.logits + place), load_as<V>(weights + place), load_as<V>(ratios + place),
                       (F{1} - t) * negative_weight, t * positive_weight, gamma);
      const V loss = is_ignored ? V{} : term.loss;
      lanes[j] += loss;
      store_as(part.losses + place, loss);
      if constexpr (has_gradient) store_as(part.gradients + place, is_ignored ? V{} : term.gradient * scale);
    }
  }
}

template <bool has_gradient, class F>
void sigmoid_values(const SigmoidJob& job, const SigmoidBlock<F>& part, simd::Vector<F> (&lanes)[vectors_per_step<F>]) {
  if (job.gamma == 0) return sigmoid_loops<0, has_gradient>(job, part, lanes);
  if (job.gamma == 1) return sigmoid_loops<1, has_gradient>(job, part, lanes);
  if (job.gamma == 2) return sigmoid_loops<2, has_gradient>(job, part, lanes);
  sigmoid_loops<-1, has_gradient>(job, part, lanes);
}

template <class F>
void sigmoid_block(const SigmoidJob& job, std::int64_t first, int count,
                   simd::Vector<F> (&lanes)[vectors_per_step<F>]) {
  alignas(64) F logit_buffer[block];
  alignas(64) F target_buffer[block];
  alignas(64) F losses[block];
  alignas(64) F gradient_buffer[block];
  const F* logits = sigmoid_input(job.logits, job.dtype, job.logit_stride, first, count, logit_buffer);
  const F* targets = sigmoid_input(job.targets, job.target_dtype, job.target_stride, first, count, target_buffer);
  int whole = count;
  for (; whole % lane_count != 0; ++whole) {  // both are in the buffers, then
    logit_buffer[whole] = F{0};
    target_buffer[whole] = static_cast<F>(job.ignore_index);
  }
  const bool writes_directly = job.gradient && job.dtype == own_dtype<F> && job.gradient_stride == 1;
  F* gradients = writes_directly && whole == count ? static_cast<F*>(job.gradient) + first : gradient_buffer;
  const SigmoidBlock<F> part{logits, targets, losses, gradients, whole};
  job.gradient ? sigmoid_values<true>(job, part, lanes) : sigmoid_values<false>(job, part, lanes);
  if (job.losses) {
    __builtin_memcpy(static_cast<F*>(job.losses) + first, losses, static_cast<std::size_t>(count) * sizeof(F));
  }
  if (!job.gradient || gradients != gradient_buffer) return;
  visit_stored<F>(job.dtype, [&]<class T>() {
    T* to = static_cast<T*>(job.gradient) + first * job.gradient_stride;
    if (job.gradient_stride == 1) {
      narrow_run(gradients, to, count);
    } else {
      for (int i = 0; i < count; ++i) narrow(gradients[i], to[i * job.gradient_stride]);
    }
  });
}

template <class F>
F sigmoid_chunk(const SigmoidJob& job, std::int64_t first, int count) {
  simd::Vector<F> lanes[vectors_per_step<F>] = {};
  for (int done = 0; done < count; done += block) {
    sigmoid_block<F>(job, first + done, count - done < block ? count - done : block, lanes);
  }
  return fold(lanes, [](auto a, auto b) { return a + b; });
}

template <class F>
void chunks_of(const SigmoidJob& job, std::int64_t first, std::int64_t last) {
  for (std::int64_t row = first; row < last; row += rows_per_partial) {
    const std::int64_t left = last - row;
    const int count = static_cast<int>(left < rows_per_partial ? left : rows_per_partial);
    job.partials[row / rows_per_partial] = static_cast<double>(sigmoid_chunk<F>(job, row, count));
  }
}

// ---- targets ----

// Counts are kept in 32 bits, as wide as what is compared, or nothing is vectorised.
template <class T, class Wrong>
bool count_targets(const T* targets, std::int64_t stride, int count, T ignored, bool may_ignore, const Wrong& is_wrong,
                   double& counted) {
  int without = 0;
  int wrong = 0;
  const auto add = [&](T t) {
    const bool is_ignored = may_ignore && t == ignored;
    without += is_ignored;
    wrong += is_wrong(t) && !is_ignored;
  };
  if (stride == 1) {
    for (int i = 0; i < count; ++i) add(targets[i]);
  } else {
    for (int i = 0; i < count; ++i) add(targets[i * stride]);
  }
  counted = count - without;
  return wrong == 0;
}

template <class T>
bool fits_in(std::int64_t value) {
  return static_cast<std::int64_t>(static_cast<T>(value)) == value && (value >= 0 || std::is_signed_v<T>);
}

template <class T>
bool count_labels(const SoftmaxJob& job, std::int64_t first, int count, double& counted) {
  const T* targets = static_cast<const T*>(job.targets);
  const auto is_wrong = [classes = static_cast<std::uint64_t>(job.classes)](T label) {
    // As unsigned, negative numbers are the largest.
    return static_cast<std::make_unsigned_t<T>>(label) >= classes;
  };
  bool all_right = true;
  counted = 0;
  const Places& places = job.target_places;
  for (int r = 0; r < count;) {
    const std::int64_t row = first + r;
    const std::int64_t left = places.inner == 1 ? count - r : places.inner - row % places.inner;
    const int run = left < count - r ? static_cast<int>(left) : count - r;
    const std::int64_t stride = places.inner == 1 ? places.batch_stride : places.inner_stride;
    double of_run = 0;
    all_right &= count_targets(targets + places.of_row(row), stride, run, static_cast<T>(job.ignore_index),
                               fits_in<T>(job.ignore_index), is_wrong, of_run);
    counted += of_run;
    r += run;
  }
  return all_right;
}

template <class T>
bool count_probabilities(const SigmoidJob& job, std::int64_t first, int count, double& counted) {
  if constexpr (std::is_integral_v<T>) {
    const auto is_wrong = [](T t) { return static_cast<std::make_unsigned_t<T>>(t) > 1; };
    return count_targets(static_cast<const T*>(job.targets) + first * job.target_stride, job.target_stride, count,
                         static_cast<T>(job.ignore_index), fits_in<T>(job.ignore_index), is_wrong, counted);
  } else {
    using W = decltype(widen(T{}));
    const auto is_wrong = [](W t) { return !(t >= 0 && t <= 1); };
    const T* targets = static_cast<const T*>(job.targets) + first * job.target_stride;
    if constexpr (std::is_same_v<W, T>) {
      return count_targets(targets, job.target_stride, count, static_cast<W>(job.ignore_index), true, is_wrong,
                           counted);
    } else {
      W widened[rows_per_partial];
      widen_block(targets, job.target_stride, count, widened);
      return count_targets(widened, 1, count, static_cast<W>(job.ignore_index), true, is_wrong, counted);
    }
  }
}

template <class Count>
bool for_each_partial(std::int64_t first, std::int64_t last, double* partials, const Count& count_of) {
  bool all_right = true;
  for (std::int64_t row = first; row < last; row += rows_per_partial) {
    const std::int64_t left = last - row;
    const int count = static_cast<int>(left < rows_per_partial ? left : rows_per_partial);
    all_right &= count_of(row, count, partials[row / rows_per_partial]);
  }
  return all_right;
}

// ---- gradient times factor ----

// `count` values that have one factor.
template <class T, class F>
void scale_run(const T* from, F factor, T* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) narrow(static_cast<F>(widen(from[i])) * factor, to[i]);
}

template <class T, class F, class U>
void scale_range(const ScaleJob& job, const U* factors, std::int64_t first, std::int64_t last) {
  const T* from = static_cast<const T*>(job.gradient);
  T* to = static_cast<T*>(job.out);
  if (job.one_factor)
    return scale_run(from + first, static_cast<F>(job.factor_at(factors, 0)), to + first, last - first);
  const std::int64_t run = job.inner == 1 ? job.classes : job.inner;
  while (first < last) {
    const std::int64_t line = first / run;
    const std::int64_t end = (line + 1) * run < last ? (line + 1) * run : last;
    if (job.inner == 1) {
      scale_run(from + first, static_cast<F>(job.factor_at(factors, line)), to + first, end - first);
    } else {
      const std::int64_t place = line / job.classes * job.inner - line * job.inner;
      for (std::int64_t i = first; i < end; ++i) {
        narrow(static_cast<F>(widen(from[i])) * static_cast<F>(job.factor_at(factors, place + i)), to[i]);
      }
    }
    first = end;
  }
}

}  // namespace

template <>
void softmax_rows<Isa::BURNISH_ISA>(const SoftmaxJob& job, std::int64_t first, std::int64_t last, void* workspace) {
  if (job.dtype == DType::float64) {
    rows_of<double>(job, first, last, workspace);
  } else {
    rows_of<float>(job, first, last, workspace);
  }
}

template <>
void sigmoid_rows<Isa::BURNISH_ISA>(const SigmoidJob& job, std::int64_t first, std::int64_t last) {
  if (job.dtype == DType::float64) {
    chunks_of<double>(job, first, last);
  } else {
    chunks_of<float>(job, first, last);
  }
}

template <>
bool softmax_targets<Isa::BURNISH_ISA>(const SoftmaxJob& job, std::int64_t first, std::int64_t last) {
  return for_each_partial(first, last, job.partials, [&](std::int64_t row, int count, double& counted) {
    bool all_right = true;
    visit_integer(job.target_dtype, [&]<class T>() { all_right = count_labels<T>(job, row, count, counted); });
    return all_right;
  });
}

template <>
bool sigmoid_targets<Isa::BURNISH_ISA>(const SigmoidJob& job, std::int64_t first, std::int64_t last) {
  return for_each_partial(first, last, job.partials, [&](std::int64_t row, int count, double& counted) {
    bool all_right = true;
    const auto each = [&]<class T>() { all_right = count_probabilities<T>(job, row, count, counted); };
    if (job.target_dtype <= DType::bfloat16) {
      visit_float(job.target_dtype, each);
    } else {
      visit_integer(job.target_dtype, each);
    }
    return all_right;
  });
}

template <>
void scale_values<Isa::BURNISH_ISA>(const ScaleJob& job, std::int64_t first, std::int64_t last) {
  visit_float(job.factor_dtype, [&]<class U>() {
    const U* factors = static_cast<const U*>(job.factor);
    visit_float(job.dtype, [&]<class T>() {
      using F = std::conditional_t<std::is_same_v<T, double>, double, float>;
      scale_range<T, F>(job, factors, first, last);
    });
  });
}

}  // namespace burnish::losses
