// SPDX-License-Identifier: Apache-2.0
// rows (n, d), other (m, d) -> out (count, d): both rows are read, and the result is written once. Results larger than
// the cache go past it, in runs of whole lines: reading the lines first would cost as much as writing them.
#include "balance/interpolate.hpp"
#include "balance/interpolate_math.hpp"
#include "core/simd.hpp"
#include "core/stream.hpp"
#include "core/visit.hpp"

namespace burnish::balance {
namespace {

constexpr std::int64_t ahead = 16;  // rows fetched before they are needed: their addresses are random
constexpr std::int64_t line_bytes = 64;
constexpr std::int64_t fetched_bytes = 512;  // what follows is read in sequence, which the processor foresees
constexpr std::int64_t tile_bytes = 8192;
constexpr std::int64_t streamed_bytes = std::int64_t{8} << 20;

// Always inlined: GCC drops calls of a function that only fetches, since it seems to do nothing.
template <class T>
BURNISH_HD void fetch_row(const void* rows, std::int64_t stride, std::int64_t row, std::int64_t columns) {
  const auto from = reinterpret_cast<std::intptr_t>(static_cast<const T*>(rows) + row * stride);
  const std::int64_t bytes = columns * static_cast<std::int64_t>(sizeof(T));
  const std::intptr_t end = from + (bytes < fetched_bytes ? bytes : fetched_bytes);
  for (std::intptr_t line = from & -line_bytes; line < end; line += line_bytes) {
    __builtin_prefetch(reinterpret_cast<const void*>(line), 0, 2);
  }
}

template <bool scaled, class T>
void make_row(const InterpolateJob& job, std::int64_t i, T* __restrict to) {
  const T* a = static_cast<const T*>(job.rows) + index_at(job.base, i) * job.row_stride;
  const T* b = static_cast<const T*>(job.other) + index_at(job.neighbor, i) * job.other_stride;
  const double step = job.step[i];
  const double scale = scaled ? job.scale[i] : 1.0;
  for (std::int64_t c = 0; c < job.columns; ++c) to[c] = between<scaled>(a[c], b[c], step, scale);
}

template <bool scaled, class T>
void make_rows(const InterpolateJob& job, std::int64_t first, std::int64_t last) {
  const std::int64_t row_bytes = job.columns * static_cast<std::int64_t>(sizeof(T));
  const auto fetch = [&](std::int64_t i) __attribute__((always_inline)) {
    if (i >= last) return;
    fetch_row<T>(job.rows, job.row_stride, index_at(job.base, i), job.columns);
    fetch_row<T>(job.other, job.other_stride, index_at(job.neighbor, i), job.columns);
  };
  T* out = static_cast<T*>(job.out);
  const bool streams =
      job.out_stride == job.columns && row_bytes <= tile_bytes && job.count * row_bytes >= streamed_bytes;
  if (!streams) {
    for (std::int64_t i = first; i < last; ++i) {
      fetch(i + ahead);
      make_row<scaled>(job, i, out + i * job.out_stride);
    }
    return;
  }
  alignas(64) char tile[tile_bytes];
  const std::int64_t tile_rows = tile_bytes / row_bytes;
  for (std::int64_t i = first; i < last; i += tile_rows) {
    const std::int64_t rows = last - i < tile_rows ? last - i : tile_rows;
    for (std::int64_t r = 0; r < rows; ++r) {
      fetch(i + r + ahead);
      make_row<scaled>(job, i + r, reinterpret_cast<T*>(tile) + r * job.columns);
    }
    stream(tile, out + i * job.columns, rows * row_bytes);
  }
  finish_streams();
}

}  // namespace

template <>
void interpolate_rows<Isa::BURNISH_ISA>(const InterpolateJob& job, std::int64_t first, std::int64_t last) {
  visit_number(job.dtype, [&]<class T>() {
    if (job.scale) {
      make_rows<true, T>(job, first, last);
    } else {
      make_rows<false, T>(job, first, last);
    }
  });
}

}  // namespace burnish::balance
