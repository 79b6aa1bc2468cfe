// SPDX-License-Identifier: Apache-2.0
// logits (n, c) -> scores (n,). Every element is read once:
//   c <= 32    a thread per row; the block's rows pass through shared memory, so that loads coalesce
//   c <= 4096  a warp per row, 1024 classes at a time in registers
//   else       a block per row, a warp per chunk of 1024 classes
// Sums follow the order of scores_math.hpp, so the results are the CPU's, bit for bit.
#include "core/cuda.hpp"
#include "core/visit.hpp"
#include "hardness/scores.hpp"
#include "hardness/scores_math.hpp"

namespace burnish::hardness {
namespace {

constexpr int warp_lanes = 32;
constexpr int block_threads = 128;
constexpr int block_warps = block_threads / warp_lanes;
constexpr int row_block_threads = 256;  // of the kernel with a block per row
constexpr int row_block_warps = row_block_threads / warp_lanes;
constexpr unsigned all_lanes = 0xffffffffu;
constexpr std::int64_t warp_row_classes = 4096;

static_assert(warp_lanes == lane_count && chunk_classes % lane_count == 0);

template <class F, class T>
__device__ __forceinline__ F read(const ScoreJob& job, const T* input, std::int64_t row, std::int64_t c) {
  const F value = static_cast<F>(widen(input[row * job.row_stride + c * job.class_stride]));
  return job.temperature == 1.0 ? value : value / static_cast<F>(job.temperature);
}

template <class F>
__device__ __forceinline__ Label<F> read_label(const ScoreJob& job, std::int64_t row) {
  Label<F> label;
  if (job.labels) {
    std::int64_t index = -1;
    visit_integer(job.label_dtype, [&]<class T>() {
      index = static_cast<std::int64_t>(static_cast<const T*>(job.labels)[row * job.label_stride]);
    });
    label.value = static_cast<F>(__builtin_nan(""));
    if (index >= 0 && index < job.classes) {
      label.index = static_cast<typename Lanes<F>::Bits>(index);
      visit_float(job.input_dtype,
                  [&]<class T>() { label.value = read<F>(job, static_cast<const T*>(job.input), row, index); });
    }
  }
  return label;
}

// Writes the scores of one row.
template <class F>
struct RowWriter {
  const ScoreJob& job;
  std::int64_t row;

