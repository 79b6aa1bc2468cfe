// SPDX-License-Identifier: Apache-2.0
// scores, labels (n,) -> sorted words, from which every curve and every best threshold is read in one walk.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

#include "burnish/metrics.hpp"
#include "core/buffer.hpp"
#include "core/parallel.hpp"
#include "metrics/checks.hpp"
#include "metrics/radix_sort.hpp"
#include "metrics/tiles.hpp"

namespace burnish::metrics {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t grain = 64 * tile_rows;
constexpr std::int64_t walk_rows = std::int64_t{1} << 20;  // between two looks at Ctrl-C

// A sum of many terms whose error stays below 1e-13 of it: terms are added a thousand at a time, and these sums with
// compensation (Neumaier).
class Sum {
 public:
  void add(double term) {
    part_ += term;
    if (++count_ == 1024) flush();
  }
  double total() {
    flush();
    return sum_ + lost_;
  }

 private:
  void flush() {
    const double next = sum_ + part_;
    lost_ += std::fabs(sum_) >= std::fabs(part_) ? (sum_ - next) + part_ : (part_ - next) + sum_;
    sum_ = next;
    part_ = 0;
    count_ = 0;
  }

  double sum_ = 0;
  double lost_ = 0;
  double part_ = 0;
  int count_ = 0;
};

// Elements whose keys lie within 31 (or 63) bits of `base`, so that the label fits below.
template <class Word>
struct Region {
  Word base = 0;
  std::int64_t size = 0;
  int bits = 0;
};

// Divided together, which takes no longer than one of them.
typedef double Pair __attribute__((vector_size(16)));

template <class Word>
double score_of(Word key) {
  constexpr Word sign = Word{1} << (8 * sizeof(Word) - 1);
  const Word bits = key ^ (key & sign ? Word{0} : static_cast<Word>(~sign));
  using Float = std::conditional_t<sizeof(Word) == 4, float, double>;
  return static_cast<double>(std::bit_cast<Float>(bits));
}

}  // namespace

class Ranking::Sorted {
 public:
  virtual ~Sorted() = default;
  virtual double positives() const = 0;
  virtual double negatives() const = 0;
  virtual double roc_auc() const = 0;
  virtual double average_precision() const = 0;
  virtual std::int64_t curve_size(Curve curve, bool drop) const = 0;
  virtual void write_curve(Curve curve, bool drop, double* x, double* y, const TensorView& thresholds) const = 0;
  virtual Choice choose(const ObjectiveArgs& args) const = 0;
};

namespace {

template <class E>
class SortedElements final : public Ranking::Sorted {
  static constexpr bool is_weighted = !std::is_integral_v<E>;
  using Word = decltype(word_of(E{}));
  using Count = std::conditional_t<is_weighted, double, std::int64_t>;

 public:
  explicit SortedElements(const RankingArgs& args) {
    const std::int64_t n = args.scores.shape[0];
    Buffer<E> elements(static_cast<std::size_t>(n));
    Buffer<E> spare(static_cast<std::size_t>(n));
    with_isa([&]<Isa isa>() {
      find_regions<isa>(args);
      pack<isa>(args, elements.data());
    });
    for (std::int64_t first = 0; const Region<Word>& region : regions_) {
      radix_sort(elements.data() + first, spare.data() + first, region.size, region.bits);
      first += region.size;
    }
    elements_ = std::move(elements);
    if constexpr (is_weighted) {  // added up as the curve is, so that it ends at exactly 1
      walk([&](Word, Count tps, Count fps) {
        positives_ = tps;
        negatives_ = fps;
      });
    } else {
      negatives_ = n - positives_;
    }
  }

  double positives() const override { return static_cast<double>(positives_); }
  double negatives() const override { return static_cast<double>(negatives_); }

