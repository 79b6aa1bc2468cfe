// SPDX-License-Identifier: Apache-2.0
// probabilities or logits (n, c), labels (n,) -> what confident learning needs of each row; compiled once per
// instruction set level. Tiles of 64 rows: up to 32 classes are turned so that a lane has a row to itself, longer rows
// are walked with a class per lane. Sums follow one fixed order.
#include "core/columns.hpp"
#include "core/exp.hpp"
#include "core/simd.hpp"
#include "core/visit.hpp"
#include "quality/survey.hpp"

namespace burnish::quality {
namespace {

constexpr int lanes = 32;

template <class F>
constexpr F infinity = static_cast<F>(__builtin_inf());
template <class F>
constexpr F nan = static_cast<F>(__builtin_nan(""));

template <class F>
using Word = typename Lanes<F>::Bits;

template <class F>
F larger(F a, F b) {
  return a > b ? a : b;
}

template <class T, class V>
BURNISH_HD void store(T* to, const V& v) {
  __builtin_memcpy(to, &v, sizeof v);
}

// Of the 64 rows of a tile. `other` is the largest p of a class that is not the label's, `rival` the first such class.
template <class F>
struct Tile {
  alignas(64) F sum[tile_rows], own[tile_rows], other[tile_rows], second[tile_rows];
  alignas(64) F margin[tile_rows], gap[tile_rows], scale[tile_rows];
  alignas(64) Word<F> label[tile_rows], rival[tile_rows], confident[tile_rows], first_confident[tile_rows];
  alignas(64) Word<F> guess[tile_rows], agrees[tile_rows], bad[tile_rows];  // flags are all ones or 0
};

template <class F>
void read_labels(const RowJob& job, std::int64_t first, int count, Tile<F>& tile) {
  visit_integer(job.label_dtype, [&]<class T>() {
    const T* labels = static_cast<const T*>(job.labels) + first * job.label_stride;
    if (job.label_stride == 1) {
      for (int r = 0; r < count; ++r) tile.label[r] = static_cast<Word<F>>(labels[r]);
    } else {
      for (int r = 0; r < count; ++r) tile.label[r] = static_cast<Word<F>>(labels[r * job.label_stride]);
    }
    for (int r = count; r < tile_rows; ++r) tile.label[r] = 0;
  });
}

// ---- up to 32 classes: columns[c][r] ----

template <class F>
struct Columns {
  alignas(64) F at[narrow_classes][tile_rows];
};

// Whether rows first..first+count lie so that they can be turned vector by vector; whole quadruples are read of each.
template <class F>
bool turns_directly(const RowJob& job, std::int64_t first, int count) {
  constexpr DType same = sizeof(F) == 4 ? DType::float32 : DType::float64;
  const bool follows = job.row_stride == job.classes && (job.rows - first - count) * job.classes >= 3;
  return job.input_dtype == same && job.class_stride == 1 && count == tile_rows && (job.classes % 4 == 0 || follows);
}

template <class F>
void load_columns(const RowJob& job, std::int64_t first, int count, Columns<F>& columns) {
  const auto classes = static_cast<int>(job.classes);
  if (turns_directly<F>(job, first, count)) {
    using V = simd::Vector<F>;
    const F* rows = static_cast<const F*>(job.input) + first * job.row_stride;
    for (int r = 0; r < tile_rows; r += simd::width<F>) {
      V turned[narrow_classes];
      simd::load_columns(rows + r * job.row_stride, job.row_stride, classes, turned);
      for (int c = 0; c < classes; ++c) store(columns.at[c] + r, turned[c]);
    }
    return;
  }
  visit_float(job.input_dtype, [&]<class T>() {
    const T* input = static_cast<const T*>(job.input) + first * job.row_stride;
    for (int r = 0; r < count; ++r) {
      for (int c = 0; c < classes; ++c) {
        columns.at[c][r] = static_cast<F>(widen(input[r * job.row_stride + c * job.class_stride]));
      }
    }
    for (int c = 0; c < classes; ++c) {
      for (int r = count; r < tile_rows; ++r) columns.at[c][r] = 0;
    }
  });
}

template <class F>
void tops_of_columns(const Columns<F>& columns, int classes, bool wants_second, Tile<F>& tile) {
  using V = simd::Vector<F>;
  using L = Lanes<V>;
  const V lowest = V{} - infinity<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    const auto label = simd::load(tile.label + r);
    auto rival = label - label - 1u;
    auto index = label - label;
    V own = lowest, other = lowest;
    for (int c = 0; c < classes; ++c) {
      const V v = simd::load(columns.at[c] + r);
      const auto is_label = label == index;
      const V w = is_label ? lowest : v;
      own = is_label ? v : own;
      rival = w > other ? index : rival;
      other = L::max(w, other);
      index += 1u;
    }
    store(tile.own + r, own);
    store(tile.other + r, other);
    store(tile.rival + r, rival);
    if (!wants_second) continue;
    V second = lowest, top = lowest;
    for (int c = 0; c < classes; ++c) {
      const V v = simd::load(columns.at[c] + r);
      second = L::max(L::min(v, top), second);
      top = L::max(v, top);
    }
    store(tile.second + r, second);
  }
}

template <class F>
void margins_of(Tile<F>& tile, bool are_logits, bool wants_gap) {
  using V = simd::Vector<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    const V own = simd::load(tile.own + r);
    const V other = simd::load(tile.other + r);
    const V top = Lanes<V>::max(own, other);
    const V second = simd::load(tile.second + r);
    const V zero{};
    const V margin = are_logits ? own - other : log(own) - log(Lanes<V>::max(other, zero));
    store(tile.margin + r, margin);
    if (!wants_gap) continue;
    const V gap = are_logits ? top - second : log(top) - log(Lanes<V>::max(second, zero));
    store(tile.gap + r, gap);
  }
}

