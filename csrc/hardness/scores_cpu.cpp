// SPDX-License-Identifier: Apache-2.0
// logits (n, c) -> scores (n,), compiled once per instruction set level. A tile of 64 rows is scored at a time: first
// the statistics of every row, then, vectorised over the rows, every requested score.
#include <type_traits>

#include "core/columns.hpp"
#include "core/simd.hpp"
#include "core/stream.hpp"
#include "core/vector_memory.hpp"
#include "core/visit.hpp"
#include "hardness/scores.hpp"
#include "hardness/scores_math.hpp"

namespace burnish::hardness {
namespace {

constexpr int tile_rows = 64;
// Rows of up to this many classes are scored in groups; a group of longer ones would not stay in the L1 cache.
constexpr int grouped_classes = 384;

int at_most(int limit, std::int64_t n) { return n < limit ? static_cast<int>(n) : limit; }

template <class F>
using Bits = typename Lanes<F>::Bits;

// Copies `count` values that lie `stride` apart, divided by the temperature.
template <class T, class F>
void pack_run(const T* from, std::int64_t stride, std::int64_t count, F temperature, F* to, std::int64_t to_stride) {
  if (stride == 1 && to_stride == 1 && temperature == 1) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<F>(widen(from[i]));
  } else if (stride == 1 && to_stride == 1) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<F>(widen(from[i])) / temperature;
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i * to_stride] = static_cast<F>(widen(from[i * stride])) / temperature;
    }
  }
}

// The input as rows of F. What is not stored so is converted into a buffer, a few rows or one chunk at a time.
template <class F>
class Source {
 public:
  explicit Source(const ScoreJob& job) : job_(job) {
    constexpr DType same = sizeof(F) == 4 ? DType::float32 : DType::float64;
    direct_ = job.input_dtype == same && job.class_stride == 1 && job.temperature == 1.0;
  }

  // Classes first..first+count of one row, contiguous.
  const F* chunk(std::int64_t row, std::int64_t first, int count) {
    if (direct_) return static_cast<const F*>(job_.input) + row * job_.row_stride + first;
    visit_float(job_.input_dtype, [&]<class T>() {
      const T* from = static_cast<const T*>(job_.input) + row * job_.row_stride + first * job_.class_stride;
      pack_run(from, job_.class_stride, count, static_cast<F>(job_.temperature), buffer_, 1);
    });
    return buffer_;
  }

  struct Rows {
    const F* data;
    std::int64_t stride;
  };

  // `count` rows that fit the buffer. `as_columns` says that they will be read by load_columns: as many as fill its
  // vectors, and up to `slack` values past the end of each.
  Rows rows(std::int64_t first, int count, bool as_columns) {
    // What lies between the rows or behind the last one is not ours to read.
    const bool whole_quadruples = job_.classes % 4 == 0;
    const bool enough_follows = job_.row_stride == job_.classes && (job_.rows - first - count) * job_.classes >= slack;
    const bool readable_as_columns = count % simd::width<F> == 0 && (whole_quadruples || enough_follows);
    if (direct_ && (!as_columns || readable_as_columns)) {
      return {static_cast<const F*>(job_.input) + first * job_.row_stride, job_.row_stride};
    }
    visit_float(job_.input_dtype, [&]<class T>() {
      const T* from = static_cast<const T*>(job_.input) + first * job_.row_stride;
      const F temperature = static_cast<F>(job_.temperature);
      const std::int64_t classes = job_.classes;
      if (job_.class_stride == 1 && job_.row_stride == classes) {
        pack_run(from, 1, count * classes, temperature, buffer_, 1);
      } else if (job_.class_stride == 1) {
        for (int r = 0; r < count; ++r) {
          pack_run(from + r * job_.row_stride, 1, classes, temperature, buffer_ + r * classes, 1);
        }
      } else {
        for (std::int64_t c = 0; c < classes; ++c) {
          pack_run(from + c * job_.class_stride, job_.row_stride, count, temperature, buffer_ + c, classes);
        }
      }
    });
    return {buffer_, job_.classes};
  }