  double roc_auc() const override {
    if (!(positives_ > 0 && negatives_ > 0)) return not_a_number;
    if constexpr (is_weighted) {
      Count last_tps = 0;
      Count last_fps = 0;
      Sum area;
      walk([&](Word, Count tps, Count fps) {
        area.add((fps - last_fps) * (tps + last_tps));
        last_tps = tps;
        last_fps = fps;
      });
      return area.total() / 2 / positives_ / negatives_;
    } else {
      // Twice the number of pairs in the right order, a tie counting half; exact. Each negative counts the positives
      // above it twice, of those at its score the ones seen before it once; each positive the negatives of its score
      // seen before it. No branch depends on the data: with ties here and there, most would be foreseen wrongly.
      __extension__ typedef unsigned __int128 Wide;
      Wide pairs = 0;
      std::uint64_t tps = 0;
      std::uint64_t fps = 0;
      std::uint64_t tps_above = 0;
      std::uint64_t fps_above = 0;
      const E* element = elements_.data();
      for (const Region<Word>& region : regions_) {
        const E* const end = element + region.size;
        Word last = ~Word{0};  // no key: they have a bit less
        while (element != end) {
          const E* const stop = end - element > walk_rows ? element + walk_rows : end;
          std::uint64_t part = 0;  // below 2^20 times twice the number of samples
          for (; element != stop; ++element) {
            const Word key = key_of(*element);
            const std::uint64_t label = *element & 1;
            tps_above = key == last ? tps_above : tps;
            fps_above = key == last ? fps_above : fps;
            last = key;
            part += label ? fps - fps_above : tps + tps_above;
            tps += label;
            fps += label ^ 1;
          }
          pairs += part;
          answer_interrupt();
        }
      }
      return static_cast<double>(pairs) / (2.0 * static_cast<double>(positives_) * static_cast<double>(negatives_));
    }
  }

  double average_precision() const override {
    if (!(positives_ > 0)) return 0;
    Sum sum;
    Count last_tps = 0;
    if constexpr (is_weighted) {
      walk([&](Word, Count tps, Count fps) {
        sum.add((tps - last_tps) * tps / (tps + fps));
        last_tps = tps;
      });
    } else {
      // Without branches on the data, as in roc_auc: an element adds nothing unless it is the last at its score.
      Count tps = 0;
      for (std::int64_t first = 0; const Region<Word>& region : regions_) {
        const E* const data = elements_.data() + first;
        for (std::int64_t i = 0; i < region.size; ++i) {
          tps += data[i] & 1;
          const Word next = i + 1 < region.size ? key_of(data[i + 1]) : ~Word{0};
          const Count counted = key_of(data[i]) == next ? last_tps : tps;
          sum.add(static_cast<double>(counted - last_tps) * static_cast<double>(counted) /
                  static_cast<double>(first + i + 1));
          last_tps = counted;
          if (i % walk_rows == 0) answer_interrupt();
        }
        first += region.size;
      }
    }
    return sum.total() / positives();
  }

  std::int64_t curve_size(Curve curve, bool drop) const override {
    std::atomic<std::int64_t>& known = sizes_[is_dropping(curve, drop) ? static_cast<int>(curve) : 0];
    if (known < 0) {
      std::int64_t size = 0;
      if (is_dropping(curve, drop)) {
        walk_kept(curve, [&](Word, Count, Count) { ++size; });
      } else {
        size = count_distinct();
      }
      known = size;
    }
    return known;
  }

  void write_curve(Curve curve, bool drop, double* x, double* y, const TensorView& thresholds) const override {
    if (thresholds.dtype == DType::float32) {
      write(curve, drop, x, y, static_cast<float*>(thresholds.data));
    } else {
      write(curve, drop, x, y, static_cast<double*>(thresholds.data));
    }
  }

