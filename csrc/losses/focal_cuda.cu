// SPDX-License-Identifier: Apache-2.0
// logits (b, c, d) -> losses (b * d,), gradient (b, c, d) and totals. Every sum follows the order of focal_math.hpp and
// partial_sums.hpp, so the results are the CPU's, bit for bit.
//   classes side by side, more than 32   a warp per row; up to 1024 of them stay in registers
//   else                                 a thread per row: neighbors read neighbors of the same class
#include <type_traits>

#include "core/cuda.hpp"
#include "core/visit.hpp"
#include "losses/focal.hpp"
#include "losses/focal_math.hpp"
#include "losses/partial_sums.hpp"

namespace burnish::losses {
namespace {

constexpr const char* what = "burnish.losses on the GPU";
constexpr int block_threads = 128;
constexpr int warp_lanes = 32;
constexpr int block_warps = block_threads / warp_lanes;
constexpr unsigned all_lanes = 0xffffffffu;
constexpr std::int64_t kept_classes = 1024;  // of a row in the registers of a warp

static_assert(warp_lanes == lane_count && warp_lanes == sum_lanes);

template <class T>
using ComputeOf = std::conditional_t<std::is_same_v<T, double>, double, float>;

// Each lane gets the sum of the tree of halves, which is the same seen from every lane.
template <class F>
__device__ __forceinline__ F add_warp(F value) {
  for (int offset = warp_lanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(all_lanes, value, offset);
  return value;
}

__device__ __forceinline__ std::int64_t global_warp() {
  return static_cast<std::int64_t>(blockIdx.x) * block_warps + static_cast<int>(threadIdx.x) / warp_lanes;
}

// ---- sums over rows ----

// Adds value_of(row) of the rows of one partial; all lanes of the warp call it.
template <class Value>
__device__ __forceinline__ double add_partial(std::int64_t partial, std::int64_t rows, const Value& value_of) {
  const std::int64_t first = partial * rows_per_partial;
  const std::int64_t last = first + rows_per_partial < rows ? first + rows_per_partial : rows;
  double sum = 0;
  for (std::int64_t row = first + threadIdx.x % warp_lanes; row < last; row += warp_lanes) sum += value_of(row);
  return add_warp(sum);
}

enum class Total : std::uint8_t { loss, divisor };

// One warp: the partials into one of the totals.
__global__ void __launch_bounds__(warp_lanes)
    total_kernel(const double* partials, std::int64_t count, double* totals, Total which, bool divides) {
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < count; i += warp_lanes) sum += partials[i];
  sum = add_warp(sum);
  if (threadIdx.x != 0) return;
  if (which == Total::divisor) {
    totals[1] = sum;
  } else {
    totals[0] = divides ? sum / totals[1] : sum;
  }
}

__global__ void set_divisor_kernel(double* totals, double value) { totals[1] = value; }

template <class F>
__global__ void __launch_bounds__(block_threads) loss_kernel(const F* losses, std::int64_t rows, double* partials) {
  const std::int64_t partial = global_warp();
  if (partial >= partial_count(rows)) return;
  const double sum = add_partial(partial, rows, [&](std::int64_t row) { return static_cast<double>(losses[row]); });
  if (threadIdx.x % warp_lanes == 0) partials[partial] = sum;
}

cuda::LaunchShape warps(std::int64_t count, void* stream) {
  return {cuda::grid_of(count, block_warps), dim3(block_threads), 0, stream};
}

void launch_total(const Common& job, std::int64_t rows, Total which, void* stream) {
  cuda::launch(what, total_kernel, {dim3(1), dim3(warp_lanes), 0, stream}, static_cast<const double*>(job.partials),
               partial_count(rows), job.totals, which, job.divides_loss);
}

// ---- softmax ----

constexpr std::int64_t ignored_class = -1;
constexpr std::int64_t wrong_class = -2;

__device__ __forceinline__ std::int64_t read_class(const SoftmaxJob& job, std::int64_t row) {
  std::int64_t label = 0;
  const std::int64_t place = job.target_places.of_row(row);
  bool fits = true;
  visit_integer(job.target_dtype, [&]<class T>() {
    const T value = static_cast<const T*>(job.targets)[place];
    label = static_cast<std::int64_t>(value);
    fits = std::is_signed_v<T> || sizeof(T) < 8 || label >= 0;
  });
  if (fits && label == job.ignore_index) return ignored_class;
  return fits && label >= 0 && label < job.classes ? label : wrong_class;
}

template <class F>
__global__ void __launch_bounds__(block_threads) divisor_kernel(const SoftmaxJob job) {
  const std::int64_t partial = global_warp();
  if (partial >= partial_count(job.rows)) return;
  const double sum = add_partial(partial, job.rows, [&](std::int64_t row) {
    const std::int64_t label = read_class(job, row);
    if (label < 0) return 0.0;
    return job.weight ? static_cast<double>(static_cast<const F*>(job.weight)[label]) : 1.0;
  });
  if (threadIdx.x % warp_lanes == 0) job.partials[partial] = sum;
}

// Who shares a row: a thread alone, which keeps 32 lanes of each sum (in registers where it unrolls), or a warp, each
// of whose threads is one lane.
template <bool unrolls>
struct Thread {
  static constexpr int lanes = lane_count;
  static constexpr int kept = 1;