 private:
  static constexpr int slack = 3;
  static constexpr int narrow_size = tile_rows * narrow_classes + slack;
  static constexpr int grouped_size = simd::width<F> * grouped_classes;
  static constexpr int buffer_size = narrow_size > grouped_size ? narrow_size : grouped_size;
  static_assert(buffer_size >= chunk_classes);

  const ScoreJob& job_;
  bool direct_;
  alignas(64) F buffer_[buffer_size] = {};
};

// Statistics of the rows of a tile, one array per quantity.
template <class F>
struct TileStats {
  alignas(64) F largest[tile_rows], second[tile_rows];
  alignas(64) F sum[tile_rows], weighted[tile_rows], other_sum[tile_rows], other_squares[tile_rows];
  alignas(64) Bits<F> argmax[tile_rows], above[tile_rows];
  alignas(64) Bits<F> label[tile_rows];
  alignas(64) F label_value[tile_rows];
};

template <class V, class F>
BURNISH_HD Label<V> load_label(const TileStats<F>& tile, int row) {
  return {load_as<typename Lanes<V>::Bits>(tile.label + row), load_as<V>(tile.label_value + row)};
}

template <class V, class F>
BURNISH_HD RowStats<V> load_stats(const TileStats<F>& tile, int row) {
  using B = typename Lanes<V>::Bits;
  return {{load_as<V>(tile.largest + row), load_as<V>(tile.second + row), load_as<B>(tile.argmax + row)},
          {load_as<V>(tile.sum + row), load_as<V>(tile.weighted + row), load_as<V>(tile.other_sum + row),
           load_as<V>(tile.other_squares + row)},
          load_as<B>(tile.above + row)};
}

// V a vector of rows or, for one row, the scalar F.
template <class V, class F>
BURNISH_HD void store_stats(TileStats<F>& tile, int row, const RowStats<V>& stats) {
  const auto put = [row](auto* to, const auto& value) { __builtin_memcpy(to + row, &value, sizeof value); };
  put(tile.largest, stats.tops.largest);
  put(tile.second, stats.tops.second);
  put(tile.argmax, stats.tops.argmax);
  put(tile.sum, stats.sums.sum);
  put(tile.weighted, stats.sums.weighted);
  put(tile.other_sum, stats.sums.other_sum);
  put(tile.other_squares, stats.sums.other_squares);
  put(tile.above, stats.above);
}

// ---- rows of at most 32 classes: a row per lane ----

template <InputKind kind, Level level, class F>
void narrow_tile(const F* rows, std::int64_t stride, int count, int classes, TileStats<F>& tile) {
  using V = simd::Vector<F>;
  constexpr int width = simd::width<F>;
  constexpr int vectors = tile_rows / width;
  V columns[vectors][narrow_classes];
  const auto label_of = [&tile](int r) { return level >= Level::labels ? load_label<V>(tile, r) : Label<V>{}; };
  for (int i = 0; i * width < count; ++i) {
    simd::load_columns(rows + i * width * stride, stride, classes, columns[i]);
    RowStats<V> stats;
    narrow_tops<kind, level>(stats, [&](int c) { return columns[i][c]; }, classes, label_of(i * width));
    store_stats(tile, i * width, stats);
  }
  for (int i = 0; i * width < count; ++i) {
    RowStats<V> stats = load_stats<V>(tile, i * width);
    narrow_sums<kind, level>(stats, [&](int c) { return columns[i][c]; }, classes, label_of(i * width));
    store_stats(tile, i * width, stats);
  }
}

// ---- rows of more classes: a class per lane ----

template <class F>
constexpr int vectors_per_step = lane_count / simd::width<F>;

// Combines entry i with entry i + n/2, and so on: the upper levels of the tree over 32 lanes in n vectors.
template <class V, int n, class F>
BURNISH_HD V fold(V (&lanes)[n], F combine) {
#pragma GCC unroll 4
  for (int half = n / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int j = 0; j < half; ++j) lanes[j] = combine(lanes[j], lanes[j + half]);
  }
  return lanes[0];
}

