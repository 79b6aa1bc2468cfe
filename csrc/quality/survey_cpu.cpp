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

// Of the 64 rows of a tile. `before` and `after` are the largest p of the classes before and after the label's.
template <class F>
struct Tile {
  alignas(64) F sum[tile_rows], own[tile_rows], before[tile_rows], after[tile_rows], second[tile_rows];
  alignas(64) F margin[tile_rows], gap[tile_rows], scale[tile_rows];
  alignas(64) Word<F> label[tile_rows], rival[tile_rows], confident[tile_rows], first_confident[tile_rows];
  alignas(64) Word<F> bad[tile_rows];
};

template <class F>
void read_labels(const RowJob& job, std::int64_t first, int count, Tile<F>& tile) {
  visit_integer(job.label_dtype, [&]<class T>() {
    const T* labels = static_cast<const T*>(job.labels);
    for (int r = 0; r < tile_rows; ++r) {
      tile.label[r] = r < count ? static_cast<Word<F>>(labels[(first + r) * job.label_stride]) : 0;
    }
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

// p of the labels alone.
template <class F>
void own_of_columns(const Columns<F>& columns, Tile<F>& tile) {
  for (int r = 0; r < tile_rows; ++r) tile.own[r] = columns.at[tile.label[r]][r];
}

template <class F>
void tops_of_columns(const Columns<F>& columns, int classes, Tile<F>& tile) {
  using V = simd::Vector<F>;
  using L = Lanes<V>;
  const V lowest = V{} - infinity<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    const auto label = simd::load(tile.label + r);
    auto rival = label - label - 1u;
    auto index = label - label;
    V own = lowest, before = lowest, after = lowest, second = lowest, other = lowest, top = lowest;
    for (int c = 0; c < classes; ++c) {
      const V v = simd::load(columns.at[c] + r);
      const auto is_label = label == index;
      const V w = is_label ? lowest : v;
      own = is_label ? v : own;
      rival = w > other ? index : rival;
      other = L::max(w, other);
      before = is_label ? other : before;
      after = L::max(index > label ? v : lowest, after);
      second = L::max(L::min(v, top), second);
      top = L::max(v, top);
      index += 1u;
    }
    store(tile.own + r, own);
    store(tile.before + r, before);
    store(tile.after + r, after);
    store(tile.second + r, second);
    store(tile.rival + r, rival);
  }
}

template <class F>
void margins_of(Tile<F>& tile, bool are_logits, bool wants_gap) {
  using V = simd::Vector<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    const V own = simd::load(tile.own + r);
    const V other = Lanes<V>::max(simd::load(tile.before + r), simd::load(tile.after + r));
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

// Rows that do not sum to 1 are divided by their sum; which rows cannot be is noted.
template <class F>
bool scales_of(const RowJob& job, Tile<F>& tile) {
  const F tolerance = static_cast<F>(job.tolerance);
  bool any = false;
  for (int r = 0; r < tile_rows; ++r) {
    const F sum = tile.sum[r];
    tile.bad[r] = !(sum > 0) || !(sum < infinity<F>);
    const F off = sum > 1 ? sum - 1 : 1 - sum;
    tile.scale[r] = off <= tolerance || tile.bad[r] ? F{1} : F{1} / sum;
    any |= tile.scale[r] != 1;
  }
  return any;
}

template <class F>
void validate_columns(const RowJob& job, Columns<F>& columns, Tile<F>& tile) {
  const auto classes = static_cast<int>(job.classes);
  using V = simd::Vector<F>;
  for (int r = 0; r < tile_rows; r += simd::width<F>) {
    V sum{};
    V least{};  // NaN where a value is negative or NaN
    for (int c = 0; c < classes; ++c) {
      const V v = simd::load(columns.at[c] + r);
      sum += v;
      least = v >= V{} ? least : V{} + nan<F>;
    }
    store(tile.sum + r, sum + least);
  }
  if (!scales_of(job, tile)) return;
  for (int c = 0; c < classes; ++c) {
    for (int r = 0; r < tile_rows; ++r) columns.at[c][r] *= tile.scale[r];
  }
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
      tops_of_columns(columns, classes, tile);
      margins_of(tile, true, job.bin != nullptr);
    }
    softmax_of_columns(columns, classes);
  }
  validate_columns(job.rows, columns, tile);
  if (job.offsets) {
    for (int c = 0; c < classes; ++c) {
      for (int r = 0; r < tile_rows; ++r) columns.at[c][r] = adjusted(job, columns.at[c][r], c);
    }
  }
  if (job.wants_tops) {
    tops_of_columns(columns, classes, tile);
  } else {
    own_of_columns(columns, tile);
  }
  if (wants_logs && !are_logits) margins_of(tile, false, job.bin != nullptr);
  if (job.cuts) count_confident(columns, classes, static_cast<const F*>(job.cuts), tile);
}

// ---- more classes: a row at a time ----

template <class F>
constexpr int vectors_per_step = lanes / simd::width<F>;

// Combines entry i with entry i + n/2, and so on, and then the lanes of what is left: a tree over 32 lanes that is the
// same at every width.
template <class V, int n, class Each, class Combine>
auto fold(V (&of_lanes)[n], Each each, Combine combine) {
  for (int half = n / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j) of_lanes[j] = each(of_lanes[j], of_lanes[j + half]);
  }
  return simd::tree_reduce(of_lanes[0], combine);
}