  __device__ bool labeled() const { return job.labels != nullptr; }
  template <Score score>
  __device__ bool wants() const {
    return job.output[static_cast<std::size_t>(score)] != nullptr;
  }
  template <class T>
  __device__ void write(Score score, T value) {
    const auto i = static_cast<std::size_t>(score);
    static_cast<T*>(job.output[i])[row * job.output_stride[i]] = value;
  }
  template <Score score>
  __device__ void value(F value) {
    write(score, value);
  }
  template <Score score>
  __device__ void index(typename Lanes<F>::Bits index) {
    if constexpr (score == Score::correct) {
      write(score, index != 0);
    } else {
      const bool none = index == typename Lanes<F>::Bits{} - 1u;
      write(score, none ? std::int64_t{-1} : static_cast<std::int64_t>(index));
    }
  }
};

template <InputKind kind, Level level, class F>
__device__ __forceinline__ void write_row(const ScoreJob& job, std::int64_t row, const RowStats<F>& stats,
                                          const Label<F>& label) {
  RowWriter<F> writer{job, row};
  put_scores<kind, level>(stats, label, static_cast<double>(job.classes), job.inverse_log_classes, writer);
}

// ---- a thread per row ----

// Rows in shared memory lie an odd number of values apart, so that threads reading the same class of consecutive rows
// meet different banks.
__host__ __device__ constexpr int shared_stride(int classes) { return classes | 1; }

template <InputKind kind, Level level, class F>
__global__ void __launch_bounds__(block_threads) narrow_kernel(const ScoreJob job) {
  BURNISH_DYNAMIC_SHARED(F, tile);
  const int classes = static_cast<int>(job.classes);
  const int stride = shared_stride(classes);
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * block_threads;
  const std::int64_t left = job.rows - first_row;
  const int rows = left < block_threads ? static_cast<int>(left) : block_threads;
  const int thread = static_cast<int>(threadIdx.x);
  visit_float(job.input_dtype, [&]<class T>() {
    const T* input = static_cast<const T*>(job.input);
    // Element `thread` of the tile, then every block_threads-th; row and class advance without a division.
    const int row_step = block_threads / classes;
    const int class_step = block_threads % classes;
    int row = thread / classes;
    int c = thread % classes;
    while (row < rows) {
      tile[row * stride + c] = read<F>(job, input, first_row + row, c);
      row += row_step;
      c += class_step;
      if (c >= classes) {
        c -= classes;
        ++row;
      }
    }
  });
  __syncthreads();
  if (thread >= rows) return;
  const F* values = tile + thread * stride;
  const auto column = [values](int c) { return values[c]; };
  const Label<F> label = read_label<F>(job, first_row + thread);
  RowStats<F> stats;
  narrow_tops<kind, level>(stats, column, classes, label);
  narrow_sums<kind, level>(stats, column, classes, label);
  write_row<kind, level>(job, first_row + thread, stats, label);
}

// ---- a warp per chunk ----

template <class F>
__device__ __forceinline__ F largest_of_warp(F value) {
  for (int offset = warp_lanes / 2; offset > 0; offset /= 2) {
    value = Lanes<F>::max(value, __shfl_xor_sync(all_lanes, value, offset));
  }
  return value;
}

// Lane i adds lane i + 16, then i + 8, ...: the tree of tree_reduce; its mirror image in the other lanes gives them the
// same sums.
template <InputKind kind, Level level, class F>
__device__ __forceinline__ LaneStats<F> add_warp(LaneStats<F> lanes) {
  for (int offset = warp_lanes / 2; offset > 0; offset /= 2) {
    const auto across = [offset](auto value) { return __shfl_xor_sync(all_lanes, value, offset); };
    LaneStats<F> other;
    other.sums.sum = across(lanes.sums.sum);
    if constexpr (kind != InputKind::sigmoid_logits) other.sums.weighted = across(lanes.sums.weighted);
    if constexpr (has_tops(level)) {
      other.below = across(lanes.below);
      other.first = across(lanes.first);
      other.times = across(lanes.times);
    }
    if constexpr (level >= Level::labels) {
      other.sums.other_sum = across(lanes.sums.other_sum);
      other.sums.other_squares = across(lanes.sums.other_squares);
      other.above = across(lanes.above);
    }
    lanes = add_lanes<level>(lanes, other);
  }
  return lanes;
}

// Statistics of classes first..first+1024 of one row, the same in every lane.
template <InputKind kind, Level level, class F>
__device__ __forceinline__ RowStats<F> chunk_stats(const ScoreJob& job, std::int64_t row, std::int64_t first,
                                                   const Label<F>& label, int lane) {
  using Bits = typename Lanes<F>::Bits;
  constexpr int steps = chunk_classes / lane_count;
  const std::int64_t left = job.classes - first;
  const int count = left < chunk_classes ? static_cast<int>(left) : chunk_classes;

  F values[steps];
  visit_float(job.input_dtype, [&]<class T>() {
    const T* input = static_cast<const T*>(job.input);
#pragma unroll
    for (int step = 0; step < steps; ++step) {
      const int c = step * lane_count + lane;
      values[step] = c < count ? read<F>(job, input, row, first + c) : padding<kind, F>();
    }
  });
  F largest = -infinity<F>();
  if constexpr (kind != InputKind::sigmoid_logits) {
#pragma unroll
    for (int step = 0; step < steps; ++step) {
      if (step * lane_count + lane < count) largest = Lanes<F>::max(values[step], largest);
    }
    largest = largest_of_warp(largest);
  }
  LaneStats<F> lanes;
#pragma unroll
  for (int step = 0; step < steps; ++step) {
    if (step * lane_count < count) {
      add_to_lane<kind, level>(lanes, values[step], largest, static_cast<Bits>(first + step * lane_count + lane),
                               label);
    }
  }
  return chunk_of_lanes(add_warp<kind, level>(lanes), largest);
}

// Each warp takes `rows_per_warp` (at most 32) rows one after the other; lane i keeps the statistics of row i, so that
// the scores themselves are computed and written by all lanes at once.
template <InputKind kind, Level level, class F>
__global__ void __launch_bounds__(block_threads) warp_kernel(const ScoreJob job, int rows_per_warp) {
  const int lane = static_cast<int>(threadIdx.x) % warp_lanes;
  const int warp = static_cast<int>(threadIdx.x) / warp_lanes;
  const std::int64_t first_row = (static_cast<std::int64_t>(blockIdx.x) * block_warps + warp) * rows_per_warp;
  RowStats<F> mine;
  Label<F> my_label;
  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t row = first_row + r;
    if (row >= job.rows) break;
    const Label<F> label = read_label<F>(job, row);
    RowStats<F> stats;
    for (std::int64_t first = 0; first < job.classes; first += chunk_classes) {
      append_chunk<kind, level>(stats, chunk_stats<kind, level>(job, row, first, label, lane), first == 0);
    }
    if (lane == r) {
      mine = stats;
      my_label = label;
    }
  }
  if (lane < rows_per_warp && first_row + lane < job.rows) {
    write_row<kind, level>(job, first_row + lane, mine, my_label);
  }
}

// ---- a block per row ----

template <InputKind kind, Level level, class F>
__global__ void __launch_bounds__(row_block_threads) block_kernel(const ScoreJob job) {
  BURNISH_DYNAMIC_SHARED(RowStats<F>, chunks);
  const int lane = static_cast<int>(threadIdx.x) % warp_lanes;
  const int warp = static_cast<int>(threadIdx.x) / warp_lanes;
  const std::int64_t row = blockIdx.x;
  const Label<F> label = read_label<F>(job, row);
  RowStats<F> stats;
  constexpr std::int64_t round_classes = std::int64_t{row_block_warps} * chunk_classes;
  for (std::int64_t round = 0; round < job.classes; round += round_classes) {
    const std::int64_t first = round + warp * chunk_classes;
    if (first < job.classes) {
      const RowStats<F> chunk = chunk_stats<kind, level>(job, row, first, label, lane);
      if (lane == 0) chunks[warp] = chunk;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      for (int w = 0; w < row_block_warps; ++w) {
        const std::int64_t start = round + w * chunk_classes;
        if (start < job.classes) append_chunk<kind, level>(stats, chunks[w], start == 0);
      }
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) write_row<kind, level>(job, row, stats, label);
}

template <InputKind kind, Level level, class F>
void launch_for(const ScoreJob& job, void* stream) {
  constexpr const char* what = "burnish.hardness on the GPU";
  if (job.classes <= narrow_classes) {
    const std::size_t bytes = sizeof(F) * block_threads * shared_stride(static_cast<int>(job.classes));
    cuda::launch(what, narrow_kernel<kind, level, F>,
                 {cuda::grid_of(job.rows, block_threads), dim3(block_threads), bytes, stream}, job);
  } else if (job.classes <= warp_row_classes) {
    // Few rows: fewer to a warp, so that every multiprocessor has work.
    const std::int64_t warps_wanted = std::int64_t{16} * cuda::multiprocessors();
    const std::int64_t share = job.rows / warps_wanted;
    const int rows_per_warp = static_cast<int>(share < 1 ? 1 : share < warp_lanes ? share : warp_lanes);
    cuda::launch(what, warp_kernel<kind, level, F>,
                 {cuda::grid_of(job.rows, std::int64_t{block_warps} * rows_per_warp), dim3(block_threads), 0, stream},
                 job, rows_per_warp);
  } else {
    cuda::launch(what, block_kernel<kind, level, F>,
                 {cuda::grid_of(job.rows, 1), dim3(row_block_threads), sizeof(RowStats<F>) * row_block_warps, stream},
                 job);
  }
}

}  // namespace

void score_rows_cuda(const ScoreJob& job, int device, void* stream) {
  if (job.rows == 0) return;
  const cuda::DeviceGuard guard(device);
  visit_kind_and_level(job, [&]<InputKind kind, Level level>() {
    if (job.compute == DType::float64) {
      launch_for<kind, level, double>(job, stream);
    } else {
      launch_for<kind, level, float>(job, stream);
    }
  });
}

}  // namespace burnish::hardness
