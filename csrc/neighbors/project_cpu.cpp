// SPDX-License-Identifier: Apache-2.0
// Rows -> their coordinates along the axes. Compiled once per instruction set level.
#include "core/simd.hpp"
#include "core/visit.hpp"
#include "neighbors/kernels.hpp"

namespace burnish::neighbors {
namespace {

template <class T>
void project(const ProjectJob& job) {
  using V = simd::Vector<double>;
  constexpr int vectors = axis_count / simd::width<double>;
  for (int r = 0; r < job.block.count; ++r) {
    const T* from = static_cast<const T*>(job.block.rows) + r * job.block.stride;
    V sums[vectors] = {};
    double square = 0;
    for (std::int64_t c = 0; c < job.block.width; ++c) {
      const double value = static_cast<double>(from[c]) * job.factor - job.center[c];
      square += value * value;
      for (int v = 0; v < vectors; ++v) {
        sums[v] += value * simd::load(job.axes + c * axis_count + v * simd::width<double>);
      }
    }
    double* to = job.coordinates + r * axis_count;
    for (int v = 0; v < vectors; ++v) __builtin_memcpy(to + v * simd::width<double>, &sums[v], sizeof(V));
    double covered = 0;
    for (int a = 0; a < axis_count - 1; ++a) covered += to[a] * to[a];
    const double rest = square - covered;
    to[axis_count - 1] = rest > 0 ? __builtin_sqrt(rest) : 0.0;
    job.lengths[r] = __builtin_sqrt(square);
  }
}

}  // namespace

template <>
void project_rows<Isa::BURNISH_ISA>(const ProjectJob& job) {
  visit_native_float(job.block.dtype, [&]<class T>() { project<T>(job); });
}

}  // namespace burnish::neighbors