// Calls each(j, first, values) for vectors of the row: its place j among the 32 lanes, where its first value stands,
// and its values, the last ones made up to a full vector with `fill`.
template <class F, class Each>
BURNISH_HD void for_vectors(const F* values, std::int64_t count, F fill, Each each) {
  constexpr int width = simd::width<F>;
  std::int64_t c = 0;
  for (; c + lanes <= count; c += lanes) {
    for (int j = 0; j < vectors_per_step<F>; ++j) each(j, c + j * width, simd::load(values + c + j * width));
  }
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
  return fold(of_lanes, Lanes<V>::max, [](auto a, auto b) { return a > b ? a : b; });
}

// NaN where a value is negative or NaN.
template <class F>
F sum_of(const F* values, std::int64_t count) {
  using V = simd::Vector<F>;
  V of_lanes[vectors_per_step<F>] = {};
  V least[vectors_per_step<F>] = {};
  for_vectors(values, count, F{0}, [&](int j, std::int64_t, V v) {
    of_lanes[j] += v;
    least[j] = v >= V{} ? least[j] : V{} + nan<F>;
  });
  const auto add = [](auto a, auto b) { return a + b; };
  return fold(of_lanes, add, add) + fold(least, add, add);
}

// The first place of a value that is there.
template <class F>
std::int64_t place_of(const F* values, std::int64_t count, F wanted) {
  using V = simd::Vector<F>;
  constexpr int width = simd::width<F>;
  std::int64_t c = 0;
  for (; c + width <= count; c += width) {
    const auto hits = simd::load(values + c) == V{} + wanted;
    if (simd::tree_reduce(hits, [](auto a, auto b) { return a | b; }) != 0) break;
  }
  while (!(values[c] == wanted)) ++c;
  return c;
}

template <class F>
void tops_of_row(const F* values, std::int64_t classes, int r, bool wants_gap, Tile<F>& tile) {
  const auto label = static_cast<std::int64_t>(tile.label[r]);
  tile.own[r] = values[label];
  tile.before[r] = largest(values, label);
  tile.after[r] = largest(values + label + 1, classes - label - 1);
  const F other = larger(tile.before[r], tile.after[r]);
  std::int64_t rival = -1;
  if (other > -infinity<F>) {
    rival = tile.before[r] == other ? place_of(values, label, other)
                                    : label + 1 + place_of(values + label + 1, classes - label - 1, other);
  }
  tile.rival[r] = static_cast<Word<F>>(rival);
  if (!wants_gap) return;
  if (tile.own[r] >= other || rival < 0) {
    tile.second[r] = other;
  } else {
    tile.second[r] = larger(largest(values, rival), largest(values + rival + 1, classes - rival - 1));
  }
}

// The row as contiguous F: where it lies, or in `buffer`.
template <class F>
const F* load_row(const RowJob& job, std::int64_t row, F* buffer) {
  constexpr DType same = sizeof(F) == 4 ? DType::float32 : DType::float64;
  if (job.input_dtype == same && job.class_stride == 1) {
    return static_cast<const F*>(job.input) + row * job.row_stride;
  }
  visit_float(job.input_dtype, [&]<class T>() {
    const T* from = static_cast<const T*>(job.input) + row * job.row_stride;
    for (std::int64_t c = 0; c < job.classes; ++c) buffer[c] = static_cast<F>(widen(from[c * job.class_stride]));
  });
  return buffer;
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
  const F sum = fold(of_lanes, add, add);
  for (std::int64_t c = 0; c < classes; ++c) shares[c] /= sum;
}

