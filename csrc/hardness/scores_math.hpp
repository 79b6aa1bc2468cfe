// SPDX-License-Identifier: Apache-2.0
// Softmax statistics of one row, for scalars (CUDA threads) and vectors (CPU lanes), and every score computed from
// them.
//
// With weights w_c = exp(z_c - max z) (or w_c = p_c when probabilities are given), S = sum w, W = sum w ln w:
//   entropy = ln S - W / S: one exponential a class, and no cancellation for logits, since -W and ln S are >= 0.
// The order of additions is fixed, so that a row scores the same bits at each instruction set level, thread count and
// batch split, and on CUDA: up to 32 classes are added one after the other; longer rows are cut into chunks of 1024, in
// which class c belongs to lane c % 32, each lane adds its classes in order, and the lanes are added in a fixed tree.
#pragma once

#include <cstdint>

#include "burnish/hardness.hpp"
#include "core/exp.hpp"
#include "core/lanes.hpp"
#include "hardness/scores.hpp"

namespace burnish::hardness {

inline constexpr int chunk_classes = 1024;
inline constexpr int lane_count = 32;
inline constexpr int narrow_classes = 32;  // up to this many classes a lane or thread has a row to itself

template <class F>
struct Limits;
template <>
struct Limits<float> {
  static constexpr float lowest = -0x1.fffffep127f;
};
template <>
struct Limits<double> {
  static constexpr double lowest = -0x1.fffffffffffffp1023;
};

template <class V>
BURNISH_HD V infinity() {
  return V{} + static_cast<typename Lanes<V>::Element>(__builtin_inf());
}

// Sums over some of a row's classes.
template <class V>
struct Sums {
  V sum{};            // S
  V weighted{};       // W
  V other_sum{};      // S without the label's class
  V other_squares{};  // sum of w^2 without the label's class
};

// The two largest values and where the largest stands; the first of equals wins.
template <class V>
struct Tops {
  V largest = V{} - infinity<V>();
  V second = V{} - infinity<V>();
  typename Lanes<V>::Bits argmax{};
};

template <class V>
struct RowStats {
  Tops<V> tops;
  Sums<V> sums;
  typename Lanes<V>::Bits above{};  // classes that rank before the label
};

// The given label of a row: its class and its value; on a GPU out of reach and NaN where the label is no class.
template <class V>
struct Label {
  typename Lanes<V>::Bits index = typename Lanes<V>::Bits{} - 1u;
  V value{};
};

template <Level level, class V>
BURNISH_HD void add_top(Tops<V>& tops, V value, typename Lanes<V>::Bits index) {
  using L = Lanes<V>;
  if constexpr (has_tops(level)) {
    tops.argmax = value > tops.largest ? index : tops.argmax;
    tops.second = L::max(L::min(value, tops.largest), tops.second);
  }
  tops.largest = L::max(value, tops.largest);
}

// What is subtracted from the logits: finite, so that a row or chunk of -inf alone has weights 0.
template <class V>
BURNISH_HD V base_of(V largest) {
  return Lanes<V>::max(largest, V{} + Limits<typename Lanes<V>::Element>::lowest);
}

// ln w, kept above the point where w is 0 so that w ln w is 0 and not NaN.
template <class V>
BURNISH_HD V log_weight(V value, V base) {
  return Lanes<V>::max(V{} + ExpTable<typename Lanes<V>::Element>::lowest, value - base);
}

// ln p of a probability: some finite number at 0, so that p ln p is 0, and NaN below 0. An infinity shows in the sum.
template <class V>
BURNISH_HD V log_share(V p) {
  using E = typename Lanes<V>::Element;
  using T = LogTable<E>;
  const auto subnormal = p < V{} + T::smallest_normal;
  const V scaled = subnormal ? p * T::subnormal_scale : p;
  const V bias = subnormal ? V{} + (T::integer + T::bias + T::mantissa_bits) : V{} + (T::integer + T::bias);
  return p >= V{} ? log_of_normal(scaled, bias) : V{} + static_cast<E>(__builtin_nan(""));
}

// Entropy of a coin with logit z.
template <class V>
BURNISH_HD V binary_entropy(V z) {
  using E = typename Lanes<V>::Element;
  const V distance = log_weight(z < V{} ? z : V{} - z, V{});  // -|z|
  const V weight = exp_fast(distance);
  const V sum = weight + static_cast<E>(1);
  return z == z ? log_positive(sum) - weight * distance / sum : z;
}

template <InputKind kind, Level level, class V>
BURNISH_HD void add_class(Sums<V>& sums, V value, V base, typename Lanes<V>::Bits index, const Label<V>& label) {
  using L = Lanes<V>;
  using E = typename L::Element;
  if constexpr (kind == InputKind::sigmoid_logits) {
    sums.sum += binary_entropy(value);
  } else {
    V weight = value;
    V log_of_weight{};
    if constexpr (kind == InputKind::logits) {
      log_of_weight = log_weight(value, base);
      weight = exp_fast(log_of_weight);
    } else if constexpr (has_entropy(level)) {
      log_of_weight = log_share(value);
    }
    sums.sum += weight;
    if constexpr (has_entropy(level)) {
      sums.weighted = L::mul_add(weight, log_of_weight, sums.weighted);
    } else if constexpr (kind == InputKind::probabilities) {
      // What the logarithm of a negative number would have made of it.
      sums.weighted = value >= V{} ? sums.weighted : V{} + static_cast<E>(__builtin_nan(""));
    }
    if constexpr (level >= Level::labels) {
      const V other = index == label.index ? V{} : weight;
      sums.other_sum += other;
      sums.other_squares = L::mul_add(other, other, sums.other_squares);
    }
  }
}

template <Level level, class V>
BURNISH_HD void add_rank(typename Lanes<V>::Bits& above, V value, typename Lanes<V>::Bits index,
                         const Label<V>& label) {
  if constexpr (level >= Level::labels) {
    const auto equal_before = value == label.value ? (index < label.index ? above + 1u : above) : above;
    above = value > label.value ? above + 1u : equal_before;
  }
}

template <Level level, class V>
BURNISH_HD Sums<V> add_sums(const Sums<V>& a, const Sums<V>& b) {
  Sums<V> total;
  total.sum = a.sum + b.sum;
  total.weighted = a.weighted + b.weighted;
  if constexpr (level >= Level::labels) {
    total.other_sum = a.other_sum + b.other_sum;
    total.other_squares = a.other_squares + b.other_squares;
  }
  return total;
}

// Of two runs of classes, `b` behind `a`.
template <class V>
BURNISH_HD Tops<V> merge_tops(const Tops<V>& a, const Tops<V>& b) {
  using L = Lanes<V>;
  Tops<V> both;
  both.argmax = b.largest > a.largest ? b.argmax : a.argmax;
  both.second = L::max(L::min(a.largest, b.largest), L::max(a.second, b.second));
  both.largest = L::max(a.largest, b.largest);
  return both;
}

// What one of the 32 lanes of a chunk collects in a second pass, when the chunk's largest value is known.
template <class V>
struct LaneStats {
  using Bits = typename Lanes<V>::Bits;
  Sums<V> sums;
  V below = V{} - infinity<V>();  // largest value below the chunk's largest
  Bits first = Bits{} - 1u;       // where the chunk's largest value first stands
  Bits times{};                   // and how often it occurs
  Bits above{};
};

template <InputKind kind, Level level, class V>
BURNISH_HD void add_to_lane(LaneStats<V>& lane, V value, V largest, typename Lanes<V>::Bits index,
                            const Label<V>& label) {
  if constexpr (has_tops(level)) {
    const auto is_largest = value == largest;
    lane.below = is_largest ? lane.below : Lanes<V>::max(value, lane.below);
    lane.first = is_largest ? (index < lane.first ? index : lane.first) : lane.first;
    lane.times = is_largest ? lane.times + 1u : lane.times;
  }
  add_rank<level>(lane.above, value, index, label);
  add_class<kind, level>(lane.sums, value, base_of(largest), index, label);
}

template <Level level, class V>
BURNISH_HD LaneStats<V> add_lanes(const LaneStats<V>& a, const LaneStats<V>& b) {
  LaneStats<V> both;
  both.sums = add_sums<level>(a.sums, b.sums);
  if constexpr (has_tops(level)) {
    both.below = Lanes<V>::max(a.below, b.below);
    both.first = a.first < b.first ? a.first : b.first;
    both.times = a.times + b.times;
  }
  if constexpr (level >= Level::labels) both.above = a.above + b.above;
  return both;
}

// A chunk whose lanes have all been added, `largest` being its largest value.
template <class V>
BURNISH_HD RowStats<V> chunk_of_lanes(const LaneStats<V>& lanes, V largest) {
  RowStats<V> stats;
  stats.tops.largest = largest;
  stats.tops.second = lanes.times > typename Lanes<V>::Bits{} + 1u ? largest : lanes.below;
  stats.tops.argmax = lanes.first;
  stats.sums = lanes.sums;
  stats.above = lanes.above;
  return stats;
}

// Value of the classes that fill up the last vector or warp: it weighs nothing.
template <InputKind kind, class F>
BURNISH_HD constexpr F padding() {
  return kind == InputKind::probabilities ? F{0} : -static_cast<F>(__builtin_inf());
}

// Adds the next chunk of a row to those before it.
template <InputKind kind, Level level, class F>
BURNISH_HD void merge_chunk(RowStats<F>& row, const RowStats<F>& chunk) {
  Sums<F> a = row.sums;
  Sums<F> b = chunk.sums;
  const Tops<F> tops = merge_tops(row.tops, chunk.tops);
  if constexpr (kind == InputKind::logits) {
    const F base = base_of(tops.largest);
    const auto rescale = [base](Sums<F>& sums, F largest) {
      const F shift = log_weight(base_of(largest), base);
      const F factor = exp_fast(shift);
      if constexpr (has_entropy(level)) sums.weighted = factor * (sums.weighted + shift * sums.sum);
      sums.sum *= factor;
      sums.other_sum *= factor;
      sums.other_squares *= factor * factor;
    };
    rescale(a, row.tops.largest);
    rescale(b, chunk.tops.largest);
  }
  row.sums = add_sums<level>(a, b);
  row.tops = tops;
  row.above += chunk.above;
}

template <InputKind kind, Level level, class F>
BURNISH_HD void append_chunk(RowStats<F>& row, const RowStats<F>& chunk, bool is_first) {
  if (is_first) {
    row = chunk;
  } else {
    merge_chunk<kind, level>(row, chunk);
  }
}

// Rows of at most narrow_classes classes, one row per lane of V (one in all for a scalar); `column(c)` is class c of
// each. In two parts, so that the first of several vectors of rows can go before the second of any.
template <InputKind kind, Level level, class V, class Column>
BURNISH_HD void narrow_tops(RowStats<V>& stats, const Column& column, int classes, const Label<V>& label) {
  if constexpr (!has_largest(kind, level)) return;
  using Bits = typename Lanes<V>::Bits;
  for (int c = 0; c < classes; ++c) {
    const Bits index = Bits{} + static_cast<unsigned>(c);
    add_top<level>(stats.tops, column(c), index);
    add_rank<level>(stats.above, column(c), index, label);
  }
}

template <InputKind kind, Level level, class V, class Column>
BURNISH_HD void narrow_sums(RowStats<V>& stats, const Column& column, int classes, const Label<V>& label) {
  using Bits = typename Lanes<V>::Bits;
  const V base = base_of(stats.tops.largest);
  for (int c = 0; c < classes; ++c) {
    add_class<kind, level>(stats.sums, column(c), base, Bits{} + static_cast<unsigned>(c), label);
  }
}

// What every score is computed from. Rows for which no distribution is defined have NaN in `inverse_sum`: NaN or +inf
// among the values, all logits -inf, probabilities whose sum is 0 (below the smallest normal number) or overflows, or a
// negative one.
template <class V>
struct RowWeights {
  V inverse_sum{};
  V log_sum{};
  V entropy{};
  V offset{};  // what was subtracted from the logits
  V top{};     // the two largest weights
  V second{};
  V label_log{};  // ln w of the label, and of the largest other class
  V other_log{};
  V label_weight{};  // w of them, where probabilities are given
  V other_weight{};
  V other_sum{};
  V other_squares{};
  V right{};  // 1 where the label is the prediction, 0 where not, NaN where there is none
};

template <InputKind kind, Level level, class V>
BURNISH_HD RowWeights<V> finish_row(const RowStats<V>& stats, const Label<V>& label, double classes, bool labeled) {
  using L = Lanes<V>;
  using E = typename L::Element;
  const V nan = V{} + static_cast<E>(__builtin_nan(""));
  RowWeights<V> row;
  if constexpr (kind == InputKind::sigmoid_logits) {
    row.entropy = stats.sums.sum / static_cast<E>(classes);
    return row;
  }
  const V sum = stats.sums.sum;
  const V weighted = stats.sums.weighted;
  const V normal = sum >= V{} + LogTable<E>::smallest_normal ? sum : nan;
  const V defined = weighted - weighted == V{} ? (sum < infinity<V>() ? normal : nan) : nan;
  row.inverse_sum = static_cast<E>(1) / defined;
  row.log_sum = defined == defined ? log_positive(defined) : defined;
  row.entropy = L::max(V{}, row.log_sum - weighted * row.inverse_sum);
  const V largest = stats.tops.largest;
  if constexpr (kind == InputKind::logits) {
    row.offset = base_of(largest);
    row.top = V{} + static_cast<E>(1);
    if constexpr (has_tops(level)) row.second = exp_fast(log_weight(stats.tops.second, row.offset));
  } else {
    row.top = largest;
    row.second = L::max(stats.tops.second, V{});
  }
  if (labeled) {
    V other = largest;
    if constexpr (has_tops(level)) other = stats.tops.argmax == label.index ? stats.tops.second : largest;
    if constexpr (kind == InputKind::logits) {
      row.label_log = label.value - row.offset;
      row.other_log = other - row.offset;
    } else {
      row.label_weight = label.value;
      row.other_weight = L::max(other, V{});
      row.label_log = log(row.label_weight);
      row.other_log = log(row.other_weight);
    }
    row.right = stats.tops.argmax == label.index ? V{} + static_cast<E>(1) : V{};
    row.right = label.value == label.value ? row.right : label.value;
  }
  row.other_sum = stats.sums.other_sum;
  row.other_squares = stats.sums.other_squares;
  return row;
}

// Probability of a class from its weight or, for logits, the logarithm of it.
template <InputKind kind, class V>
BURNISH_HD V share_of(const RowWeights<V>& row, V weight, V log_of_weight) {
  const V w = kind == InputKind::logits ? exp_fast(log_weight(log_of_weight, V{})) : weight;
  return w * row.inverse_sum;
}

// ln(1 + x) / x for x = H / (ln C p), H the entropy and p the probability of the label: 1 where the model is sure of
// the label, 0 where it rules it out. As u = 1 + x is what has been rounded, ln u / (u - 1) is exact where x is tiny.
template <class V>
BURNISH_HD V weighted_entropy_score(V normalized_entropy, V share) {
  using E = typename Lanes<V>::Element;
  const V one = V{} + static_cast<E>(1);
  const V largest = V{} - Limits<E>::lowest;
  const V x = Lanes<V>::min(normalized_entropy / share, largest);
  const V u = one + x;
  const V quotient = log_positive(u) / (u - one);
  const V score = u == one ? one : quotient;
  const V defined = share == share ? score : share;
  return share == V{} ? V{} : defined;
}

template <Score score, InputKind kind, class V>
BURNISH_HD V score_of(const RowWeights<V>& row, double inverse_log_classes) {
  using L = Lanes<V>;
  using E = typename L::Element;
  const V one = V{} + static_cast<E>(1);
  if constexpr (score == Score::entropy) return row.entropy;
  if constexpr (score == Score::normalized_entropy) {
    return L::min(one, row.entropy * static_cast<E>(inverse_log_classes));
  }
  if constexpr (score == Score::margin) return (row.top - row.second) * row.inverse_sum;
  if constexpr (score == Score::least_confidence) return one - row.top * row.inverse_sum;
  if constexpr (score == Score::max_probability) return row.top * row.inverse_sum;
  if constexpr (score == Score::energy) return row.offset + row.log_sum;
  if constexpr (score == Score::perplexity) return exp(row.entropy);
  if constexpr (score == Score::cross_entropy) return row.log_sum - row.label_log;
  if constexpr (score == Score::el2n) {
    const V length = L::sqrt(row.other_sum * row.other_sum + row.other_squares) * row.inverse_sum;
    return row.label_log == row.label_log ? length : row.label_log;
  }
  if constexpr (score == Score::logit_margin) {
    const V margin = row.label_log - row.other_log;
    return row.inverse_sum == row.inverse_sum ? margin : row.inverse_sum;
  }
  const V half = V{} + static_cast<E>(0.5);
  if constexpr (score == Score::self_confidence) return share_of<kind>(row, row.label_weight, row.label_log);
  if constexpr (score == Score::normalized_margin) {
    const V label = share_of<kind>(row, row.label_weight, row.label_log);
    const V other = share_of<kind>(row, row.other_weight, row.other_log);
    return (label - other + one) * half;
  }
  if constexpr (score == Score::confidence_weighted_entropy) {
    return weighted_entropy_score(L::min(one, row.entropy * static_cast<E>(inverse_log_classes)),
                                  share_of<kind>(row, row.label_weight, row.label_log));
  }
  if constexpr (score == Score::mistakenness || score == Score::confidence_mistakenness) {
    V sure = row.top * row.inverse_sum;
    if constexpr (score == Score::mistakenness) sure = exp_fast(L::max(V{} + ExpTable<E>::lowest, V{} - row.entropy));
    const V sign = one - (row.right + row.right);  // -1 where the label is the prediction
    return (sign * sure + one) * half;
  }
}

// What a score needs of a row beyond the sum of its weights.
constexpr bool needs_entropy(Score score) {
  switch (score) {
    case Score::entropy:
    case Score::normalized_entropy:
    case Score::perplexity:
    case Score::confidence_weighted_entropy:
    case Score::mistakenness:
      return true;
    default:
      return false;
  }
}
constexpr bool needs_tops(Score score) {
  switch (score) {
    case Score::margin:
    case Score::logit_margin:
    case Score::correct:
    case Score::predictions:
    case Score::normalized_margin:
    case Score::mistakenness:
    case Score::confidence_mistakenness:
      return true;
    default:
      return false;
  }
}
constexpr bool needs_largest(Score score) {
  return needs_tops(score) || score == Score::least_confidence || score == Score::max_probability;
}
constexpr bool needs_every_class(Score score) { return score == Score::el2n || score == Score::rank_of_label; }

constexpr bool provides(Level level, Score score) {
  return (has_entropy(level) || !needs_entropy(score)) && (has_tops(level) || !needs_tops(score)) &&
         (level != Level::total || !needs_largest(score)) && (level == Level::labels || !needs_every_class(score));
}

// Hands every requested score of the row (or rows) to `put`: floating scores to put.value<score>(V); predictions and
// rank_of_label (all ones where undefined) and correct (1 or 0) to put.index<score>(Bits).
template <InputKind kind, Level level, class V, class Put>
BURNISH_HD void put_scores(const RowStats<V>& stats, const Label<V>& label, double classes, double inverse_log_classes,
                           Put& put) {
  using Bits = typename Lanes<V>::Bits;
  const RowWeights<V> row = finish_row<kind, level>(stats, label, classes, put.labeled());
  const auto value = [&]<Score score>() {
    if constexpr (provides(level, score)) {
      if (put.template wants<score>()) put.template value<score>(score_of<score, kind>(row, inverse_log_classes));
    }
  };
  value.template operator()<Score::entropy>();
  value.template operator()<Score::normalized_entropy>();
  if constexpr (kind != InputKind::sigmoid_logits) {
    value.template operator()<Score::margin>();
    value.template operator()<Score::least_confidence>();
    value.template operator()<Score::max_probability>();
    value.template operator()<Score::energy>();
    value.template operator()<Score::perplexity>();
    value.template operator()<Score::cross_entropy>();
    value.template operator()<Score::el2n>();
    value.template operator()<Score::logit_margin>();
    value.template operator()<Score::self_confidence>();
    value.template operator()<Score::normalized_margin>();
    value.template operator()<Score::confidence_weighted_entropy>();
    value.template operator()<Score::mistakenness>();
    value.template operator()<Score::confidence_mistakenness>();
    const Bits none = Bits{} - 1u;
    const Bits argmax = row.inverse_sum == row.inverse_sum ? stats.tops.argmax : none;
    if constexpr (has_tops(level)) {
      if (put.template wants<Score::predictions>()) put.template index<Score::predictions>(argmax);
      if (put.template wants<Score::correct>()) {
        const Bits right = argmax == label.index ? Bits{} + 1u : Bits{};
        put.template index<Score::correct>(label.value == label.value ? right : Bits{});
      }
    }
    if constexpr (level >= Level::labels) {
      if (put.template wants<Score::rank_of_label>()) {
        const Bits rank = label.value == label.value ? stats.above : none;
        put.template index<Score::rank_of_label>(row.inverse_sum == row.inverse_sum ? rank : none);
      }
    }
  }
}

}  // namespace burnish::hardness
