// SPDX-License-Identifier: Apache-2.0
// Random draws of the parameters of transforms.
#include <algorithm>

#include "augment/noise_math.hpp"
#include "augment/program.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {

void draw(const DrawArgs& args) {
  check_dtype(args.call, "ids", args.ids, {DType::int64});
  check_dtype(args.call, "out", args.out, {DType::float64});
  check(args.ids.ndim == 1 && args.out.ndim == 2 && args.out.shape[0] == args.ids.shape[0], args.call,
        ": 'out' has shape ", ShapeOf{args.out}, " for ids of shape ", ShapeOf{args.ids});
  check(!args.out.read_only, args.call, ": 'out' is read-only");
  const PhiloxKey key = key_of(args.seed, args.epoch);
  const std::int64_t draws = args.out.shape[1];
  parallel_for(args.ids.shape[0], 4096, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::uint64_t id = id_of(args.ids, i);
      auto* out = static_cast<double*>(args.out.data) + i * args.out.strides[0];
      for (std::int64_t j = 0; j < draws; j += 4) {
        const PhiloxCounter words = philox4x32({{static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(id >> 32),
                                                 place_of_params(args.place), static_cast<std::uint32_t>(j / 4)}},
                                               key);
        for (std::int64_t k = j; k < std::min(draws, j + 4); ++k) {
          out[k * args.out.strides[1]] = (words.word[k - j] + 0.5) * 0x1p-32;
        }
      }
    }
  });
}

}  // namespace burnish::augment