// Probabilities of one row, valid and of sum 1, or bad.
template <class F>
const F* probabilities(const RowJob& job, const F* values, int r, F* buffer, Tile<F>& tile) {
  if (job.kind == InputKind::logits) {
    softmax_of_row(values, job.classes, buffer);
    values = buffer;
  }
  const F sum = sum_of(values, job.classes);
  tile.bad[r] = !(sum > 0) || !(sum < infinity<F>);
  const F off = sum > 1 ? sum - 1 : 1 - sum;
  if (tile.bad[r] || off <= static_cast<F>(job.tolerance)) return values;
  const F scale = F{1} / sum;
  for (std::int64_t c = 0; c < job.classes; ++c) buffer[c] = values[c] * scale;
  return buffer;
}

template <class F>
void confident_of_row(const F* values, std::int64_t classes, const F* cuts, int r, Tile<F>& tile) {
  using V = simd::Vector<F>;
  decltype(V{} >= V{}) of_lanes[vectors_per_step<F>] = {};
  for_vectors(values, classes, -infinity<F>, [&](int j, std::int64_t first, V v) {
    const std::int64_t left = classes - first;
    const V cut = left >= simd::width<F> ? simd::load(cuts + first)
                                         : simd::load_partial(cuts + first, static_cast<int>(left), infinity<F>);
    of_lanes[j] -= v >= cut;
  });
  const auto add = [](auto a, auto b) { return a + b; };
  const auto count = fold(of_lanes, add, add);
  tile.confident[r] = static_cast<Word<F>>(count);
  tile.first_confident[r] = 0;
  if (count != 1) return;
  std::int64_t first = 0;
  while (!(values[first] >= cuts[first])) ++first;
  tile.first_confident[r] = static_cast<Word<F>>(first);
}

template <class F>
void wide_tile(const SurveyJob& job, std::int64_t first, int count, F* buffer, Tile<F>& tile) {
  const std::int64_t classes = job.rows.classes;
  const bool are_logits = job.rows.kind == InputKind::logits;
  for (int r = 0; r < count; ++r) {
    const F* values = load_row(job.rows, first + r, buffer);
    F margin = 0;
    F gap = 0;
    if (are_logits && (job.margin || job.bin)) {
      tops_of_row(values, classes, r, job.bin != nullptr, tile);
      const F other = larger(tile.before[r], tile.after[r]);
      margin = tile.own[r] - other;
      gap = larger(tile.own[r], other) - tile.second[r];
    }
    values = probabilities(job.rows, values, r, buffer, tile);
    if (tile.bad[r]) {
      tile.own[r] = tile.before[r] = tile.after[r] = tile.second[r] = 0;
      tile.rival[r] = tile.confident[r] = tile.first_confident[r] = 0;
    } else {
      if (job.offsets) {
        for (std::int64_t c = 0; c < classes; ++c) buffer[c] = adjusted(job, values[c], c);
        values = buffer;
      }
      tile.own[r] = values[tile.label[r]];
      if (job.wants_tops) tops_of_row(values, classes, r, job.bin && !are_logits, tile);
      if (job.cuts) confident_of_row(values, classes, static_cast<const F*>(job.cuts), r, tile);
    }
    if (are_logits) {
      tile.margin[r] = margin;
      tile.gap[r] = gap;
    }
  }
  for (int r = count; r < tile_rows; ++r) tile.own[r] = tile.before[r] = tile.after[r] = tile.second[r] = 0;
  if (!are_logits && (job.margin || job.bin)) margins_of(tile, false, job.bin != nullptr);
}

// ---- results ----

template <class F>
std::int32_t bin_of(const SurveyJob& job, const Tile<F>& tile, int r) {
  const double place = static_cast<double>(tile.gap[r]) * job.bins_per_nat;
  const double last = static_cast<double>(job.bins - 1);
  const auto bin = static_cast<std::int32_t>(place < last ? (place > 0 ? place : 0.0) : last);  // NaN: infinity - same
  return 2 * bin + (tile.margin[r] < 0 ? 1 : 0);
}