template <class F>
void softmax_of_columns(Columns<F>& columns, int classes) {
  using V = simd::Vector<F>;
  using E = ExpTable<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    V base = simd::load(columns.at[0] + r);
    for (int c = 1; c < classes; ++c) base = Lanes<V>::max(simd::load(columns.at[c] + r), base);
    V sum{};
    for (int c = 0; c < classes; ++c) {
      // A difference that is NaN (a row of infinities) stays NaN.
      const V weight = exp_fast(Lanes<V>::max(V{} + E::lowest, simd::load(columns.at[c] + r) - base));
      store(columns.at[c] + r, weight);
      sum += weight;
    }
    for (int c = 0; c < classes; ++c) {
      store(columns.at[c] + r, simd::load(columns.at[c] + r) / sum);
    }
  }
}

// Rows that do not sum to 1 are divided by their sum; which rows cannot be is noted. Returns whether any is.
template <class F>
bool scales_of(const RowJob& job, Tile<F>& tile) {
  using V = simd::Vector<F>;
  using Mask = decltype(V{} < V{});
  const V tolerance = V{} + static_cast<F>(job.tolerance);
  const V one = V{} + F{1};
  Mask any{};
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    const V sum = simd::load(tile.sum + r);
    const Mask good = (sum > V{}) & (sum < V{} + infinity<F>);
    const Mask off = good & ~(Lanes<V>::max(sum - one, one - sum) <= tolerance);
    store(tile.bad + r, ~good);
    store(tile.scale + r, off ? one / sum : one);
    any |= off;
  }
  return simd::tree_reduce(any, [](auto a, auto b) { return a | b; }) != 0;
}

// The p of the label too.
template <class F>
void validate_columns(const RowJob& job, Columns<F>& columns, Tile<F>& tile) {
  const auto classes = static_cast<int>(job.classes);
  using V = simd::Vector<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    const auto label = simd::load(tile.label + r);
    auto index = label - label;
    V sum{}, least{}, own{};
    for (int c = 0; c < classes; ++c) {
      const V v = simd::load(columns.at[c] + r);
      own = label == index ? v : own;
      sum += v;
      least = Lanes<V>::min(v, least);
      index += 1u;
    }
    store(tile.own + r, own);
    store(tile.sum + r, least < V{} ? V{} + nan<F> : sum);
  }
  if (!scales_of(job, tile)) return;
  for (int c = 0; c < classes; ++c) {
    for (int r = 0; r < tile_rows; ++r) columns.at[c][r] *= tile.scale[r];
  }
  for (int r = 0; r < tile_rows; ++r) tile.own[r] *= tile.scale[r];
}