// Calls each(j, first, values) for each vector of the chunk: its place j among the 32 lanes, the class of its first
// value, and its values, the last ones made up to a full vector with `fill`.
template <class F, class Each>
BURNISH_HD void for_vectors(const F* values, int count, F fill, Each each) {
  constexpr int width = simd::width<F>;
  constexpr int vectors = vectors_per_step<F>;
  int c = 0;
  for (; c + lane_count <= count; c += lane_count) {
#pragma GCC unroll 16
    for (int j = 0; j < vectors; ++j) each(j, c + j * width, simd::load(values + c + j * width));
  }
#pragma GCC unroll 16
  for (int j = 0; j < vectors; ++j) {
    const int first = c + j * width;
    if (first + width <= count) {
      each(j, first, simd::load(values + first));
    } else if (first < count) {
      each(j, first, simd::load_partial(values + first, count - first, fill));
    }
  }
}

// Folds the 32 lanes of each of `rows` rows, which come folded into one vector each: V for a vector of rows, a scalar
// for a single one.
template <int rows, class V, class F>
BURNISH_HD auto reduce_rows(V (&lanes)[rows], F combine) {
  if constexpr (rows == 1) {
    return simd::tree_reduce(lanes[0], combine);
  } else {
    return simd::tree_reduce_each<rows>(lanes, combine);
  }
}

// Statistics of one chunk, from class `first_class` on, of `rows` rows: one row, or as many as a vector has lanes,
// which then share the work of folding lanes. R is the scalar F or a vector of rows. What is to be read next lies
// `prefetch` values further on; fetching it while exponentials are computed lets memory and arithmetic overlap.
template <InputKind kind, Level level, int rows, class R, class F>
BURNISH_HD RowStats<R> chunk_stats(const F* const (&values)[rows], int count, Bits<F> first_class,
                                   const Label<R>& labels, std::int64_t prefetch) {
  using V = simd::Vector<F>;
  using B = typename Lanes<V>::Bits;
  constexpr int vectors = vectors_per_step<F>;
  const auto larger = [](auto a, auto b) { return a > b ? a : b; };
  const auto smaller = [](auto a, auto b) { return a < b ? a : b; };
  const auto add = [](auto a, auto b) { return a + b; };
  const auto of_row = [](const auto& r, int row) {
    if constexpr (rows == 1) {
      return r;
    } else {
      return r[row];
    }
  };

  R largest{};
  if constexpr (has_largest(kind, level)) {
    V lanes[rows];
    for (int row = 0; row < rows; ++row) {
      V of_lanes[vectors];
      for (V& v : of_lanes) v = V{} - infinity<V>();
      for_vectors(values[row], count, -infinity<F>(),
                  [&](int j, int, V v) { of_lanes[j] = Lanes<V>::max(v, of_lanes[j]); });
      lanes[row] = fold(of_lanes, Lanes<V>::max);
    }
    largest = reduce_rows(lanes, larger);
  }

  V sum[rows], weighted[rows], other_sum[rows], other_squares[rows], below[rows];
  B first[rows], times[rows], above[rows];
  for (int row = 0; row < rows; ++row) {
    const V row_largest = V{} + of_row(largest, row);
    const Label<V> label{B{} + of_row(labels.index, row), V{} + of_row(labels.value, row)};
    LaneStats<V> lanes[vectors];
    for_vectors(values[row], count, padding<kind, F>(), [&](int j, int first, V v) {
      __builtin_prefetch(values[row] + first + prefetch);
      const B index = simd::iota<B>() + (first_class + static_cast<unsigned>(first));
      add_to_lane<kind, level>(lanes[j], v, row_largest, index, label);
    });
    const LaneStats<V> folded = fold(lanes, add_lanes<level, V>);
    sum[row] = folded.sums.sum;
    weighted[row] = folded.sums.weighted;
    other_sum[row] = folded.sums.other_sum;
    other_squares[row] = folded.sums.other_squares;
    below[row] = folded.below;
    first[row] = folded.first;
    times[row] = folded.times;
    above[row] = folded.above;
  }
  LaneStats<R> total;
  total.sums.sum = reduce_rows(sum, add);
  if constexpr (kind != InputKind::sigmoid_logits) total.sums.weighted = reduce_rows(weighted, add);
  if constexpr (has_tops(level)) {
    total.below = reduce_rows(below, larger);
    total.first = reduce_rows(first, smaller);
    total.times = reduce_rows(times, add);
  }
  if constexpr (level >= Level::labels) {
    total.sums.other_sum = reduce_rows(other_sum, add);
    total.sums.other_squares = reduce_rows(other_squares, add);
    total.above = reduce_rows(above, add);
  }
  return chunk_of_lanes(total, largest);
}