  Choice choose(const ObjectiveArgs& args) const override {
    const double p = positives();
    const double n = negatives();
    const double beta2 = args.parameter * args.parameter;
    switch (args.objective) {
      case Objective::f_beta:
        return best([=](double tp, double fp) {
          const double weighted = (1 + beta2) * tp;
          return weighted > 0 ? weighted / (weighted + fp + beta2 * (p - tp)) : 0.0;
        });
      case Objective::accuracy:
        return best([=](double tp, double fp) { return (tp + (n - fp)) / (p + n); });
      case Objective::youden:
        return best([=](double tp, double fp) { return tp / p - fp / n; });
      case Objective::cost: {
        Choice choice = best([=, &args](double tp, double fp) {
          return -(args.costs[0] * (n - fp) + args.costs[1] * fp + args.costs[2] * (p - tp) + args.costs[3] * tp);
        });
        choice.value = -choice.value + 0.0;
        return choice;
      }
      case Objective::precision_at_recall:
        return best([=, least = args.parameter](double tp, double fp) {
          return tp / p >= least && tp + fp > 0 ? tp / (tp + fp) : -infinity;
        });
      case Objective::recall_at_precision:
        return best([=, least = args.parameter](double tp, double fp) {
          return tp > 0 && tp / (tp + fp) >= least ? tp / p : -infinity;
        });
    }
    return {};
  }

 private:
  template <Isa isa>
  KeyRange keys(const TensorView& scores, std::int64_t first, std::int64_t last, Word* keys) const {
    return keys_of<isa>(tile_of(scores, first, last), keys);
  }

  // One region, or one for scores of 0 and more and one for those below.
  template <Isa isa>
  void find_regions(const RankingArgs& args) {
    const std::int64_t n = args.scores.shape[0];
    KeyRange all{~std::uint64_t{0}, 0, 0, ~std::uint64_t{0}, 0};
    std::mutex mutex;
    parallel_for(n, grain, [&](std::int64_t first, std::int64_t last) {
      alignas(64) Word keys_of_tile[tile_rows];
      for (std::int64_t row = first; row < last; row += tile_rows) {
        const KeyRange range = keys<isa>(args.scores, row, std::min<std::int64_t>(row + tile_rows, last), keys_of_tile);
        const std::scoped_lock lock(mutex);
        all.low = std::min(all.low, range.low);
        all.high = std::max(all.high, range.high);
        all.highest_positive = std::max(all.highest_positive, range.highest_positive);
        all.lowest_negative = std::min(all.lowest_negative, range.lowest_negative);
        all.nans += range.nans;
      }
    });
    check_no_nan(args.call, all.nans, n);
    if (n == 0) return;
    const auto region = [](std::uint64_t low, std::uint64_t high) {
      return Region<Word>{static_cast<Word>(low), 0, static_cast<int>(std::bit_width(high - low))};
    };
    constexpr int widest = 8 * sizeof(Word) - 1;
    regions_[0] = region(all.low, all.high);
    if (regions_[0].bits <= widest) return;
    regions_[0] = region(all.low, all.highest_positive);
    regions_[1] = region(all.lowest_negative, all.high);
  }