template <class F>
void count_confident(const Columns<F>& columns, int classes, const F* cuts, Tile<F>& tile) {
  using V = simd::Vector<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    auto count = simd::load(tile.label + r);
    count -= count;
    auto first = count;
    auto index = count + static_cast<unsigned>(classes);
    for (int c = classes; c-- > 0;) {
      index -= 1u;
      const auto is = simd::load(columns.at[c] + r) >= V{} + cuts[c];
      count = is ? count + 1u : count;
      first = is ? index : first;
    }
    store(tile.confident + r, count);
    store(tile.first_confident + r, first);
  }
}

template <class F>
F adjusted(const SurveyJob& job, F p, std::int64_t c) {
  return static_cast<F>((static_cast<double>(p) - job.offsets[c] + job.offset_base) / job.offset_sum);
}

template <class F>
void narrow_tile(const SurveyJob& job, std::int64_t first, int count, Columns<F>& columns, Tile<F>& tile) {
  const auto classes = static_cast<int>(job.rows.classes);
  const bool are_logits = job.rows.kind == InputKind::logits;
  const bool wants_logs = job.margin || job.bin;
  load_columns(job.rows, first, count, columns);
  if (are_logits) {
    if (wants_logs) {
      tops_of_columns(columns, classes, job.bin != nullptr, tile);
      margins_of(tile, true, job.bin != nullptr);
    }
    softmax_of_columns(columns, classes);
  }
  validate_columns(job.rows, columns, tile);
  if (job.offsets) {
    for (int c = 0; c < classes; ++c) {
      for (int r = 0; r < tile_rows; ++r) columns.at[c][r] = adjusted(job, columns.at[c][r], c);
    }
    for (int r = 0; r < tile_rows; ++r) tile.own[r] = columns.at[tile.label[r]][r];
  }
  if (job.wants_tops) tops_of_columns(columns, classes, job.bin && !are_logits, tile);
  if (wants_logs && !are_logits) margins_of(tile, false, job.bin != nullptr);
  if (job.cuts) count_confident(columns, classes, static_cast<const F*>(job.cuts), tile);
}

// ---- more classes: a class per lane, of as many rows at a time as a vector has lanes ----

template <class F>
constexpr int vectors_per_step = lanes / simd::width<F>;

// Combines entry i with entry i + n/2, and so on: the upper levels of a tree over 32 lanes that is the same at every
// width.
template <class V, int n, class Combine>
BURNISH_HD V fold(V (&of_lanes)[n], Combine combine) {
#pragma GCC unroll 4
  for (int half = n / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int j = 0; j < half; ++j) of_lanes[j] = combine(of_lanes[j], of_lanes[j + half]);
  }
  return of_lanes[0];
}

// And the lanes of what is left, of each row: R a vector of rows or, for one row, a scalar.
template <int rows, class V, class Combine>
BURNISH_HD auto reduce_rows(V (&of_rows)[rows], Combine combine) {
  if constexpr (rows == 1) {
    return simd::tree_reduce(of_rows[0], combine);
  } else {
    return simd::tree_reduce_each<rows>(of_rows, combine);
  }
}

// Calls each(j, first, values) for vectors of the row: its place j among the 32 lanes, where its first value stands,
// and its values, the last ones made up to a full vector with `fill`.
template <class F, class Each>
BURNISH_HD void for_vectors(const F* values, std::int64_t count, F fill, Each each) {
  constexpr int width = simd::width<F>;
  std::int64_t c = 0;
  for (; c + lanes <= count; c += lanes) {
#pragma GCC unroll 16
    for (int j = 0; j < vectors_per_step<F>; ++j) each(j, c + j * width, simd::load(values + c + j * width));
  }
#pragma GCC unroll 16
  for (int j = 0; j < vectors_per_step<F>; ++j) {
    const std::int64_t first = c + j * width;
    if (first + width <= count) {
      each(j, first, simd::load(values + first));
    } else if (first < count) {
      each(j, first, simd::load_partial(values + first, static_cast<int>(count - first), fill));
    }
  }
}

