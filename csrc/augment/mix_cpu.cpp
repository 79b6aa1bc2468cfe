// SPDX-License-Identifier: Apache-2.0
// images (m, h, w, c), partner (n), weight (n), box (n, 4) -> out (n, h, w, c), band by band of rows: samples come in
// an order in which the partner of one is often the next, so that a band is read from memory once and not twice.
#include "augment/mix.hpp"
#include "augment/mix_math.hpp"
#include "core/simd.hpp"
#include "core/stream.hpp"
#include "core/visit.hpp"

namespace burnish::augment {
namespace {

constexpr std::int64_t tile_bytes = 4096;
constexpr std::int64_t line_bytes = 64;

// A row of an image, or several without a gap.
template <class T>
struct Run {
  T* at = nullptr;
  std::int64_t step = 1;
};

template <class T>
Run<T> run_of(const MixImage& image, std::int64_t plane, std::int64_t row, std::int64_t value = 0) {
  T* first = static_cast<T*>(image.data) + image.offset;
  return {first + plane * image.plane + row * image.row + value * image.step, image.step};
}

// The processor does not read ahead by itself while it writes past the cache: 15 % of the time.
void fetch_ahead(const void* from) {
  for (std::int64_t line = 0; line < tile_bytes; line += line_bytes) {
    __builtin_prefetch(static_cast<const char*>(from) + tile_bytes + line, 0, 2);
  }
}

void stream_far(const void* from, void* to, std::int64_t bytes) {
  for (std::int64_t b = 0; b < bytes; b += tile_bytes) {
    fetch_ahead(static_cast<const char*>(from) + b);
    stream(static_cast<const char*>(from) + b, static_cast<char*>(to) + b,
           bytes - b < tile_bytes ? bytes - b : tile_bytes);
  }
}

template <class T>
void copy(Run<const T> from, Run<T> to, std::int64_t count, bool streams) {
  if (from.at == to.at) return;
  if (from.step == 1 && to.step == 1) {
    const std::int64_t bytes = count * static_cast<std::int64_t>(sizeof(T));
    if (streams) return stream_far(from.at, to.at, bytes);
    __builtin_memcpy(to.at, from.at, static_cast<std::size_t>(bytes));
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) to.at[i * to.step] = from.at[i * from.step];
}

template <class T>
void mix_dense(const T* a, const T* b, T* to, std::int64_t count, MixWeights<T> weights) {
#pragma GCC ivdep  // `to` is `a`, or apart from both
  for (std::int64_t i = 0; i < count; ++i) to[i] = mixed(a[i], b[i], weights);
}

template <class T>
void mix_run(Run<const T> a, Run<const T> b, Run<T> to, std::int64_t count, MixWeights<T> weights, bool streams) {
  if (a.step != 1 || b.step != 1 || to.step != 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      to.at[i * to.step] = mixed(T(a.at[i * a.step]), T(b.at[i * b.step]), weights);
    }
    return;
  }
  if (!streams) return mix_dense(a.at, b.at, to.at, count, weights);
  constexpr std::int64_t tile_values = tile_bytes / static_cast<std::int64_t>(sizeof(T));
  alignas(64) T tile[tile_values];
  for (std::int64_t i = 0; i < count; i += tile_values) {
    const std::int64_t part = count - i < tile_values ? count - i : tile_values;
    mix_dense(a.at + i, b.at + i, tile, part, weights);
    fetch_ahead(b.at + i);
    stream(tile, to.at + i, part * static_cast<std::int64_t>(sizeof(T)));
  }
}

// Rows `first` to `last`, none of which has a part of the box.
template <class T>
void mix_rows(const MixJob& job, const MixImage& a, const MixImage& b, const MixImage& to, std::int64_t plane,
              std::int64_t first, std::int64_t last, double weight) {
  if (first >= last) return;
  const bool joined =
      a.row == a.values && b.row == b.values && to.row == to.values && a.step == 1 && b.step == 1 && to.step == 1;
  const std::int64_t rows = joined ? last - first : 1;
  for (std::int64_t row = first; row < last; row += rows) {
    const Run<T> own = run_of<T>(a, plane, row);
    const Run<T> result = run_of<T>(to, plane, row);
    if (weight == 1) {
      copy<T>({own.at, own.step}, result, rows * a.values, job.streams);
    } else {
      const Run<T> other = run_of<T>(b, plane, row);
      mix_run<T>({own.at, own.step}, {other.at, other.step}, result, rows * a.values, mix_weights<T>(weight),
                 job.streams);
    }
  }
}

// A row with a part of the box.
template <class T>
void mix_boxed_row(const MixJob& job, const MixImage& a, const MixImage& b, const MixImage& to, std::int64_t plane,
                   std::int64_t row, double weight, const MixBox& box) {
  const std::int64_t ends[4] = {0, box.left * job.channels, (box.left + box.width) * job.channels, a.values};
  for (int part = 0; part < 3; ++part) {
    const std::int64_t count = ends[part + 1] - ends[part];
    const Run<T> own = run_of<T>(a, plane, row, ends[part]);
    const Run<T> other = run_of<T>(b, plane, row, ends[part]);
    const Run<T> result = run_of<T>(to, plane, row, ends[part]);
    if (part == 1) {
      copy<T>({other.at, other.step}, result, count, false);
    } else if (weight == 1) {
      copy<T>({own.at, own.step}, result, count, false);
    } else {
      mix_run<T>({own.at, own.step}, {other.at, other.step}, result, count, mix_weights<T>(weight), false);
    }
  }
}

// Rows with a part of the box. Past the cache they go in whole lines, as mixing and copying parts of them does not.
template <class T>
void mix_boxed_rows(const MixJob& job, const MixImage& a, const MixImage& b, const MixImage& to, std::int64_t plane,
                    std::int64_t first, std::int64_t last, double weight, const MixBox& box) {
  constexpr std::int64_t tile_values = tile_bytes / static_cast<std::int64_t>(sizeof(T));
  const bool streams = job.streams && to.step == 1 && to.row == to.values && to.values <= tile_values;
  if (!streams) {
    for (std::int64_t row = first; row < last; ++row) mix_boxed_row<T>(job, a, b, to, plane, row, weight, box);
    return;
  }
  alignas(64) T tile[tile_values];
  const std::int64_t tile_rows = tile_values / to.values;
  for (std::int64_t top = first; top < last; top += tile_rows) {
    const std::int64_t rows = last - top < tile_rows ? last - top : tile_rows;
    const MixImage in_tile{tile, -top * to.values, to.rows, to.values, 0, to.values, 1};
    for (std::int64_t row = top; row < top + rows; ++row) {
      mix_boxed_row<T>(job, a, b, in_tile, plane, row, weight, box);
    }
    stream(tile, run_of<T>(to, plane, top).at, rows * to.values * static_cast<std::int64_t>(sizeof(T)));
  }
}

// Of small images bands are short, and the next one is far away.
template <class T>
void fetch(const MixImage& image, std::int64_t plane, std::int64_t first, std::int64_t last) {
  if (image.step != 1 || image.row != image.values) return;
  constexpr std::int64_t most_bytes = 4096;
  const auto* from = reinterpret_cast<const char*>(run_of<T>(image, plane, first).at);
  const std::int64_t bytes = (last - first) * image.values * static_cast<std::int64_t>(sizeof(T));
  for (std::int64_t b = 0; b < bytes && b < most_bytes; b += line_bytes) __builtin_prefetch(from + b);
}

template <class T>
void mix_band_of(const MixJob& job, std::int64_t band, void* saved) {
  const std::int64_t plane = band / job.bands;
  const std::int64_t part = band % job.bands;
  MixImage kept;
  for (std::int64_t v = 0; v < job.count; ++v) {
    const MixVisit& visit = job.visits[v];
    const MixImage& own = job.images[visit.sample];
    const MixImage& to = job.out[visit.sample];
    const std::int64_t first = own.rows * part / job.bands;
    const std::int64_t last = own.rows * (part + 1) / job.bands;
    if (v + 1 < job.count) {
      const MixImage& next = job.images[job.visits[v + 1].partner];
      fetch<T>(next, plane, next.rows * part / job.bands, next.rows * (part + 1) / job.bands);
    }
    if (visit.saves) {
      // Its row `first` of this plane is the first value of what is saved.
      kept = {saved, -first * own.values, own.rows, own.values, 0, own.values, 1};
      for (std::int64_t row = first; row < last; ++row) {
        const Run<T> from = run_of<T>(own, plane, row);
        copy<T>({from.at, from.step}, run_of<T>(kept, plane, row), own.values, false);
      }
    }
    const MixImage& partner = visit.takes_saved ? kept : job.images[visit.partner];
    const std::int64_t* b = job.box + 4 * visit.sample;
    const MixBox box{b[0], b[1], b[2], b[3]};
    const double weight = job.weight[visit.sample];
    const bool has_box = box.height > 0 && box.width > 0;
    const auto inside = [&](std::int64_t row) { return row < first ? first : row > last ? last : row; };
    const std::int64_t top = has_box ? inside(box.top) : last;
    const std::int64_t bottom = has_box ? inside(box.top + box.height) : last;
    mix_rows<T>(job, own, partner, to, plane, first, top, weight);
    mix_boxed_rows<T>(job, own, partner, to, plane, top, bottom, weight, box);
    mix_rows<T>(job, own, partner, to, plane, bottom, last, weight);
  }
  finish_streams();
}

}  // namespace

template <>
void mix_band<Isa::BURNISH_ISA>(const MixJob& job, std::int64_t band, void* saved) {
  if (job.dtype == DType::uint8) return mix_band_of<std::uint8_t>(job, band, saved);
  visit_float(job.dtype, [&]<class T>() { mix_band_of<T>(job, band, saved); });
}

}  // namespace burnish::augment