  // Words of all samples in their order, those of the first region first.
  template <Isa isa>
  void pack(const RankingArgs& args, E* elements) {
    const std::int64_t n = args.scores.shape[0];
    const std::int64_t pieces = (n + grain - 1) / grain;
    const bool is_split = regions_[1].bits > 0 || regions_[1].base > 0;
    std::vector<std::int64_t> starts(static_cast<std::size_t>(pieces + 1));  // of the first region, by piece
    const auto is_second = [&](Word key) { return is_split && key >= regions_[1].base; };
    if (is_split) {
      parallel_for(n, grain, [&](std::int64_t first, std::int64_t last) {
        alignas(64) Word tile[tile_rows];
        std::int64_t count = 0;
        for (std::int64_t row = first; row < last; row += tile_rows) {
          const std::int64_t end = std::min<std::int64_t>(row + tile_rows, last);
          keys<isa>(args.scores, row, end, tile);
          for (std::int64_t i = 0; i < end - row; ++i) count += !is_second(tile[i]);
        }
        starts[static_cast<std::size_t>(first / grain + 1)] = count;
      });
    } else {
      for (std::int64_t p = 0; p < pieces; ++p) {
        starts[static_cast<std::size_t>(p + 1)] = std::min(grain, n - p * grain);
      }
    }
    for (std::size_t p = 1; p < starts.size(); ++p) starts[p] += starts[p - 1];
    const std::int64_t firsts = starts.back();
    regions_[0].size = firsts;
    regions_[1].size = n - firsts;
    std::atomic<std::int64_t> positives{0};
    parallel_for(n, grain, [&](std::int64_t first, std::int64_t last) {
      std::int64_t positives_of_piece = 0;
      alignas(64) Word tile[tile_rows];
      alignas(64) std::uint8_t flags[tile_rows];
      const std::int64_t before = starts[static_cast<std::size_t>(first / grain)];
      std::int64_t next[2] = {before, firsts + first - before};
      for (std::int64_t row = first; row < last; row += tile_rows) {
        const std::int64_t end = std::min<std::int64_t>(row + tile_rows, last);
        keys<isa>(args.scores, row, end, tile);
        positives_of_piece += flags_of<isa>(tile_of(args.labels, row, end), args.positive, flags);
        if constexpr (is_weighted) {
          const auto* weights = static_cast<const double*>(args.weights->data);
          for (std::int64_t i = 0; i < end - row; ++i) {
            const bool second = is_second(tile[i]);
            elements[next[second]++] = {word(tile[i], second, flags[i]), weights[(row + i) * args.weights->strides[0]]};
          }
        } else if (is_split) {
          for (std::int64_t i = 0; i < end - row; ++i) {
            const bool second = is_second(tile[i]);
            elements[next[second]++] = word(tile[i], second, flags[i]);
          }
        } else {
          E* const to = elements + row;
          for (std::int64_t i = 0; i < end - row; ++i) to[i] = word(tile[i], false, flags[i]);
        }
      }
      positives += positives_of_piece;
    });
    positives_ = static_cast<Count>(positives);
  }

  Word word(Word key, bool second, std::uint8_t flag) const {
    return static_cast<Word>((key - regions_[second].base) << 1 | flag);
  }

  static void add(const E& element, Count& tps, Count& fps) {
    const Word label = word_of(element) & 1;
    if constexpr (is_weighted) {
      (label ? tps : fps) += element.weight;
    } else {
      tps += label;
      fps += label ^ 1;
    }
  }

  // Calls f(key, tps, fps) for each distinct score, highest first, with what lies at it and above.
  template <class F>
  void walk(F f) const {
    Count tps = 0;
    Count fps = 0;
    const E* element = elements_.data();
    for (const Region<Word>& region : regions_) {
      const E* const end = element + region.size;
      while (element != end) {
        const E* const stop = end - element > walk_rows ? element + walk_rows : end;
        while (element != stop) {
          const Word key = key_of(*element);
          do {
            add(*element++, tps, fps);
          } while (element != end && key_of(*element) == key);
          f(static_cast<Word>(region.base + key), tps, fps);
          if (element > stop) break;
        }
        answer_interrupt();
      }
    }
  }

  std::int64_t count_distinct() const {
    const E* const data = elements_.data();
    std::int64_t distinct = 0;
    for (std::int64_t first = 0; const Region<Word>& region : regions_) {
      distinct += region.size > 0;
      for (std::int64_t i = first + 1; i < first + region.size; ++i) distinct += key_of(data[i]) != key_of(data[i - 1]);
      first += region.size;
    }
    return distinct;
  }