// Rows that fit a chunk, as many at a time as a vector has lanes.
template <InputKind kind, Level level, class F>
void wide_rows(const F* rows, std::int64_t stride, int classes, int r, TileStats<F>& tile) {
  using V = simd::Vector<F>;
  constexpr int width = simd::width<F>;
  const F* values[width];
  for (int row = 0; row < width; ++row) values[row] = rows + row * stride;
  store_stats(tile, r, chunk_stats<kind, level, width, V>(values, classes, 0, load_label<V>(tile, r), width * stride));
}

// One row, chunk by chunk.
template <InputKind kind, Level level, class F>
void wide_row(const ScoreJob& job, Source<F>& source, std::int64_t row, int r, TileStats<F>& tile) {
  const Label<F> label = load_label<F>(tile, r);
  RowStats<F> stats;
  for (std::int64_t first = 0; first < job.classes; first += chunk_classes) {
    const int size = at_most(chunk_classes, job.classes - first);
    const F* const values[1] = {source.chunk(row, first, size)};
    const RowStats<F> chunk =
        chunk_stats<kind, level, 1, F>(values, size, static_cast<Bits<F>>(first), label, chunk_classes);
    append_chunk<kind, level>(stats, chunk, first == 0);
  }
  store_stats(tile, r, stats);
}

template <InputKind kind, Level level, class F>
void wide_tile(const ScoreJob& job, Source<F>& source, std::int64_t first_row, int count, TileStats<F>& tile) {
  int r = 0;
  if (job.classes <= grouped_classes) {
    for (; r + simd::width<F> <= count; r += simd::width<F>) {
      const auto rows = source.rows(first_row + r, simd::width<F>, false);
      wide_rows<kind, level>(rows.data, rows.stride, static_cast<int>(job.classes), r, tile);
    }
  }
  for (; r < count; ++r) wide_row<kind, level>(job, source, first_row + r, r, tile);
}

// ---- labels in, scores out ----

template <class F>
void read_labels(const ScoreJob& job, std::int64_t first_row, int count, TileStats<F>& tile) {
  visit_integer(job.label_dtype, [&]<class T>() {
    const T* labels = static_cast<const T*>(job.labels) + first_row * job.label_stride;
    if (job.label_stride == 1) {
      for (int r = 0; r < count; ++r) tile.label[r] = static_cast<Bits<F>>(labels[r]);
    } else {
      for (int r = 0; r < count; ++r) tile.label[r] = static_cast<Bits<F>>(labels[r * job.label_stride]);
    }
  });
}

// Where no rank is asked for, this comes after the statistics, which have brought the rows into the cache.
template <class F>
void read_label_values(const ScoreJob& job, std::int64_t first_row, int count, TileStats<F>& tile) {
  visit_float(job.input_dtype, [&]<class T>() {
    const T* input = static_cast<const T*>(job.input);
    const auto none = static_cast<Bits<F>>(-1);
    for (int r = 0; r < count; ++r) {
      if (job.labels_may_be_missing && tile.label[r] == none) {
        tile.label_value[r] = static_cast<F>(__builtin_nan(""));
        continue;
      }
      const T value =
          input[(first_row + r) * job.row_stride + static_cast<std::int64_t>(tile.label[r]) * job.class_stride];
      tile.label_value[r] = static_cast<F>(widen(value)) / static_cast<F>(job.temperature);
    }
  });
}

// Scores of a tile before they are written out.
template <class F>
struct TileScores {
  explicit TileScores(const ScoreJob& score_job) : job(score_job) {}