template <class F>
F largest(const F* values, std::int64_t count) {
  using V = simd::Vector<F>;
  V of_lanes[vectors_per_step<F>];
  for (V& lane : of_lanes) lane = V{} - infinity<F>;
  for_vectors(values, count, -infinity<F>,
              [&](int j, std::int64_t, V v) { of_lanes[j] = Lanes<V>::max(v, of_lanes[j]); });
  return simd::tree_reduce(fold(of_lanes, Lanes<V>::max), [](auto a, auto b) { return a > b ? a : b; });
}

// Sums, NaN where a value is negative or NaN.
template <int rows, class F>
BURNISH_HD void sums_of_rows(const F* const (&values)[rows], std::int64_t classes, F* sums) {
  using V = simd::Vector<F>;
  V sum[rows], least[rows];
  for (int row = 0; row < rows; ++row) {
    V sums_of_lanes[vectors_per_step<F>] = {};
    V least_of_lanes[vectors_per_step<F>] = {};
    for_vectors(values[row], classes, F{0}, [&](int j, std::int64_t, V v) {
      sums_of_lanes[j] += v;
      least_of_lanes[j] = Lanes<V>::min(v, least_of_lanes[j]);
    });
    sum[row] = fold(sums_of_lanes, [](V a, V b) { return a + b; });
    least[row] = fold(least_of_lanes, Lanes<V>::min);
  }
  const auto total = reduce_rows(sum, [](auto a, auto b) { return a + b; });
  const auto lowest = reduce_rows(least, [](auto a, auto b) { return a < b ? a : b; });
  store(sums, lowest < decltype(lowest){} ? decltype(total){} + nan<F> : total);
}

// The largest value that is not the label's, and the first class with it; -infinity and none where there is none. The
// rows that follow are fetched meanwhile.
template <int rows, class F>
BURNISH_HD void others_of_rows(const F* const (&values)[rows], std::int64_t classes, int r, Tile<F>& tile) {
  using V = simd::Vector<F>;
  using B = typename Lanes<V>::Bits;
  constexpr int vectors = vectors_per_step<F>;
  const V lowest = V{} - infinity<F>;
  const auto smaller = [](auto a, auto b) { return a < b ? a : b; };
  V other[rows];
  B rival[rows];
  for (int row = 0; row < rows; ++row) {
    const B label = B{} + tile.label[r + row];
    V others[vectors];
    B rivals[vectors];
    for (int j = 0; j < vectors; ++j) {
      others[j] = lowest;
      rivals[j] = B{} - 1u;
    }
    B index = simd::iota<B>();
    for_vectors(values[row], classes, -infinity<F>, [&](int j, std::int64_t first, V v) {
      __builtin_prefetch(values[row] + rows * classes + first);
      const V w = index == label ? lowest : v;
      rivals[j] = w > others[j] ? index : rivals[j];
      others[j] = Lanes<V>::max(w, others[j]);
      index += static_cast<unsigned>(simd::width<F>);
    });
#pragma GCC unroll 4
    for (int half = vectors / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
      for (int j = 0; j < half; ++j) {
        const V both = Lanes<V>::max(others[j], others[j + half]);
        const B none = B{} - 1u;
        rivals[j] = smaller(others[j] == both ? rivals[j] : none, others[j + half] == both ? rivals[j + half] : none);
        others[j] = both;
      }
    }
    other[row] = others[0];
    rival[row] = rivals[0];
  }
  V kept[rows];
  for (int row = 0; row < rows; ++row) kept[row] = other[row];
  const auto best = reduce_rows(other, [](auto a, auto b) { return a > b ? a : b; });
  store(tile.other + r, best);
  for (int row = 0; row < rows; ++row) rival[row] = kept[row] == V{} + tile.other[r + row] ? rival[row] : B{} - 1u;
  store(tile.rival + r, reduce_rows(rival, smaller));
}

