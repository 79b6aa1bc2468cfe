// SPDX-License-Identifier: Apache-2.0
// A pass over every sample of a batch that has one of its number: blocks read a run of pixels, change them in registers
// and write them once.
#include "augment/items_cuda.cuh"
#include "augment/launches_cuda.hpp"
#include "augment/parts_cuda.cuh"
#include "augment/pixels_cuda.cuh"
#include "augment/source_cuda.cuh"
#include "augment/target_cuda.cuh"

namespace burnish::augment {
namespace {

constexpr int blocks_at_once = 3;  // on a multiprocessor: 80 registers for a thread

__device__ Change change_of(const PassView& view, const DeviceOp& op) {
  const DevicePass& pass = view.pass;
  Change change;
  change.op = op.op;
  change.levels = op.levels;
  change.params = view.part<double>(op.params);
  change.param_count = op.param_count;
  change.options = view.part<double>(op.options);
  change.option_count = op.option_count;
  change.table =
      op.table < 0 ? reinterpret_cast<const float*>(view.memory + pass.left_tables) : view.part<float>(op.table);
  change.table_step = op.table < 0 ? table_size : 0;
  change.noise = pass.noise;
  change.noise.place = op.place;
  if (op.op == Op::contrast || op.op == Op::linear_by_mean) {
    const auto sum = *reinterpret_cast<const long long*>(view.memory + pass.left_statistic);
    const std::int64_t pixels = std::int64_t{pass.from.height} * pass.from.width;
    change.mean = mean_of(sum, pass.left_levels, op.op == Op::contrast ? pixels : pixels * pass.from.channels);
  }
  return change;
}

template <int known>
__device__ void apply(const Change& change, int height, ThreadPixels<known>& pixels) {
  switch (change.op) {
    case Op::gauss_noise:
    case Op::multiplicative_noise:
    case Op::salt_and_pepper:
      pixels.noise = change.noise;
      return change.levels.are_whole ? change_by_draws<true>(change, pixels) : change_by_draws<false>(change, pixels);
    case Op::erase:
      return erase_parts(change, height, pixels);
    case Op::erase_noise:
      pixels.noise = change.noise;
      return change.levels.are_whole ? erase_with_noise<true>(change, height, pixels)
                                     : erase_with_noise<false>(change, height, pixels);
    case Op::shade:
      return change.levels.are_whole ? shade_parts<true>(change, pixels) : shade_parts<false>(change, pixels);
    default:
      return change.levels.are_whole ? change_color<true>(change, pixels) : change_color<false>(change, pixels);
  }
}

template <int known>
__global__ void __launch_bounds__(block_threads, blocks_at_once) pass_kernel(char* memory, Items items) {
  using Shape = BlockShape<known>;
  constexpr int pass_words = sizeof(DevicePass) / sizeof(std::uint64_t);
  static_assert(sizeof(DevicePass) % sizeof(std::uint64_t) == 0);
  __shared__ std::uint64_t words[pass_words];
  __shared__ BlockPlace place;
  __shared__ float values[Shape::shared_values];
  __shared__ std::uint32_t bins[Shape::at_once * (table_size + 2)];
  const Work work = work_of_block(memory, items);
  const auto* from = reinterpret_cast<const std::uint64_t*>(memory + work.at);
  for (int w = static_cast<int>(threadIdx.x); w < pass_words; w += block_threads) words[w] = from[w];
  __syncthreads();
  const PassView view = {*reinterpret_cast<const DevicePass*>(words), memory};
  const DevicePass& pass = view.pass;
  if (threadIdx.x == 0) {
    place.first = work.block * Shape::tile;
    place.pixels = std::int64_t{pass.height} * pass.width;
    const std::int64_t left = place.pixels - place.first;
    place.count = left < Shape::tile ? static_cast<int>(left) : Shape::tile;
    place.row = static_cast<int>(place.first / pass.width);
    place.column = static_cast<int>(place.first - std::int64_t{place.row} * pass.width);
    place.width = pass.width;
  }
  __syncthreads();
  ThreadPixels<known> pixels(place, pass.from.channels, values);
  if (pass.from.dtype == DType::uint8) {
    read_source<std::uint8_t>(view, pixels);
  } else {
    read_source<float>(view, pixels);
  }
  const DeviceOp* ops = view.part<DeviceOp>(pass.ops);
  for (int i = 0; i < pass.op_count; ++i) apply(change_of(view, ops[i]), pass.height, pixels);
  if (pass.statistic == Statistic::histogram) {
    count_values(view, pixels, bins);
  } else if (pass.statistic != Statistic::none) {
    add_values(view, pixels);
  }
  store_pixels(view, pixels);
}

}  // namespace

void launch_pass(char* memory, const Items& items, int channels, void* stream) {
  constexpr const char* what = "burnish.augment on the GPU";
  const cuda::LaunchShape shape{cuda::grid_of(items.blocks, 1), dim3(block_threads), 0, stream};
  switch (channels) {
    case 1:
      return cuda::launch(what, pass_kernel<1>, shape, memory, items);
    case 3:
      return cuda::launch(what, pass_kernel<3>, shape, memory, items);
    default:
      return cuda::launch(what, pass_kernel<0>, shape, memory, items);
  }
}

}  // namespace burnish::augment
