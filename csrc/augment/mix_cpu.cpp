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
constexpr std::int64_t bytes_ahead = 2048;

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

// The processor does not read ahead by itself while it writes past the cache: 15 % of the time. A line for each that is
// worked on: many at once would wait for each other.
void fetch_ahead(const void* from) { __builtin_prefetch(static_cast<const char*>(from) + bytes_ahead); }

std::int64_t bytes_to_line(const void* to, std::int64_t most) {
  const std::int64_t bytes = -reinterpret_cast<std::intptr_t>(to) & (line_bytes - 1);
  return bytes < most ? bytes : most;
}

// Calls line(b) for each whole line of a target, and part(b, count) for the bytes before the first one and behind the
// last one.
template <class Line, class Part>
void each_line(const void* to, std::int64_t bytes, const Line& line, const Part& part) {
  std::int64_t b = bytes_to_line(to, bytes);
  part(0, b);
  for (; b + line_bytes <= bytes; b += line_bytes) line(b);
  part(b, bytes - b);
}

void stream_far(const void* source, void* target, std::int64_t bytes) {
  const auto* from = static_cast<const char*>(source);
  auto* to = static_cast<char*>(target);
  const auto line = [&](std::int64_t b) {
    fetch_ahead(from + b);
    stream_line(from + b, to + b);
  };
  each_line(to, bytes, line, [&](std::int64_t b, std::int64_t count) {
    __builtin_memcpy(to + b, from + b, static_cast<std::size_t>(count));
  });
}

// A row of which bytes `left` to `right` are the partner's.
struct CutRow {
  const char* own;
  const char* other;
  std::int64_t left;
  std::int64_t right;

  bool is_cut(std::int64_t b, std::int64_t count) const { return b < right && b + count > left; }
  bool is_whole(std::int64_t b, std::int64_t count) const { return b >= left && b + count <= right; }
  void copy(std::int64_t b, std::int64_t count, char* to) const {
    __builtin_memcpy(to, own + b, static_cast<std::size_t>(count));
    if (!is_cut(b, count)) return;
    const std::int64_t first = b > left ? b : left;
    const std::int64_t last = b + count < right ? b + count : right;
    __builtin_memcpy(to + (first - b), other + first, static_cast<std::size_t>(last - first));
  }
};

void stream_cut(const CutRow& row, char* to, std::int64_t bytes) {
  const auto line = [&](std::int64_t b) {
    fetch_ahead(row.own + b);
    if (row.is_cut(b, line_bytes)) fetch_ahead(row.other + b);
    if (row.is_cut(b, line_bytes) && !row.is_whole(b, line_bytes)) {
      alignas(line_bytes) char joined[line_bytes];
      row.copy(b, line_bytes, joined);
      return stream_line(joined, to + b);
    }
    stream_line((row.is_whole(b, line_bytes) ? row.other : row.own) + b, to + b);
  };
  each_line(to, bytes, line, [&](std::int64_t b, std::int64_t count) { row.copy(b, count, to + b); });
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

// The same past the cache.
template <class T>
void mix_far(const T* a, const T* b, T* to, std::int64_t count, MixWeights<T> weights) {
  constexpr auto size = static_cast<std::int64_t>(sizeof(T));
  const auto values = [&](std::int64_t byte, std::int64_t bytes, T* target) {
    mix_dense(a + byte / size, b + byte / size, target, bytes / size, weights);
  };
  const auto line = [&](std::int64_t byte) {
    alignas(line_bytes) T mixture[line_bytes / size];
    fetch_ahead(b + byte / size);
    values(byte, line_bytes, mixture);
    stream_line(mixture, to + byte / size);
  };
  const auto part = [&](std::int64_t byte, std::int64_t bytes) { values(byte, bytes, to + byte / size); };
  each_line(to, count * size, line, part);
}

// From registers.
template <>
void mix_far(const float* a, const float* b, float* to, std::int64_t count, MixWeights<float> weights) {
  constexpr std::int64_t size = sizeof(float);
  const auto line = [&](std::int64_t byte) {
    fetch_ahead(b + byte / size);
    for (std::int64_t i = byte / size; i < (byte + line_bytes) / size; i += simd::width<float>) {
      stream_vector(mixed(simd::load(a + i), simd::load(b + i), weights), to + i);
    }
  };
  each_line(to, count * size, line, [&](std::int64_t byte, std::int64_t bytes) {
    mix_dense(a + byte / size, b + byte / size, to + byte / size, bytes / size, weights);
  });
}

template <class T>
void mix_run(Run<const T> a, Run<const T> b, Run<T> to, std::int64_t count, MixWeights<T> weights, bool streams) {
  if (a.step != 1 || b.step != 1 || to.step != 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      to.at[i * to.step] = mixed(T(a.at[i * a.step]), T(b.at[i * b.step]), weights);
    }
    return;
  }
  streams ? mix_far(a.at, b.at, to.at, count, weights) : mix_dense(a.at, b.at, to.at, count, weights);
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
  constexpr auto size = static_cast<std::int64_t>(sizeof(T));
  constexpr std::int64_t tile_values = tile_bytes / size;
  if (job.streams && weight == 1 && a.step == 1 && b.step == 1 && to.step == 1) {
    for (std::int64_t row = first; row < last; ++row) {
      const CutRow cut = {reinterpret_cast<const char*>(run_of<T>(a, plane, row).at),
                          reinterpret_cast<const char*>(run_of<T>(b, plane, row).at), box.left * job.channels * size,
                          (box.left + box.width) * job.channels * size};
      stream_cut(cut, reinterpret_cast<char*>(run_of<T>(to, plane, row).at), to.values * size);
    }
    return;
  }
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
    stream(tile, run_of<T>(to, plane, top).at, rows * to.values * size);
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