  const ScoreJob& job;
  int row = 0;  // first row of the vector being put
  alignas(64) F values[score_count][tile_rows];
  alignas(64) Bits<F> indices[score_count][tile_rows];

  BURNISH_HD bool labeled() const { return job.labels != nullptr; }
  template <Score score>
  BURNISH_HD bool wants() const {
    return job.output[static_cast<std::size_t>(score)] != nullptr;
  }
  template <Score score, class V>
  BURNISH_HD void value(const V& v) {
    __builtin_memcpy(values[static_cast<std::size_t>(score)] + row, &v, sizeof v);
  }
  template <Score score, class B>
  BURNISH_HD void index(const B& v) {
    __builtin_memcpy(indices[static_cast<std::size_t>(score)] + row, &v, sizeof v);
  }
};

template <class To, class From>
void write_run(const ScoreJob& job, std::size_t score, std::int64_t first_row, int count, const From* from) {
  const std::int64_t stride = job.output_stride[score];
  To* to = static_cast<To*>(job.output[score]) + first_row * stride;
  if (stride != 1) {
    for (int r = 0; r < count; ++r) to[r * stride] = static_cast<To>(from[r]);
  } else if (job.streams_output && count == tile_rows && reinterpret_cast<std::uintptr_t>(to) % 16 == 0) {
    alignas(64) To tile[tile_rows];
    for (int r = 0; r < tile_rows; ++r) tile[r] = static_cast<To>(from[r]);
    stream(tile, to, sizeof tile);
  } else {
    for (int r = 0; r < count; ++r) to[r] = static_cast<To>(from[r]);
  }
}

template <InputKind kind, Level level, class F>
void write_tile(const ScoreJob& job, std::int64_t first_row, int count, const TileStats<F>& tile) {
  using V = simd::Vector<F>;
  TileScores<F> scores(job);
  for (int r = 0; r < count; r += simd::width<F>) {
    scores.row = r;
    put_scores<kind, level>(load_stats<V>(tile, r), load_label<V>(tile, r), static_cast<double>(job.classes),
                            job.inverse_log_classes, scores);
  }
  for (std::size_t i = 0; i < score_count; ++i) {
    if (!job.output[i]) continue;
    switch (static_cast<Score>(i)) {
      case Score::predictions:
      case Score::rank_of_label: {
        using Signed = std::conditional_t<sizeof(F) == 4, std::int32_t, std::int64_t>;  // all ones is -1
        write_run<std::int64_t>(job, i, first_row, count, reinterpret_cast<const Signed*>(scores.indices[i]));
        break;
      }
      case Score::correct:
        write_run<bool>(job, i, first_row, count, scores.indices[i]);
        break;
      default:
        write_run<F>(job, i, first_row, count, scores.values[i]);
    }
  }
}

template <InputKind kind, Level level, class F>
void score_tiles(const ScoreJob& job, std::int64_t first, std::int64_t last) {
  Source<F> source(job);
  TileStats<F> tile{};
  for (std::int64_t row = first; row < last; row += tile_rows) {
    const int count = at_most(tile_rows, last - row);
    if (job.labels) read_labels(job, row, count, tile);
    if (job.labels && level >= Level::labels) read_label_values(job, row, count, tile);
    if (job.classes <= narrow_classes) {
      const auto rows = source.rows(row, count, true);
      narrow_tile<kind, level>(rows.data, rows.stride, count, static_cast<int>(job.classes), tile);
    } else {
      wide_tile<kind, level>(job, source, row, count, tile);
    }
    if (job.labels && level < Level::labels) read_label_values(job, row, count, tile);
    write_tile<kind, level>(job, row, count, tile);
  }
  if (job.streams_output) finish_streams();
}

}  // namespace

template <>
void score_rows<Isa::BURNISH_ISA>(const ScoreJob& job, std::int64_t first, std::int64_t last) {
  visit_kind_and_level(job, [&]<InputKind kind, Level level>() {
    if (job.compute == DType::float64) {
      score_tiles<kind, level, double>(job, first, last);
    } else {
      score_tiles<kind, level, float>(job, first, last);
    }
  });
}

}  // namespace burnish::hardness