  template <class Each>
  __device__ __forceinline__ void for_classes(std::int64_t classes, const Each& each) const {
    if constexpr (unrolls) {
      for (std::int64_t first = 0; first < classes; first += lane_count) {
#pragma unroll
        for (int lane = 0; lane < lane_count; ++lane) {
          if (first + lane < classes) each(first + lane, lane, 0);
        }
      }
    } else {
#pragma unroll 1
      for (std::int64_t c = 0; c < classes; ++c) each(c, static_cast<int>(c % lane_count), 0);
    }
  }
  template <class F>
  __device__ __forceinline__ F add(F (&sums)[lanes]) const {
#pragma unroll
    for (int half = lanes / 2; half > 0; half /= 2) {
#pragma unroll
      for (int lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
    }
    return sums[0];
  }
  template <class F>
  __device__ __forceinline__ F largest(F value) const {
    return value;
  }
  __device__ __forceinline__ bool is_first() const { return true; }
};

template <bool keeps>
struct Warp {
  static constexpr int lanes = 1;
  static constexpr int kept = keeps ? static_cast<int>(kept_classes) / warp_lanes : 1;

  template <class Each>
  __device__ __forceinline__ void for_classes(std::int64_t classes, const Each& each) const {
    const int lane = static_cast<int>(threadIdx.x) % warp_lanes;
    if constexpr (keeps) {
#pragma unroll
      for (int step = 0; step < kept; ++step) {
        if (step * warp_lanes + lane < classes) each(step * warp_lanes + lane, 0, step);
      }
    } else {
      for (std::int64_t c = lane; c < classes; c += warp_lanes) each(c, 0, 0);
    }
  }
  template <class F>
  __device__ __forceinline__ F add(F (&sums)[lanes]) const {
    return add_warp(sums[0]);
  }
  template <class F>
  __device__ __forceinline__ F largest(F value) const {
    for (int offset = warp_lanes / 2; offset > 0; offset /= 2) {
      value = Lanes<F>::max(value, __shfl_xor_sync(all_lanes, value, offset));
    }
    return value;
  }
  __device__ __forceinline__ bool is_first() const { return threadIdx.x % warp_lanes == 0; }
};

// One row.
template <class Team, bool soft, class T>
__device__ __forceinline__ void softmax_row(const SoftmaxJob& job, std::int64_t row, const Team& team) {
  using F = ComputeOf<T>;
  const std::int64_t classes = job.classes;
  const T* logits = static_cast<const T*>(job.logits) + job.logit_places.of_row(row);
  T* gradient = static_cast<T*>(job.gradient) + (job.gradient ? job.gradient_places.of_row(row) : 0);
  F* losses = static_cast<F*>(job.losses);
  const F* offset = static_cast<const F*>(job.offset);
  const F* weights = static_cast<const F*>(job.weight);
  const std::int64_t gradient_stride = job.gradient_places.class_stride;
  const F scale = static_cast<F>(job.final_scale());
  const F gamma = gamma_of<F>(job.gamma);

  const std::int64_t label = job.soft_targets ? 0 : read_class(job, row);
  if (label < 0) {
    const F nothing = label == ignored_class ? F{0} : static_cast<F>(__builtin_nan(""));
    if (team.is_first()) losses[row] = nothing;
    if (job.gradient) {
      team.for_classes(classes, [&](std::int64_t c, int, int) { narrow(nothing, gradient[c * gradient_stride]); });
    }
    return;
  }

  const auto read = [&](std::int64_t c) {
    const F z = static_cast<F>(widen(logits[c * job.logit_places.class_stride]));
    return offset ? z + offset[c] : z;
  };
  F kept[Team::kept];
  F largest = -infinite<F>();
  team.for_classes(classes, [&](std::int64_t c, int, int step) {
    const F z = read(c);
    if constexpr (Team::kept > 1) kept[step] = z;
    largest = Lanes<F>::max(z, largest);
  });
  largest = team.largest(largest);
  const bool is_limit = largest == infinite<F>();
  const F base = is_limit ? F{0} : base_of(largest);
  const auto value_of = [&](std::int64_t c, int step) {
    F z;
    if constexpr (Team::kept > 1) {
      z = kept[step];
    } else {
      z = read(c);
    }
    return is_limit ? limit_of(z) : z;
  };

  F all[Team::lanes] = {};
  F below[Team::lanes] = {};
  team.for_classes(classes, [&](std::int64_t c, int lane, int step) {
    const F weight = weight_of(value_of(c, step), base);
    all[lane] += weight;
    below[lane] += weight < F{1} ? weight : F{0};
  });
  const F all_sum = team.add(all);
  const Row<F> sums = finish_sums(Sums<F>{all_sum, team.add(below)});

  if constexpr (!soft) {
    const F own = is_limit ? limit_of(read(label)) : read(label);
    const F amount = static_cast<F>(job.alpha) * (weights ? weights[label] : F{1});
    const HardRow<F> result = hard_row(sums, own - base, weight_of(own, base), amount, gamma, scale);
    if (team.is_first()) losses[row] = result.loss;
    if (!job.gradient) return;
    team.for_classes(classes, [&](std::int64_t c, int, int step) {
      const F other = weight_of(value_of(c, step), base) * result.other;
      narrow(c == label ? result.own : other, gradient[c * gradient_stride]);
    });
  } else {
    const Mixing<F> mixing = mixing_of<F>(job, classes);
    const std::int64_t target_place = job.soft_targets ? job.target_places.of_row(row) : 0;
    const auto term_of = [&](std::int64_t c, F z, const Share<F>& share) {
      F target = c == label ? F{1} : F{0};
      if (job.soft_targets) {
        visit_float(job.target_dtype, [&]<class U>() {
          const U* targets = static_cast<const U*>(job.targets) + target_place;
          target = static_cast<F>(widen(targets[c * job.target_places.class_stride]));
        });
      }
      const F amount = amount_of(mixing, target) * (weights ? weights[c] : F{1});
      return soft_term(sums, share, z - base, amount, gamma);
    };
    F loss[Team::lanes] = {};
    F slopes[Team::lanes] = {};
    team.for_classes(classes, [&](std::int64_t c, int lane, int step) {
      const F z = value_of(c, step);
      const Term<F> term = term_of(c, z, share_of(sums, weight_of(z, base)));
      loss[lane] += term.loss;
      slopes[lane] += term.slope;
    });
    const F loss_sum = team.add(loss) + F{0} * sums.inverse;
    const F slope_sum = team.add(slopes);
    if (team.is_first()) losses[row] = loss_sum;
    if (!job.gradient) return;
    team.for_classes(classes, [&](std::int64_t c, int, int step) {
      const F z = value_of(c, step);
      const Share<F> share = share_of(sums, weight_of(z, base));
      const F slope = term_of(c, z, share).slope;
      narrow(soft_gradient(share, slope, slope_sum, scale), gradient[c * gradient_stride]);
    });
  }
}

template <bool soft, class T>
__global__ void __launch_bounds__(block_threads) thread_kernel(const SoftmaxJob job) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * block_threads + threadIdx.x;
  if (row < job.rows) softmax_row<Thread<!soft>, soft, T>(job, row, {});
}

template <bool keeps, bool soft, class T>
__global__ void __launch_bounds__(block_threads) warp_kernel(const SoftmaxJob job) {
  const std::int64_t row = global_warp();
  if (row < job.rows) softmax_row<Warp<keeps>, soft, T>(job, row, {});
}

template <bool soft, class T>
void launch_rows(const SoftmaxJob& job, void* stream) {
  const bool side_by_side = job.logit_places.class_stride == 1;
  if (job.classes <= narrow_classes || !side_by_side) {
    const cuda::LaunchShape shape{cuda::grid_of(job.rows, block_threads), dim3(block_threads), 0, stream};
    cuda::launch(what, thread_kernel<soft, T>, shape, job);
  } else if (!soft && job.classes <= kept_classes) {
    cuda::launch(what, warp_kernel<!soft, soft, T>, warps(job.rows, stream), job);
  } else {
    cuda::launch(what, warp_kernel<false, soft, T>, warps(job.rows, stream), job);
  }
}

// ---- sigmoid ----

// Not a number where it is out of range.
template <class F>
__device__ __forceinline__ F read_target(const SigmoidJob& job, std::int64_t i, F ignored) {
  F target{};
  if (job.target_dtype <= DType::bfloat16) {
    visit_float(job.target_dtype, [&]<class T>() {
      target = static_cast<F>(widen(static_cast<const T*>(job.targets)[i * job.target_stride]));
    });
  } else {
    visit_integer(job.target_dtype, [&]<class T>() {
      target = static_cast<F>(static_cast<const T*>(job.targets)[i * job.target_stride]);
    });
  }
  const bool fits = target == ignored || (target >= 0 && target <= 1);
  return fits ? target : static_cast<F>(__builtin_nan(""));
}

template <class F>
__global__ void __launch_bounds__(block_threads) counted_kernel(const SigmoidJob job) {
  const std::int64_t partial = global_warp();
  if (partial >= partial_count(job.rows)) return;
  const F ignored = static_cast<F>(job.ignore_index);
  const double sum = add_partial(partial, job.rows,
                                 [&](std::int64_t i) { return read_target(job, i, ignored) == ignored ? 0.0 : 1.0; });
  if (threadIdx.x % warp_lanes == 0) job.partials[partial] = sum;
}

// A warp per partial: its lanes are those of the CPU's loop.
template <class T>
__global__ void __launch_bounds__(block_threads) sigmoid_kernel(const SigmoidJob job) {
  using F = ComputeOf<T>;
  const std::int64_t partial = global_warp();
  if (partial >= partial_count(job.rows)) return;
  const F gamma = gamma_of<F>(job.gamma);
  const F scale = static_cast<F>(job.final_scale());
  const F keep = static_cast<F>(1 - job.smoothing);
  const F floor = static_cast<F>(job.smoothing / 2);
  const F negative_weight = static_cast<F>(job.alpha * job.weights[0]);
  const F positive_weight = static_cast<F>(job.alpha * job.weights[1]);
  const F ignored = static_cast<F>(job.ignore_index);
  const T* logits = static_cast<const T*>(job.logits);
  const std::int64_t first = partial * rows_per_partial;
  const std::int64_t last = first + rows_per_partial < job.rows ? first + rows_per_partial : job.rows;
  F sum{};
  for (std::int64_t i = first + threadIdx.x % warp_lanes; i < last; i += warp_lanes) {
    const F given = read_target(job, i, ignored);
    const bool is_ignored = given == ignored;
    const F t = given * keep + floor;
    const F z = static_cast<F>(widen(logits[i * job.logit_stride]));
    const F weight = sigmoid_weight(z);
    const SigmoidTerm<F> term =
        sigmoid_term(z, weight, log1p_ratio(weight), (F{1} - t) * negative_weight, t * positive_weight, gamma);
    const F loss = is_ignored ? F{0} : term.loss;
    sum += loss;
    if (job.losses) static_cast<F*>(job.losses)[i] = loss;
    if (job.gradient) {
      narrow(is_ignored ? F{0} : term.gradient * scale, static_cast<T*>(job.gradient)[i * job.gradient_stride]);
    }
  }
  sum = add_warp(sum);
  if (threadIdx.x % warp_lanes == 0) job.partials[partial] = static_cast<double>(sum);
}

// ---- gradient times factor ----

template <class T>
__global__ void __launch_bounds__(block_threads) scale_kernel(const ScaleJob job) {
  using F = ComputeOf<T>;
  const std::int64_t count = job.batches * job.classes * job.inner;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * block_threads;
  const T* from = static_cast<const T*>(job.gradient);
  T* to = static_cast<T*>(job.out);
  visit_float(job.factor_dtype, [&]<class U>() {
    const U* factors = static_cast<const U*>(job.factor);
    F factor{};
    if (job.one_factor) {
      factor = static_cast<F>(job.factor_at(factors, 0));
      if (factor == F{1} && job.gradient == job.out) return;
    }
    for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * block_threads + threadIdx.x; i < count; i += step) {
      if (!job.one_factor) {
        const std::int64_t batch = i / (job.classes * job.inner);
        factor = static_cast<F>(job.factor_at(factors, batch * job.inner + i % job.inner));
      }
      narrow(static_cast<F>(widen(from[i])) * factor, to[i]);
    }
  });
}

}  // namespace

