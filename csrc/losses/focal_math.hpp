// SPDX-License-Identifier: Apache-2.0
// Focal cross-entropy and its gradient for one row, for scalars (CUDA threads) and vectors (CPU lanes).
//
// With l = ln p, f(l) = -(1 - p)^gamma l and f'(l) = (1 - p)^gamma (gamma p l / (1 - p) - 1). Three things keep both
// finite and exact: l and 1 - p come from sums of exponentials, never from a rounded p; near p = 1 the logarithm is
// that of 1 - (1 - p); and l / (1 - p), which stands where others divide by zero, tends to -1. The order of additions
// is fixed, so that a row has the same bits at each level, thread count and memory layout, and on CUDA: class c belongs
// to lane c % 32, each lane adds its classes in order, and lanes are added in a fixed tree.
#pragma once

#include <cstdint>

#include "core/exp.hpp"
#include "core/float16.hpp"
#include "core/lanes.hpp"
#include "losses/focal.hpp"

namespace burnish::losses {

inline constexpr int lane_count = 32;
inline constexpr int narrow_classes = 32;  // up to this many classes a lane or thread has a row to itself

template <class V>
using ElementOf = typename Lanes<V>::Element;

template <class V>
BURNISH_HD V infinite() {
  return V{} + static_cast<ElementOf<V>>(__builtin_inf());
}

template <class V>
BURNISH_HD V not_a_number() {
  return V{} + static_cast<ElementOf<V>>(__builtin_nan(""));
}

// Lowest finite number: what is subtracted from logits of which all are -inf.
template <class F>
BURNISH_HD constexpr F lowest_finite() {
  return sizeof(F) == 4 ? static_cast<F>(-0x1.fffffep127f) : static_cast<F>(-0x1.fffffffffffffp1023);
}

// A huge exponent behaves as any other; as float it must not be infinite.
template <class F>
BURNISH_HD F gamma_of(double gamma) {
  return static_cast<F>(gamma < 1e30 ? gamma : 1e30);
}

// x^gamma for 0 <= x <= 1 whose logarithm is at hand, or not: `log_of` is called where it is needed.
template <class V, class E, class Log>
BURNISH_HD V power(V x, E gamma, Log log_of) {
  if (gamma == 0) return x == x ? V{} + E{1} : x;
  if (gamma == 1) return x;
  if (gamma == 2) return x * x;
  return exp(log_of() * gamma);
}

template <class V>
struct Term {
  V loss{};   // f
  V slope{};  // f'
};

// f and f' from ln p, p, 1 - p and (1 - p)^gamma.
template <class V, class E>
BURNISH_HD Term<V> focal_term(V log_p, V p, V rest, V modulation, E gamma) {
  const V one = V{} + E{1};
  const V ratio = rest >= V{} + LogTable<E>::smallest_normal ? log_p / rest : V{} - one;
  const V pull = p > V{} ? p * ratio : V{};  // p ln p tends to 0
  Term<V> term;
  term.loss = modulation * (V{} - log_p);
  term.slope = modulation * (gamma * pull - one);
  return term;
}

// ---- softmax ----

// Sums of exp(z - base) over the classes: of all, and of those below the largest.
template <class V>
struct Sums {
  V all{};
  V below{};
};

template <class V>
BURNISH_HD void add_weight(Sums<V>& sums, V weight) {
  sums.all += weight;
  sums.below += weight < V{} + ElementOf<V>{1} ? weight : V{};
}

// exp(z - base); 0 for z = -inf.
template <class V>
BURNISH_HD V weight_of(V z, V base) {
  return exp_fast(Lanes<V>::max(V{} + ExpTable<ElementOf<V>>::lowest, z - base));
}

template <class V>
BURNISH_HD V base_of(V largest) {
  return Lanes<V>::max(largest, V{} + lowest_finite<ElementOf<V>>());
}

// What takes the place of a logit in a row with +inf: the limit of the softmax, shared by all that are +inf.
template <class F>
BURNISH_HD F limit_of(F z) {
  const F infinity = static_cast<F>(__builtin_inf());
  if (z != z) return z;
  return z == infinity ? F{0} : -infinity;
}

template <class V>
struct Row {
  V inverse{};  // 1 / sum, NaN where no distribution is defined: NaN among the logits, or all of them -inf
  V log_sum{};
  V half{};
  V below{};
};

template <class V>
BURNISH_HD Row<V> finish_sums(const Sums<V>& sums) {
  using E = ElementOf<V>;
  const V sum = sums.all >= V{} + LogTable<E>::smallest_normal ? sums.all : not_a_number<V>();
  Row<V> row;
  row.inverse = E{1} / sum;
  row.log_sum = sum == sum ? log_positive(sum) : sum;
  row.half = sum * static_cast<E>(0.5);
  row.below = sums.below;
  return row;
}

template <class V>
struct Share {
  V p{};
  V rest{};  // 1 - p
};

// More than half the sum is the largest weight, and the rest those below it.
template <class V>
BURNISH_HD Share<V> share_of(const Row<V>& row, V weight) {
  using E = ElementOf<V>;
  Share<V> share;
  share.p = weight * row.inverse;
  share.rest = weight > row.half ? row.below * row.inverse : (V{} + E{1}) - share.p;
  return share;
}

// Term of one class: `shifted` is z - base, `weight` its exponential.
template <class V, class E>
BURNISH_HD Term<V> class_term(const Row<V>& row, const Share<V>& share, V shifted, E gamma) {
  const V near_one = log_of_parts(V{} - share.rest, V{});
  const V log_p = share.rest < V{} + static_cast<E>(0.25) ? near_one : shifted - row.log_sum;
  const V modulation = power(share.rest, gamma, [&] { return log(share.rest); });
  return focal_term(log_p, share.p, share.rest, modulation, gamma);
}

// One class is right. The gradient is `own` for it and weight * `other` for each other class.
template <class V>
struct HardRow {
  V loss{};
  V own{};
  V other{};
};

template <class V, class E>
BURNISH_HD HardRow<V> hard_row(const Row<V>& row, V shifted, V weight, V amount, E gamma, E scale) {
  const Share<V> share = share_of(row, weight);
  const Term<V> term = class_term(row, share, shifted, gamma);
  HardRow<V> result;
  const V slope = term.slope * amount * scale;
  result.loss = amount == V{} ? V{} * row.inverse : term.loss * amount;
  result.own = slope * share.rest;
  result.other = (V{} - slope) * row.inverse;
  return result;
}

// `amount` = alpha w_c t_c: nothing of a class that has none, whatever its logit.
template <class V, class E>
BURNISH_HD Term<V> soft_term(const Row<V>& row, const Share<V>& share, V shifted, V amount, E gamma) {
  Term<V> term = class_term(row, share, shifted, gamma);
  term.loss = amount == V{} ? V{} : term.loss * amount;
  term.slope = amount == V{} ? V{} : term.slope * amount;
  return term;
}

// Of class c, given the sum of all slopes: s_c (1 - p_c) - p_c (sum - s_c).
template <class V, class E>
BURNISH_HD V soft_gradient(const Share<V>& share, V slope, V slope_sum, E scale) {
  return (slope * share.rest - share.p * (slope_sum - slope)) * scale;
}

// Target of a class: smoothed, and times alpha; the class's weight comes on top.
template <class E>
struct Mixing {
  E keep;   // 1 - label_smoothing
  E floor;  // label_smoothing / classes
  E alpha;
};

template <class V, class E>
BURNISH_HD V amount_of(const Mixing<E>& mixing, V target) {
  return (target * mixing.keep + mixing.floor) * mixing.alpha;
}

template <class E>
BURNISH_HD Mixing<E> mixing_of(const Common& job, std::int64_t classes) {
  return {static_cast<E>(1 - job.smoothing), static_cast<E>(job.smoothing / static_cast<double>(classes)),
          static_cast<E>(job.alpha)};
}

// ---- sigmoid ----

template <class V>
struct SigmoidTerm {
  V loss{};
  V gradient{};
};

// -|z|, or NaN.
template <class V>
BURNISH_HD V distance_of(V z) {
  return z >= V{} ? V{} - z : z;
}

// The same, and finite.
template <class V>
BURNISH_HD V finite_distance_of(V z) {
  return Lanes<V>::max(V{} + ExpTable<ElementOf<V>>::lowest, distance_of(z));
}

// exp(-|z|): the likely class has p = 1 / (1 + weight), the other weight / (1 + weight).
template <class V>
BURNISH_HD V sigmoid_weight(V z) {
  return exp_in_range(finite_distance_of(z));
}

// focal_term of both classes; `ratio` is ln(1 + weight) / weight. In p ln p / (1 - p) all cancels but -ratio for the
// likely class, and weight ln p for the other. `negative` and `positive` are the classes' amounts, as of soft_term.
template <class V, class E>
BURNISH_HD SigmoidTerm<V> sigmoid_term(V z, V weight, V ratio, V negative, V positive, E gamma) {
  const V one = V{} + E{1};
  const auto is_positive = z >= V{};
  const V distance = distance_of(z);
  const V log_sum = weight * ratio;  // -ln p of the likely class
  const V likely = one / (weight + one);
  const V unlikely = weight * likely;
  const V of_likely = is_positive ? positive : negative;
  const V of_unlikely = is_positive ? negative : positive;
  const V likely_power = power(unlikely, gamma, [&] { return distance - log_sum; });
  const V unlikely_power = power(likely, gamma, [&] { return V{} - log_sum; });
  const V likely_slope = likely_power * (V{} - E{1} - gamma * ratio) * of_likely;
  const V unlikely_slope = unlikely_power * (gamma * (weight * (finite_distance_of(z) - log_sum)) - E{1}) * of_unlikely;
  const V gradient = likely_slope * unlikely - unlikely_slope * likely;
  const V unlikely_loss = of_unlikely == V{} ? V{} : unlikely_power * (log_sum - distance) * of_unlikely;
  const auto is_number = z == z;
  SigmoidTerm<V> result;
  result.loss = is_number ? likely_power * log_sum * of_likely + unlikely_loss : z;
  result.gradient = is_number ? (is_positive ? gradient : V{} - gradient) : z;
  return result;
}

// ---- storing ----

BURNISH_HD void narrow(float value, float& to) { to = value; }
BURNISH_HD void narrow(double value, double& to) { to = value; }
BURNISH_HD void narrow(float value, Float16& to) { to = to_float16(static_cast<double>(value)); }
BURNISH_HD void narrow(float value, BFloat16& to) { to = to_bfloat16(value); }

}  // namespace burnish::losses