template <class F>
void write_tile(const SurveyJob& job, std::int64_t first, int count, const Tile<F>& tile) {
  const auto put = [&](void* to, auto of_row, F undefined) {
    if (!to) return;
    F* out = static_cast<F*>(to) + first;
    for (int r = 0; r < count; ++r) out[r] = tile.bad[r] ? undefined : of_row(r);
  };
  const auto other = [&](int r) { return larger(tile.before[r], tile.after[r]); };
  put(job.own, [&](int r) { return tile.own[r]; }, nan<F>);
  put(job.other, other, nan<F>);
  put(job.margin, [&](int r) { return tile.margin[r]; }, nan<F>);
  const auto put_index = [&](std::int32_t* to, auto of_row) {
    if (!to) return;
    for (int r = 0; r < count; ++r) to[first + r] = tile.bad[r] ? -1 : of_row(r);
  };
  put_index(job.rival, [&](int r) { return static_cast<std::int32_t>(tile.rival[r]); });
  put_index(job.guess, [&](int r) {
    const auto label = static_cast<std::int32_t>(tile.label[r]);
    const auto rival = static_cast<std::int32_t>(tile.rival[r]);
    const F best = other(r);
    const bool is_label = tile.own[r] > best || (tile.own[r] == best && label < rival);
    const std::int32_t prediction = is_label ? label : rival;
    const auto single = static_cast<std::int32_t>(tile.first_confident[r]);
    return tile.confident[r] > 1 ? prediction : tile.confident[r] == 1 ? single : -1;
  });
  put_index(job.bin, [&](int r) { return bin_of(job, tile, r); });
  if (job.agrees) {
    for (int r = 0; r < count; ++r) {
      const F own = tile.own[r] + static_cast<F>(label_advantage);
      job.agrees[first + r] = !tile.bad[r] && own > tile.before[r] && own >= tile.after[r];
    }
  }
  if (job.valid) {
    for (int r = 0; r < count; ++r) job.valid[first + r] = !tile.bad[r];
  }
}

template <class F>
void survey_tiles(const SurveyJob& job, std::int64_t first, std::int64_t last, F* workspace) {
  Tile<F> tile{};
  Columns<F> columns{};
  for (std::int64_t row = first; row < last; row += tile_rows) {
    const int count = last - row < tile_rows ? static_cast<int>(last - row) : tile_rows;
    read_labels(job.rows, row, count, tile);
    if (job.rows.classes <= narrow_classes) {
      narrow_tile(job, row, count, columns, tile);
    } else {
      wide_tile(job, row, count, workspace, tile);
    }
    write_tile(job, row, count, tile);
  }
}

// ---- candidates ----

template <class F>
void collect_row(const CollectJob& job, const F* values, std::int64_t row, std::int64_t label, Taker take) {
  const std::int64_t classes = job.rows.classes;
  const F* cutoffs = static_cast<const F*>(job.cutoffs) + label * classes;
  const F own = values[label];
  const auto give = [&](std::int64_t c, F value) {
    take.call(take.object, Candidate{static_cast<double>(value), row, label * classes + c});
  };
  for (std::int64_t c = 0; c < classes; c += lanes) {
    const std::int64_t end = classes - c < lanes ? classes : c + lanes;
    std::int32_t any = 0;
    for (std::int64_t k = c; k < end; ++k) any |= values[k] - own > cutoffs[k];
    if (!any) continue;
    for (std::int64_t k = c; k < end; ++k) {
      if (values[k] - own > cutoffs[k]) give(k, values[k] - own);
    }
  }
  if (-own > static_cast<const F*>(job.diagonal)[label]) give(label, -own);
}

template <class F>
void collect_tiles(const CollectJob& job, std::int64_t first, std::int64_t last, F* workspace, Taker take) {
  Tile<F> tile{};
  Columns<F> columns{};
  F of_row[narrow_classes];
  const std::int64_t classes = job.rows.classes;
  const bool narrow = classes <= narrow_classes;
  constexpr DType same = sizeof(F) == 4 ? DType::float32 : DType::float64;
  const bool in_place =
      job.rows.input_dtype == same && job.rows.class_stride == 1 && job.rows.kind == InputKind::probabilities;
  for (std::int64_t row = first; row < last; row += tile_rows) {
    const int count = last - row < tile_rows ? static_cast<int>(last - row) : tile_rows;
    read_labels(job.rows, row, count, tile);
    if (narrow) {
      load_columns(job.rows, row, count, columns);
      if (job.rows.kind == InputKind::logits) softmax_of_columns(columns, static_cast<int>(classes));
      validate_columns(job.rows, columns, tile);
    }
    for (int r = 0; r < count; ++r) {
      const F* values = of_row;
      if (narrow) {
        if (in_place && tile.scale[r] == 1) {
          values = static_cast<const F*>(job.rows.input) + (row + r) * job.rows.row_stride;
        } else {
          for (int c = 0; c < classes; ++c) of_row[c] = columns.at[c][r];
        }
      } else {
        values = probabilities(job.rows, load_row(job.rows, row + r, workspace), r, workspace, tile);
      }
      if (!tile.bad[r]) collect_row(job, values, row + r, static_cast<std::int64_t>(tile.label[r]), take);
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
  visit_native_float(job.rows.compute,
                     [&]<class F>() { collect_tiles<F>(job, first, last, static_cast<F*>(workspace), take); });
}

}  // namespace burnish::quality
