// SPDX-License-Identifier: Apache-2.0
// Images mixed in pairs: the arguments of one call of burnish::augment::mix after every check.
#pragma once

#include <cstdint>

#include "burnish/augment.hpp"
#include "core/isa.hpp"

namespace burnish::augment {

// One image as planes of rows of values: interleaved pixels are one plane, whose rows hold all channels.
struct MixImage {
  void* data = nullptr;
  std::int64_t offset = 0;  // of the first value, in elements, as all strides
  std::int64_t rows = 0;
  std::int64_t values = 0;  // of a row
  std::int64_t plane = 0;   // from plane to plane
  std::int64_t row = 0;
  std::int64_t step = 0;  // from value to value
};

// One sample to be made. In place, an image is overwritten when nobody needs it any more: of each circle of partners
// one image is saved, for the last sample of the circle.
struct MixVisit {
  std::int64_t sample = 0;
  std::int64_t partner = 0;
  bool saves = false;
  bool takes_saved = false;
};

struct MixJob {
  DType dtype = DType::uint8;
  const MixImage* images = nullptr;  // of each sample and partner
  const MixImage* out = nullptr;     // of each sample; the same memory if in place
  const double* weight = nullptr;    // of each sample
  const std::int64_t* box = nullptr;
  const MixVisit* visits = nullptr;
  std::int64_t count = 0;  // of visits
  std::int64_t planes = 1;
  std::int64_t bands = 1;     // that each plane is cut into
  std::int64_t channels = 1;  // values from column to column
  bool streams = false;
};

// One band of rows of one plane of all samples. `saved` holds as many values as a band has.
template <Isa isa>
void mix_band(const MixJob& job, std::int64_t band, void* saved);
#if defined(BURNISH_HAS_X86_LEVELS)
template <>
void mix_band<Isa::v4>(const MixJob& job, std::int64_t band, void* saved);
template <>
void mix_band<Isa::v3>(const MixJob& job, std::int64_t band, void* saved);
#endif
template <>
void mix_band<Isa::v2>(const MixJob& job, std::int64_t band, void* saved);

// A batch on a GPU.
struct MixBatch {
  DType dtype = DType::uint8;
  MixImage images;  // the first one
  MixImage out;
  std::int64_t image = 0;  // from image to image
  std::int64_t result = 0;
  std::int64_t image_count = 0;
  std::int64_t count = 0;  // of results
  std::int64_t planes = 1;
  std::int64_t channels = 1;
  const std::int64_t* partner = nullptr;
  const double* weight = nullptr;
  const std::int64_t* box = nullptr;
};

// Launches on `stream` and returns at once.
void mix_cuda(const MixBatch& batch, int device, void* stream);

}  // namespace burnish::augment