// The largest two values of a row are the label's and its rival's, or the rival's and this.
template <class F>
F second_of_row(const F* values, std::int64_t classes, const Tile<F>& tile, int r) {
  if (tile.own[r] >= tile.other[r] || tile.rival[r] == Word<F>{} - 1u) return tile.other[r];
  const auto rival = static_cast<std::int64_t>(tile.rival[r]);
  return larger(largest(values, rival), largest(values + rival + 1, classes - rival - 1));
}

template <int rows, class F>
void tops_of_rows(const F* const (&values)[rows], std::int64_t classes, int r, bool wants_second, Tile<F>& tile) {
  others_of_rows(values, classes, r, tile);
  for (int row = 0; row < rows; ++row) {
    tile.own[r + row] = values[row][tile.label[r + row]];
    if (wants_second) tile.second[r + row] = second_of_row(values[row], classes, tile, r + row);
  }
}

// Rows from `first` on as contiguous F: where they lie, or in `buffers`, `classes` to a row.
template <int rows, class F>
void load_rows(const RowJob& job, std::int64_t first, F* buffers, const F* (&values)[rows]) {
  constexpr DType same = sizeof(F) == 4 ? DType::float32 : DType::float64;
  if (job.input_dtype == same && job.class_stride == 1) {
    for (int row = 0; row < rows; ++row)
      values[row] = static_cast<const F*>(job.input) + (first + row) * job.row_stride;
    return;
  }
  visit_float(job.input_dtype, [&]<class T>() {
    for (int row = 0; row < rows; ++row) {
      const T* from = static_cast<const T*>(job.input) + (first + row) * job.row_stride;
      F* to = buffers + row * job.classes;
      for (std::int64_t c = 0; c < job.classes; ++c) to[c] = static_cast<F>(widen(from[c * job.class_stride]));
      values[row] = to;
    }
  });
}

template <class F>
void softmax_of_row(const F* logits, std::int64_t classes, F* shares) {
  using V = simd::Vector<F>;
  using E = ExpTable<F>;
  const F base = largest(logits, classes);
  V of_lanes[vectors_per_step<F>] = {};
  for_vectors(logits, classes, -infinity<F>, [&](int j, std::int64_t first, V z) {
    const V weight = exp_fast(Lanes<V>::max(V{} + E::lowest, z - base));
    of_lanes[j] += weight;
    const std::int64_t left = classes - first;
    const auto count = static_cast<std::size_t>(left < simd::width<F> ? left : simd::width<F>);
    __builtin_memcpy(shares + first, &weight, count * sizeof(F));
  });
  const auto add = [](auto a, auto b) { return a + b; };
  const F sum = simd::tree_reduce(fold(of_lanes, add), add);
  for (std::int64_t c = 0; c < classes; ++c) shares[c] /= sum;
}

// Makes `values` probabilities, valid and of sum 1 unless the row is bad; what is not so where it lies goes to
// `buffers`, `classes` to a row.
template <int rows, class F>
void to_probabilities(const RowJob& job, const F* (&values)[rows], int r, F* buffers, Tile<F>& tile) {
  const std::int64_t classes = job.classes;
  if (job.kind == InputKind::logits) {
    for (int row = 0; row < rows; ++row) {
      softmax_of_row(values[row], classes, buffers + row * classes);
      values[row] = buffers + row * classes;
    }
  }
  sums_of_rows(values, classes, tile.sum + r);
  const auto tolerance = static_cast<F>(job.tolerance);
  const auto is_one = [tolerance](F sum) { return larger(sum - 1, 1 - sum) <= tolerance; };
  int ones = 0;
  for (int row = 0; row < rows; ++row) {
    tile.bad[r + row] = 0;
    ones += is_one(tile.sum[r + row]);
  }
  if (ones == rows) return;  // nearly always, and found without a branch for each row
  for (int row = 0; row < rows; ++row) {
    const F sum = tile.sum[r + row];
    const bool good = sum > 0 && sum < infinity<F>;
    tile.bad[r + row] = good ? 0 : ~Word<F>{};
    if (!good || is_one(sum)) continue;
    const F scale = F{1} / sum;
    F* scaled = buffers + row * classes;
    for (std::int64_t c = 0; c < classes; ++c) scaled[c] = values[row][c] * scale;
    values[row] = scaled;
  }
}