  // As walk, without intermediate points; for more than two distinct scores. The first and the last point are kept,
  // and those where a step differs from the next. No branch depends on the data, for every other one would be foreseen
  // wrongly: after each element a point is put down, and the next one over it unless it is complete and to be kept.
  template <class F>
  void walk_kept(Curve curve, F f) const {
    constexpr std::int64_t at_once = 1024;
    Word keys[at_once];
    Count kept_tps[at_once];
    Count kept_fps[at_once];
    Count tps = 0;
    Count fps = 0;
    const E* element = elements_.data();
    const E* end = element + regions_[0].size;
    // The latest point, at the beginning the first, and the step to it, then unlike any.
    do add(*element++, tps, fps);
    while (element != end && key_of(*element) == key_of(element[-1]));
    Word key = static_cast<Word>(regions_[0].base + key_of(element[-1]));
    Count at_tps = tps;
    Count at_fps = fps;
    Count step_tps = -1;
    Count step_fps = -1;
    for (const Region<Word>& region : regions_) {
      if (&region != &regions_[0]) end += region.size;
      for (std::int64_t block = 0; element != end; ++block) {
        const E* const stop = end - element > at_once ? element + at_once : end;
        int size = 0;
        const auto put = [&, base = region.base](Word next) {
          const Word word = word_of(*element);
          add(*element++, tps, fps);
          const Count next_tps = tps - at_tps;
          const Count next_fps = fps - at_fps;
          keys[size] = key;
          kept_tps[size] = at_tps;
          kept_fps[size] = at_fps;
          const bool is_point = (word ^ next) > 1;
          const bool is_kept =
              curve == Curve::roc ? (next_tps != step_tps) | (next_fps != step_fps) : (next_tps != 0) | (step_tps != 0);
          size += is_point & is_kept;
          key = is_point ? static_cast<Word>(base + (word >> 1)) : key;
          at_tps = is_point ? tps : at_tps;
          at_fps = is_point ? fps : at_fps;
          step_tps = is_point ? next_tps : step_tps;
          step_fps = is_point ? next_fps : step_fps;
        };
        while (element != stop - 1) put(word_of(element[1]));
        put(stop != end ? word_of(*stop) : static_cast<Word>(~word_of(*element)));
        for (int i = 0; i < size; ++i) f(keys[i], kept_tps[i], kept_fps[i]);
        if (block % 1024 == 0) answer_interrupt();
      }
    }
    f(key, at_tps, at_fps);
  }

  template <class T>
  void write(Curve curve, bool drop, double* x, double* y, T* thresholds) const {
    const double p = positives();
    const double n = negatives();
    if (curve == Curve::precision_recall) {
      std::int64_t i = curve_size(curve, drop);
      x[i] = 1;
      y[i] = 0;
      each_point(curve, drop, [&, p](Word key, Count tps, Count fps) {
        --i;
        const double tp = static_cast<double>(tps);
        const Pair rates = Pair{tp, tp} / Pair{static_cast<double>(tps + fps), p};
        x[i] = rates[0];
        y[i] = p > 0 ? rates[1] : 1.0;
        thresholds[i] = static_cast<T>(score_of(key));
      });
      return;
    }
    const bool is_roc = curve == Curve::roc;
    if (is_roc) {
      *x++ = n > 0 ? 0.0 : not_a_number;
      *y++ = p > 0 ? 0.0 : not_a_number;
      *thresholds++ = static_cast<T>(infinity);
    }
    each_point(curve, drop, [&, total = is_roc ? Pair{n, p} : Pair{1, 1}](Word key, Count tps, Count fps) {
      const Pair rates = Pair{static_cast<double>(fps), static_cast<double>(tps)} / total;  // 0 / 0 is NaN
      *x++ = rates[0];
      *y++ = rates[1];
      *thresholds++ = static_cast<T>(score_of(key));
    });
  }

  template <class F>
  void each_point(Curve curve, bool drop, F f) const {
    is_dropping(curve, drop) ? walk_kept(curve, f) : walk(f);
  }

  bool is_dropping(Curve curve, bool drop) const {
    return drop && curve != Curve::counts && curve_size(curve, false) > 2;
  }

