// SPDX-License-Identifier: Apache-2.0
// What each operation on values does, once for both devices. `pixels` are a tile in memory (V a vector) on a CPU, and
// the pixels of a thread, in registers (V a float), on a GPU; both have
//   channels()
//   each_channel(prepare)        value -> f(value), with f = prepare(channel)
//   each_value(prepare)          the same for one value at a time: for tables
//   each_color(f)                color -> f(color), of the first three channels
//   permute(params)              channel c from channel params[c]
//   with_normal(is_shared, f)    value -> f(value, draw), draws being those of the pixel, or of the pixel and channel
//   with_uniform(is_shared, f)
#pragma once

#include "augment/color_math.hpp"
#include "augment/noise_math.hpp"

namespace burnish::augment {

// An operation and what its result may depend on.
struct Change {
  Op op = Op::linear;
  Levels levels;
  const double* params = nullptr;
  int param_count = 0;
  const double* options = nullptr;
  int option_count = 0;
  double mean = 0;  // of the luma, or of all values
  const float* table = nullptr;
  int table_step = 0;  // from channel to channel
  NoiseKey noise;

  BURNISH_HD float param(int i) const { return static_cast<float>(params[i]); }
  BURNISH_HD float option(int i) const { return static_cast<float>(options[i]); }
  // The first option as one of several, by their numbers: the first of them without options.
  template <class Code>
  BURNISH_HD Code option_code() const {
    return static_cast<Code>(option_count > 0 ? static_cast<int>(options[0]) : 0);
  }
};

// Without what a pass before has to find out.
inline Change change_of(const TileOp& op) {
  Change change;
  change.op = op.step->op;
  change.levels = op.levels;
  change.params = op.params;
  change.param_count = static_cast<int>(op.step->params.shape[1]);
  change.options = op.step->options.data();
  change.option_count = static_cast<int>(op.step->options.size());
  change.noise.place = place_of_pixels(op.step->place);
  return change;
}

// value * factor + shift.
template <bool whole, bool clamps = true>
struct Scale {
  float factor;
  float shift;
  Levels levels;
  template <class V>
  BURNISH_HD V operator()(V value) const {
    const V scaled = value * factor + shift;
    return clamps ? settled<whole>(scaled, levels) : settled_inside<whole>(scaled);
  }
};

// By a table of 256 results.
template <bool whole>
struct LookUp {
  const float* table;
  BURNISH_HD float operator()(float value) const {
    return whole ? table[index_of(value)] : table[byte_of(value)] / 255.0f;
  }
};

struct ToHsv {
  template <class V>
  BURNISH_HD Color<V> operator()(const Color<V>& c) const {
    return hsv_of_bytes(c);
  }
};
struct FromHsv {
  template <class V>
  BURNISH_HD Color<V> operator()(const Color<V>& c) const {
    return bytes_of_hsv(c);
  }
};

// A function of colors in bytes: fractions are rounded to bytes for it.
template <bool whole, class F>
struct OfBytes {
  template <class V>
  BURNISH_HD Color<V> operator()(const Color<V>& c) const {
    const float white = whole ? 1.0f : 255.0f;
    const auto byte = [&](V v) { return settled<true>(v * white, Levels()); };
    const Color<V> made = F()(Color<V>{byte(c.red), byte(c.green), byte(c.blue)});
    return {made.red / white, made.green / white, made.blue / white};
  }
};

// Changes that depend on nothing but the values of a pixel.
template <bool whole, class Pixels>
BURNISH_HD void change_color(const Change& job, Pixels& pixels) {
  const Levels levels = job.levels;  // a copy: the compiler would read it again after every store
  const auto scale = [&](float factor, float shift) { return Scale<whole>{factor, shift, levels}; };
  const auto look_up = [&](int c) { return LookUp<whole>{job.table + c * job.table_step}; };
  const auto all = [&](const auto& f) { pixels.each_channel([&](int) { return f; }); };
  const auto scale_all = [&](float factor, float shift) {
    if (whole && stays_inside(factor, shift)) return all(Scale<whole, false>{factor, shift, levels});
    all(scale(factor, shift));
  };
  switch (job.op) {
    case Op::linear: {
      if (job.param_count == 2) return scale_all(job.param(0), job.param(1));
      return pixels.each_channel([&](int c) { return scale(job.param(2 * c), job.param(2 * c + 1)); });
    }
    case Op::contrast:
      return scale_all(job.param(0), static_cast<float>(job.mean * (1 - job.params[0])));
    case Op::linear_by_mean:
      return scale_all(job.param(0), static_cast<float>(job.mean * job.params[1]));
    case Op::normalize:
      return pixels.each_channel([&](int c) {
        return [factor = job.option(2 * c), shift = job.option(2 * c + 1)](auto v) { return v * factor + shift; };
      });
    case Op::saturation: {
      const float factor = job.param(0);
      if (whole && factor >= 0 && factor <= 1) {
        return pixels.each_color([&](const auto& c) { return saturated<whole, false>(c, factor, levels); });
      }
      return pixels.each_color([&](const auto& c) { return saturated<whole, true>(c, factor, levels); });
    }
    case Op::hue:
      return pixels.each_color([&, turns = job.param(0)](const auto& c) { return turned<whole>(c, turns, levels); });
    case Op::gray:
      return pixels.each_color([&](const auto& c) { return grayed<whole>(c, job.option_code<Gray>(), levels); });
    case Op::permute:
      return pixels.permute(job.params);
    case Op::solarize:
      return all([&, threshold = job.param(0)](auto v) { return solarized<whole>(v, threshold, levels); });
    case Op::posterize:
      return pixels.each_channel([&](int c) {
        const int bits = static_cast<int>(job.params[job.param_count > 1 ? c : 0]);
        return [&, steps = static_cast<float>(1 << bits)](auto v) { return posterized<whole>(v, steps, levels); };
      });
    case Op::gamma:
      if constexpr (whole) return pixels.each_value(look_up);
      return all([&, exponent = job.param(0)](auto v) { return powered(v, exponent, levels); });
    case Op::to_float:
      return all([&](auto v) { return settled<whole>(v / 255.0f, levels); });
    case Op::to_bytes:
      return all([&](auto v) { return settled<whole>(v * 255.0f, levels); });
    case Op::hsv_shift: {
      if (pixels.channels() < 3) return all(scale(1, job.param(2)));
      const auto sixths = static_cast<float>(job.params[0] / 30);
      return pixels.each_color([&, sixths, saturation = job.param(1), value = job.param(2)](const auto& c) {
        return shifted_hsv<whole>(c, sixths, saturation, value, levels);
      });
    }
    case Op::hsv_value:
      if (pixels.channels() < 3) return all(scale(job.param(0), job.param(1)));
      return pixels.each_color([&, factor = job.param(0), shift = job.param(1)](const auto& c) {
        return revalued<whole>(c, factor, shift, levels);
      });
    case Op::to_hsv:
      return pixels.each_color(OfBytes<whole, ToHsv>());
    case Op::from_hsv:
      return pixels.each_color(OfBytes<whole, FromHsv>());
    case Op::equalize:
      return pixels.each_value(look_up);
    case Op::autocontrast:
      if (whole || job.option_code<Method>() == Method::opencv) return pixels.each_value(look_up);
      return pixels.each_channel([&](int c) {
        const float* line = job.table + c * job.table_step;
        return scale(line[0], line[1]);
      });
    default:
      return;
  }
}

// Uniform over the range of values.
template <bool whole>
BURNISH_HD float any_value(float draw) {
  return whole ? floored(draw * 256.0f) : draw;
}

// Changes by random draws.
template <bool whole, class Pixels>
BURNISH_HD void change_by_draws(const Change& job, Pixels& pixels) {
  const Levels levels = job.levels;  // a copy: the compiler would read it again after every store
  const bool is_shared = job.params[2] != 0;
  switch (job.op) {
    case Op::gauss_noise:
      return pixels.with_normal(is_shared, [&, mean = job.param(0), deviation = job.param(1)](auto value, auto draw) {
        return settled<whole>(value + (draw * deviation + mean), levels);
      });
    case Op::multiplicative_noise: {
      const auto range = static_cast<float>(job.params[1] - job.params[0]);
      return pixels.with_uniform(is_shared, [&, low = job.param(0), range](auto value, auto draw) {
        return settled<whole>(value * (draw * range + low), levels);
      });
    }
    case Op::salt_and_pepper: {
      const auto salt = static_cast<float>(job.params[0] * job.params[1]);
      return pixels.with_uniform(is_shared, [&, changed = job.param(0), salt](auto value, auto draw) {
        using V = decltype(value);
        const V extreme = draw < V{} + salt ? V{} + levels.high : V{} + levels.low;
        return draw < V{} + changed ? extreme : value;
      });
    }
    default:
      return;
  }
}

// The rows and columns of a part of an image: top, left, height, width.
struct Region {
  int top;
  int bottom;
  int left;
  int right;

  BURNISH_HD static int cut_off(double value, int most) {
    return value < 0 ? 0 : value > most ? most : static_cast<int>(value);
  }
  BURNISH_HD Region(const double* part, int height, int width)
      : top(cut_off(part[0], height)),
        bottom(cut_off(part[0] + part[2], height)),
        left(cut_off(part[1], width)),
        right(cut_off(part[1] + part[3], width)) {}
  BURNISH_HD bool contains(int row, int column) const {
    return row >= top && row < bottom && column >= left && column < right;
  }
};

}  // namespace burnish::augment