// How many classes the model is confident of, and which if it is one. Of no use but the first of them is the likeliest.
template <class F>
void confident_of_row(const F* values, std::int64_t classes, const F* cuts, F least_cut, int r, Tile<F>& tile) {
  using V = simd::Vector<F>;
  using B = typename Lanes<V>::Bits;
  const F own = tile.own[r];
  const F other = tile.other[r];
  const bool is_label = (own > other) | ((own == other) & (tile.label[r] < tile.rival[r]));
  const Word<F> prediction = is_label ? tile.label[r] : tile.rival[r];
  tile.confident[r] = 1;
  tile.first_confident[r] = prediction;
  const F top = larger(own, other);
  if (top >= cuts[prediction]) return;  // alone or not, it is the one that counts
  tile.confident[r] = 0;
  if (top < least_cut) return;
  B counts[vectors_per_step<F>] = {};
  B places[vectors_per_step<F>] = {};
  for_vectors(values, classes, -infinity<F>, [&](int j, std::int64_t first, V v) {
    const std::int64_t left = classes - first;
    const V cut = left >= simd::width<F> ? simd::load(cuts + first)
                                         : simd::load_partial(cuts + first, static_cast<int>(left), infinity<F>);
    const auto is = v >= cut;
    counts[j] = is ? counts[j] + 1u : counts[j];
    places[j] = is ? simd::iota<B>() + static_cast<Word<F>>(first) : places[j];
  });
  const auto add = [](auto a, auto b) { return a + b; };
  tile.confident[r] = simd::tree_reduce(fold(counts, add), add);
  tile.first_confident[r] = simd::tree_reduce(fold(places, add), add);  // the place itself if it is one
}

// Rows r.. of the tile, which starts with row `first` of the block.
template <int rows, class F>
void wide_rows(const SurveyJob& job, F least_cut, std::int64_t first, int r, F* buffers, Tile<F>& tile) {
  const std::int64_t classes = job.rows.classes;
  const bool are_logits = job.rows.kind == InputKind::logits;
  const F* values[rows];
  load_rows(job.rows, first + r, buffers, values);
  if (are_logits && (job.margin || job.bin)) {
    tops_of_rows(values, classes, r, job.bin != nullptr, tile);
    for (int i = r; i < r + rows; ++i) {
      tile.margin[i] = tile.own[i] - tile.other[i];
      tile.gap[i] = larger(tile.own[i], tile.other[i]) - tile.second[i];
    }
  }
  to_probabilities(job.rows, values, r, buffers, tile);
  if (job.offsets) {
    for (int row = 0; row < rows; ++row) {
      F* shifted = buffers + row * classes;
      for (std::int64_t c = 0; c < classes; ++c) shifted[c] = adjusted(job, values[row][c], c);
      values[row] = shifted;
    }
  }
  if (job.wants_tops) {
    tops_of_rows(values, classes, r, job.bin && !are_logits, tile);
  } else {
    for (int row = 0; row < rows; ++row) tile.own[r + row] = values[row][tile.label[r + row]];
  }
  if (!job.cuts) return;
  for (int row = 0; row < rows; ++row) {
    if (!tile.bad[r + row]) {
      confident_of_row(values[row], classes, static_cast<const F*>(job.cuts), least_cut, r + row, tile);
    }
  }
}

template <class F>
void wide_tile(const SurveyJob& job, F least_cut, std::int64_t first, int count, F* buffers, Tile<F>& tile) {
  int r = 0;
  if (job.rows.classes <= grouped_classes) {
    for (; r + simd::width<F> <= count; r += simd::width<F>) {
      wide_rows<simd::width<F>>(job, least_cut, first, r, buffers, tile);
    }
  }
  for (; r < count; ++r) wide_rows<1>(job, least_cut, first, r, buffers, tile);
  for (; r < tile_rows; ++r) tile.own[r] = tile.other[r] = tile.second[r] = 0;
  if (job.rows.kind != InputKind::logits && (job.margin || job.bin)) margins_of(tile, false, job.bin != nullptr);
}

