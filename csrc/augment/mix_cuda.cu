// SPDX-License-Identifier: Apache-2.0
// images (m, h, w, c), partner (n), weight (n), box (n, 4) -> out (n, h, w, c): neighboring threads take neighboring
// values of a row; a thread takes several of them, to keep many reads under way.
#include "augment/mix.hpp"
#include "augment/mix_math.hpp"
#include "core/cuda.hpp"
#include "core/visit.hpp"

namespace burnish::augment {
namespace {

constexpr int block_threads = 256;
constexpr int values_per_thread = 4;

template <class T>
__global__ void mix_kernel(MixBatch batch) {
  const std::int64_t values = batch.images.values;
  const std::int64_t rows = batch.images.rows;
  const std::int64_t total = batch.count * batch.planes * rows * values;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * block_threads * values_per_thread + threadIdx.x;
#pragma unroll
  for (int v = 0; v < values_per_thread; ++v) {
    const std::int64_t at = first + v * block_threads;
    if (at >= total) return;
    const std::int64_t line = at / values;
    const std::int64_t value = at - line * values;
    const std::int64_t row = line % rows;
    const std::int64_t plane = line / rows % batch.planes;
    const std::int64_t sample = line / rows / batch.planes;
    const std::int64_t partner = batch.partner[sample];
    if (partner < 0 || partner >= batch.image_count) continue;
    const std::int64_t inside =
        batch.images.offset + plane * batch.images.plane + row * batch.images.row + value * batch.images.step;
    const T* images = static_cast<const T*>(batch.images.data);
    const T* b = images + partner * batch.image + inside;
    const std::int64_t* sides = batch.box + 4 * sample;
    const MixBox box{sides[0], sides[1], sides[2], sides[3]};
    const std::int64_t column = value / batch.channels;
    T result = images[sample * batch.image + inside];
    if (holds_row(box, row) && column >= box.left && column - box.left < box.width) {
      result = *b;
    } else if (const double weight = batch.weight[sample]; weight != 1) {
      result = mixed(result, T(*b), mix_weights<T>(weight));
    }
    static_cast<T*>(batch.out.data)[batch.out.offset + sample * batch.result + plane * batch.out.plane +
                                    row * batch.out.row + value * batch.out.step] = result;
  }
}

template <class T>
void start(const MixBatch& batch, void* stream) {
  const std::int64_t total = batch.count * batch.planes * batch.images.rows * batch.images.values;
  if (total == 0) return;
  const cuda::LaunchShape shape{cuda::grid_of(total, block_threads * values_per_thread), dim3(block_threads), 0,
                                stream};
  cuda::launch("mix", mix_kernel<T>, shape, batch);
}

}  // namespace

void mix_cuda(const MixBatch& batch, int device, void* stream) {
  const cuda::DeviceGuard guard(device);
  if (batch.dtype == DType::uint8) return start<std::uint8_t>(batch, stream);
  visit_float(batch.dtype, [&]<class T>() { start<T>(batch, stream); });
}

}  // namespace burnish::augment