  // The point with the largest value; -infinity is none. The first candidate calls nobody positive.
  template <class F>
  Choice best(F value) const {
    Word best_key = 0;
    Choice choice{false, infinity, value(0.0, 0.0), 0, 0};
    bool is_score = false;
    walk([&](Word key, Count tps, Count fps) {
      const double tp = static_cast<double>(tps);
      const double fp = static_cast<double>(fps);
      const double found = value(tp, fp);
      if (!(found > choice.value)) return;
      choice.value = found;
      choice.true_positives = tp;
      choice.false_positives = fp;
      best_key = key;
      is_score = true;
    });
    if (is_score) choice.threshold = score_of(best_key);
    choice.found = choice.value > -infinity;
    return choice;
  }

  Region<Word> regions_[2];
  Buffer<E> elements_;
  Count positives_ = 0;
  Count negatives_ = 0;
  mutable std::atomic<std::int64_t> sizes_[3] = {-1, -1, -1};  // of whole curves, and without what is dropped by kind
};

}  // namespace

Ranking::Ranking(const RankingArgs& args) {
  const std::int64_t rows = check_column_of_labels(args.call, "y_true", args.labels);
  check_scores(args.call, args.scores, rows);
  if (args.weights) {
    check_dtype(args.call, "sample_weight", *args.weights, {DType::float64});
    check_length(args.call, "sample_weight", *args.weights, rows);
  }
  const bool is_wide = args.scores.dtype == DType::float64;
  if (args.weights) {
    if (is_wide) {
      sorted_ = std::make_unique<SortedElements<Weighted<std::uint64_t>>>(args);
    } else {
      sorted_ = std::make_unique<SortedElements<Weighted<std::uint32_t>>>(args);
    }
  } else if (is_wide) {
    sorted_ = std::make_unique<SortedElements<std::uint64_t>>(args);
  } else {
    sorted_ = std::make_unique<SortedElements<std::uint32_t>>(args);
  }
}
Ranking::~Ranking() = default;
Ranking::Ranking(Ranking&&) noexcept = default;
Ranking& Ranking::operator=(Ranking&&) noexcept = default;

double Ranking::positives() const { return sorted_->positives(); }
double Ranking::negatives() const { return sorted_->negatives(); }
double Ranking::roc_auc() const { return sorted_->roc_auc(); }
double Ranking::average_precision() const { return sorted_->average_precision(); }
std::int64_t Ranking::curve_size(Curve curve, bool drop_intermediate) const {
  return sorted_->curve_size(curve, drop_intermediate);
}
Choice Ranking::choose(const ObjectiveArgs& args) const { return sorted_->choose(args); }

void Ranking::write_curve(Curve curve, bool drop_intermediate, const TensorView& x, const TensorView& y,
                          const TensorView& thresholds) const {
  constexpr std::string_view call = "write_curve";
  const std::int64_t points = curve_size(curve, drop_intermediate);
  const auto check_out = [&](std::string_view argument, const TensorView& view, bool has_end) {
    check_output(call, argument, view, contiguous_view(nullptr, view.dtype, Device{}, points + has_end), {});
    check(view.strides[0] == 1 || view.size() <= 1, call, ": '", argument, "' must be C-contiguous");
    check_device(call, argument, view, Device{});
  };
  check_dtype(call, "x", x, {DType::float64});
  check_dtype(call, "y", y, {DType::float64});
  check_dtype(call, "thresholds", thresholds, {DType::float64, DType::float32});
  check_out("x", x, curve != Curve::counts);
  check_out("y", y, curve != Curve::counts);
  check_out("thresholds", thresholds, curve == Curve::roc);
  const TensorView outputs[] = {x, y, thresholds};
  check_apart(call, "x, y, thresholds", outputs, {});
  sorted_->write_curve(curve, drop_intermediate, static_cast<double*>(x.data), static_cast<double*>(y.data),
                       thresholds);
}

}  // namespace burnish::metrics