// ---- results ----

template <class F>
std::int32_t bin_of(const SurveyJob& job, const Tile<F>& tile, int r) {
  const double place = static_cast<double>(tile.gap[r]) * job.bins_per_nat;
  const double last = static_cast<double>(job.bins - 1);
  const auto bin = static_cast<std::int32_t>(place < last ? (place > 0 ? place : 0.0) : last);  // NaN: infinity - same
  return 2 * bin + (tile.margin[r] < 0 ? 1 : 0);
}

// The class that the filters take a row for, and whether its label would be the prediction if its p were a little
// larger.
template <class F>
void judge_tile(const SurveyJob& job, Tile<F>& tile) {
  using V = simd::Vector<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    const auto label = simd::load(tile.label + r);
    const auto rival = simd::load(tile.rival + r);
    const auto bad = simd::load(tile.bad + r) != 0u;
    const V own = simd::load(tile.own + r);
    const V other = simd::load(tile.other + r);
    const V more = own + static_cast<F>(label_advantage);
    const auto is_first = label < rival;
    const auto agrees = ~bad & ((more > other) | ((more == other) & is_first));
    store(tile.agrees + r, agrees);
    if (!job.cuts) continue;
    const auto is_label = (own > other) | ((own == other) & is_first);
    const auto prediction = is_label ? label : rival;
    const auto confident = simd::load(tile.confident + r);
    const auto none = label - label - 1u;
    const auto single = confident == 1u ? simd::load(tile.first_confident + r) : none;
    const auto guess = confident > 1u ? prediction : single;
    store(tile.guess + r, bad ? none : guess);
  }
}

template <class F>
void write_tile(const SurveyJob& job, std::int64_t first, int count, const Tile<F>& tile) {
  const auto put = [&](void* to, const F* from) {
    if (!to) return;
    F* out = static_cast<F*>(to) + first;
    for (int r = 0; r < count; ++r) out[r] = tile.bad[r] ? nan<F> : from[r];
  };
  put(job.own, tile.own);
  put(job.other, tile.other);
  put(job.margin, tile.margin);
  if (job.rival) {
    for (int r = 0; r < count; ++r) job.rival[first + r] = tile.bad[r] ? -1 : static_cast<std::int32_t>(tile.rival[r]);
  }
  if (job.guess) {
    for (int r = 0; r < count; ++r) job.guess[first + r] = static_cast<std::int32_t>(tile.guess[r]);
  }
  if (job.bin) {
    for (int r = 0; r < count; ++r) job.bin[first + r] = tile.bad[r] ? -1 : bin_of(job, tile, r);
  }
  if (job.agrees) {
    for (int r = 0; r < count; ++r) job.agrees[first + r] = static_cast<std::uint8_t>(tile.agrees[r] & 1u);
  }
  if (job.valid) {
    for (int r = 0; r < count; ++r) job.valid[first + r] = static_cast<std::uint8_t>(~tile.bad[r] & 1u);
  }
}

template <class F>
void survey_tiles(const SurveyJob& job, std::int64_t first, std::int64_t last, F* workspace) {
  Tile<F> tile{};
  Columns<F> columns{};
  const F* cuts = static_cast<const F*>(job.cuts);
  F least_cut = infinity<F>;
  for (std::int64_t c = 0; cuts && c < job.rows.classes; ++c) least_cut = cuts[c] < least_cut ? cuts[c] : least_cut;
  for (std::int64_t row = first; row < last; row += tile_rows) {
    const int count = last - row < tile_rows ? static_cast<int>(last - row) : tile_rows;
    read_labels(job.rows, row, count, tile);
    if (job.rows.classes <= narrow_classes) {
      narrow_tile(job, row, count, columns, tile);
    } else {
      wide_tile(job, least_cut, row, count, workspace, tile);
    }
    if (job.agrees || job.cuts) judge_tile(job, tile);
    write_tile(job, row, count, tile);
  }
}