void softmax_cuda(const SoftmaxJob& job, int device, void* stream) {
  const cuda::DeviceGuard guard(device);
  const std::int64_t partials = partial_count(job.rows);
  if (job.soft_targets || job.rows == 0) {
    cuda::launch(what, set_divisor_kernel, {dim3(1), dim3(1), 0, stream}, job.totals, static_cast<double>(job.rows));
  } else {
    visit_native_float(job.dtype,
                       [&]<class F>() { cuda::launch(what, divisor_kernel<F>, warps(partials, stream), job); });
    launch_total(job, job.rows, Total::divisor, stream);
  }
  if (job.rows > 0) {
    visit_float(job.dtype, [&]<class T>() {
      if (job.is_soft()) {
        launch_rows<true, T>(job, stream);
      } else {
        launch_rows<false, T>(job, stream);
      }
    });
    visit_native_float(job.dtype, [&]<class F>() {
      cuda::launch(what, loss_kernel<F>, warps(partials, stream), static_cast<const F*>(job.losses), job.rows,
                   job.partials);
    });
  }
  launch_total(job, job.rows, Total::loss, stream);
}

void sigmoid_cuda(const SigmoidJob& job, int device, void* stream) {
  const cuda::DeviceGuard guard(device);
  const std::int64_t partials = partial_count(job.rows);
  if (job.rows == 0) {
    cuda::launch(what, set_divisor_kernel, {dim3(1), dim3(1), 0, stream}, job.totals, 0.0);
  } else {
    visit_native_float(job.dtype,
                       [&]<class F>() { cuda::launch(what, counted_kernel<F>, warps(partials, stream), job); });
    launch_total(job, job.rows, Total::divisor, stream);
    visit_float(job.dtype, [&]<class T>() { cuda::launch(what, sigmoid_kernel<T>, warps(partials, stream), job); });
  }
  launch_total(job, job.rows, Total::loss, stream);
}

void scale_cuda(const ScaleJob& job, int device, void* stream) {
  const std::int64_t count = job.batches * job.classes * job.inner;
  if (count == 0) return;
  const cuda::DeviceGuard guard(device);
  const std::int64_t wanted = (count + block_threads - 1) / block_threads;
  const std::int64_t most = std::int64_t{16} * cuda::multiprocessors();
  const dim3 grid(static_cast<unsigned>(wanted < most ? wanted : most));
  visit_float(job.dtype,
              [&]<class T>() { cuda::launch(what, scale_kernel<T>, {grid, dim3(block_threads), 0, stream}, job); });
}

}  // namespace burnish::losses