// ---- candidates ----

template <class F>
void collect_row(const CollectJob& job, const F* values, std::int64_t row, std::int64_t label, Taker take) {
  const std::int64_t classes = job.rows.classes;
  const F* cutoffs = static_cast<const F*>(job.cutoffs) + label * classes;
  const F own = values[label];
  Candidate found[lanes];
  for (std::int64_t c = 0; c < classes; c += lanes) {
    const std::int64_t end = classes - c < lanes ? classes : c + lanes;
    std::int32_t any = 0;
    for (std::int64_t k = c; k < end; ++k) any |= values[k] - own > cutoffs[k];
    if (!any) continue;
    int count = 0;  // each is written, and stays if it counts: no branch that half the classes would take
    for (std::int64_t k = c; k < end; ++k) {
      const F value = values[k] - own;
      found[count] = {static_cast<double>(value), row, label * classes + k};
      count += value > cutoffs[k];
    }
    take.call(take.object, found, count);
  }
  if (-own > static_cast<const F*>(job.diagonal)[label]) {
    found[0] = {static_cast<double>(-own), row, label * classes + label};
    take.call(take.object, found, 1);
  }
}

// Calls each(values, row, label) with the probabilities of the rows that have some.
template <class F, class Each>
void for_probabilities(const RowJob& job, std::int64_t first, std::int64_t last, F* workspace, Each each) {
  Tile<F> tile{};
  Columns<F> columns{};
  F of_row[narrow_classes];
  const std::int64_t classes = job.classes;
  const bool narrow = classes <= narrow_classes;
  constexpr DType same = sizeof(F) == 4 ? DType::float32 : DType::float64;
  const bool in_place = job.input_dtype == same && job.class_stride == 1 && job.kind == InputKind::probabilities;
  for (std::int64_t row = first; row < last; row += tile_rows) {
    const int count = last - row < tile_rows ? static_cast<int>(last - row) : tile_rows;
    read_labels(job, row, count, tile);
    if (narrow) {
      load_columns(job, row, count, columns);
      if (job.kind == InputKind::logits) softmax_of_columns(columns, static_cast<int>(classes));
      validate_columns(job, columns, tile);
    }
    for (int r = 0; r < count; ++r) {
      const F* values = of_row;
      if (narrow) {
        if (in_place && tile.scale[r] == 1) {
          values = static_cast<const F*>(job.input) + (row + r) * job.row_stride;
        } else {
          for (int c = 0; c < classes; ++c) of_row[c] = columns.at[c][r];
        }
      } else {
        const F* one[1];
        load_rows(job, row + r, workspace, one);
        to_probabilities(job, one, r, workspace, tile);
        values = one[0];
      }
      if (!tile.bad[r]) each(values, row + r, static_cast<std::int64_t>(tile.label[r]));
    }
  }
}

}  // namespace

template <>
void survey_rows<Isa::BURNISH_ISA>(const SurveyJob& job, std::int64_t first, std::int64_t last, void* workspace) {
  visit_native_float(job.rows.compute,
                     [&]<class F>() { survey_tiles<F>(job, first, last, static_cast<F*>(workspace)); });
}

template <>
void collect_rows<Isa::BURNISH_ISA>(const CollectJob& job, std::int64_t first, std::int64_t last, void* workspace,
                                    Taker take) {
  visit_native_float(job.rows.compute, [&]<class F>() {
    for_probabilities<F>(
        job.rows, first, last, static_cast<F*>(workspace),
        [&](const F* values, std::int64_t row, std::int64_t label) { collect_row(job, values, row, label, take); });
  });
}

template <>
void hand_rows<Isa::BURNISH_ISA>(const RowJob& job, std::int64_t first, std::int64_t last, void* workspace,
                                 RowTaker take) {
  visit_native_float(job.compute, [&]<class F>() {
    for_probabilities<F>(
        job, first, last, static_cast<F*>(workspace),
        [&](const F* values, std::int64_t, std::int64_t label) { take.call(take.object, values, label); });
  });
}

}  // namespace burnish::quality
