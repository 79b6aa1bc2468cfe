// SPDX-License-Identifier: Apache-2.0
#include "augment/mix.hpp"

#include <algorithm>
#include <ostream>
#include <span>
#include <vector>

#include "burnish/runtime.hpp"
#include "core/buffer.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

constexpr std::int64_t band_bytes = std::int64_t{1} << 17;  // of an image: two of them stay in the second cache
constexpr std::int64_t least_band_bytes = std::int64_t{1} << 11;
constexpr std::int64_t fewest_bands = 4;  // for threads to share, where images are small
constexpr std::int64_t streamed_bytes = std::int64_t{8} << 20;

std::int64_t count_of(const Images& images) {
  return images.is_batch ? images.arrays[0].shape[0] : static_cast<std::int64_t>(images.arrays.size());
}

std::size_t row_axis(const Images& images) { return (images.is_batch ? 1 : 0) + (images.layout == Layout::nchw); }
std::size_t channel_axis(const Images& images) {
  return (images.is_batch ? 1 : 0) + (images.layout == Layout::nchw ? 0 : 2);
}

std::int64_t channels_of(const Images& images) { return images.arrays[0].shape[channel_axis(images)]; }

bool is_interleaved(const Images& images) {
  const std::int64_t channels = channels_of(images);
  return std::all_of(images.arrays.begin(), images.arrays.end(), [&](const TensorView& array) {
    return array.strides[channel_axis(images)] == 1 && array.strides[row_axis(images) + 1] == channels;
  });
}

MixImage image_of(const Images& images, std::int64_t i, bool interleaved) {
  const TensorView& array = images.arrays[images.is_batch ? 0 : static_cast<std::size_t>(i)];
  const std::size_t h = row_axis(images);
  const std::int64_t columns = array.shape[h + 1];
  MixImage image;
  image.data = array.data;
  image.offset = images.is_batch ? i * array.strides[0] : 0;
  image.rows = array.shape[h];
  image.row = array.strides[h];
  image.values = interleaved ? columns * channels_of(images) : columns;
  image.step = interleaved ? 1 : array.strides[h + 1];
  image.plane = interleaved ? 0 : array.strides[channel_axis(images)];
  return image;
}

bool is_same_array(const TensorView& a, const TensorView& b) {
  return a.data == b.data && a.ndim == b.ndim && a.shape == b.shape && a.strides == b.strides;
}

// Whether results are to be written over the images they are made of.
bool is_in_place(const MixArgs& args) {
  const Images& out = args.out;
  const Images& images = args.images;
  if (out.is_batch != images.is_batch || out.layout != images.layout) return false;
  if (out.arrays.empty() || out.arrays.size() > images.arrays.size()) return false;
  return std::equal(out.arrays.begin(), out.arrays.end(), images.arrays.begin(), is_same_array);
}

void check_images(std::string_view call, std::string_view argument, const Images& images) {
  check(!images.is_batch || images.arrays.size() == 1, call, ": '", argument, "' must be one array");
  const int axes = images.is_batch ? 4 : 3;
  for (const TensorView& array : images.arrays) {
    check_dtype(call, argument, array, {DType::uint8, DType::float32, DType::float16, DType::bfloat16, DType::float64});
    check<TypeError>(array.dtype == images.arrays[0].dtype, call, ": '", argument, "' has dtypes ",
                     name(images.arrays[0].dtype), " and ", name(array.dtype), "; accepted: one");
    check(array.ndim == axes, call, ": '", argument, "' has shape ", ShapeOf{array}, "; accepted: ", axes, " axes");
    check_device(call, argument, array, images.arrays[0].device);
  }
}

void check_list(const MixArgs& args, std::string_view argument, const TensorView& list, DType dtype, std::int64_t n,
                std::int64_t columns) {
  check_dtype(args.call, argument, list, {dtype});
  const bool fits =
      list.ndim == (columns == 1 ? 1 : 2) && list.shape[0] == n && (columns == 1 || list.shape[1] == columns);
  check(fits, args.call, ": '", argument, "' has shape ", ShapeOf{list}, "; accepted: one entry for each of ", n,
        " results");
  check(n <= 1 || (list.strides[0] == columns && (columns == 1 || list.strides[1] == 1)), args.call, ": '", argument,
        "' is strided; pass a contiguous copy");
  check_device(args.call, argument, list, args.images.arrays[0].device);
}

struct Shape {
  std::int64_t height;
  std::int64_t width;
  std::int64_t channels;
  friend bool operator==(const Shape&, const Shape&) = default;
};

Shape shape_of(const Images& images, std::int64_t i) {
  const TensorView& array = images.arrays[images.is_batch ? 0 : static_cast<std::size_t>(i)];
  const std::size_t h = row_axis(images);
  return {array.shape[h], array.shape[h + 1], array.shape[channel_axis(images)]};
}

std::ostream& operator<<(std::ostream& stream, const Shape& shape) {
  return stream << shape.height << " x " << shape.width << " x " << shape.channels;
}

void check_sample(const MixArgs& args, std::int64_t i, std::int64_t image_count) {
  const std::int64_t partner = static_cast<const std::int64_t*>(args.partner.data)[i];
  const double weight = static_cast<const double*>(args.weight.data)[i];
  const auto* box = static_cast<const std::int64_t*>(args.box.data) + 4 * i;
  check(partner >= 0 && partner < image_count, args.call, ": 'partner' is ", partner, " in place ", i,
        "; accepted: 0 to ", image_count - 1);
  check(weight >= 0 && weight <= 1, args.call, ": 'lam' is ", weight, " in place ", i, "; accepted: 0 to 1");
  const Shape own = shape_of(args.images, i);
  const Shape other = shape_of(args.images, partner);
  check(own == other, args.call, ": images differ in size, ", own, " of sample ", i, " and ", other,
        " of its partner, ", partner, "; accepted: one size");
  const Shape out = shape_of(args.out, i);
  check(own == out, args.call, ": 'out' has an image of ", out, " in place ", i, "; accepted: ", own);
  const auto fits = [](std::int64_t first, std::int64_t size, std::int64_t most) {
    return first >= 0 && size >= 0 && first <= most && size <= most - first;
  };
  check(fits(box[0], box[2], own.height) && fits(box[1], box[3], own.width), args.call, ": the box of sample ", i,
        " is of ", box[2], " x ", box[3], " pixels at ", box[0], ", ", box[1], "; accepted: within its ", own.height,
        " x ", own.width, " pixels");
}

void check_args(const MixArgs& args, bool in_place) {
  check_images(args.call, "images", args.images);
  check_images(args.call, "out", args.out);
  const std::int64_t n = count_of(args.out);
  check(n <= count_of(args.images), args.call, ": 'out' has ", n, " images; accepted: at most ", count_of(args.images));
  if (n == 0) return;
  const TensorView& image = args.images.arrays[0];
  check<TypeError>(args.out.arrays[0].dtype == image.dtype, args.call, ": 'out' has dtype ",
                   name(args.out.arrays[0].dtype), "; accepted: ", name(image.dtype), ", that of 'images'");
  check_device(args.call, "out", args.out.arrays[0], image.device);
  check_list(args, "partner", args.partner, DType::int64, n, 1);
  check_list(args, "lam", args.weight, DType::float64, n, 1);
  check_list(args, "box", args.box, DType::int64, n, 4);
  for (const TensorView& out : args.out.arrays) {
    check_output(args.call, "out", out, out, {args.partner, args.weight, args.box});
  }
  if (!in_place) {
    check_apart(args.call, "out", args.out.arrays, args.images.arrays);
  } else {
    const std::span<const TensorView> images = args.images.arrays;
    check_apart(args.call, "out", args.out.arrays, images.subspan(args.out.arrays.size()));
  }
}

// Whether a sample differs from its image at all.
bool is_mixed(const MixArgs& args, std::int64_t i) {
  const auto* box = static_cast<const std::int64_t*>(args.box.data) + 4 * i;
  return static_cast<const double*>(args.weight.data)[i] != 1 || (box[2] > 0 && box[3] > 0);
}

// An order in which every image is overwritten when nobody needs it any more. It follows partners, so that the partner
// of a sample tends to be the next one, also where nothing is overwritten.
class Order {
 public:
  Order(const MixArgs& args, bool in_place)
      : partner_(static_cast<const std::int64_t*>(args.partner.data)), in_place_(in_place) {
    const std::int64_t n = count_of(args.out);
    states_.resize(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) {
      const bool mixed = is_mixed(args, i);
      state(i).follows = mixed && partner_[i] != i && partner_[i] < n;
      state(i).is_done = in_place && !mixed;
      if (state(i).follows) ++state(partner_[i]).needed_by;
    }
    for (std::int64_t i = 0; i < n; ++i) {
      if (!state(i).is_done && state(i).needed_by == 0) follow(i);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      if (!state(i).is_done) go_round(i);
    }
  }

  const std::vector<MixVisit>& visits() const { return visits_; }

 private:
  struct State {
    std::int64_t needed_by = 0;  // samples that are still to come
    bool follows = false;        // its partner is to be made, too
    bool is_done = false;
  };
  State& state(std::int64_t i) { return states_[static_cast<std::size_t>(i)]; }

  void visit(std::int64_t i, bool saves, bool takes_saved) {
    visits_.push_back({i, partner_[i], saves, takes_saved});
    state(i).is_done = true;
  }

  // A sample that nobody needs, then its partner if nobody else needs that, and so on.
  void follow(std::int64_t i) {
    for (;;) {
      visit(i, false, false);
      if (!state(i).follows) return;
      i = partner_[i];
      if (--state(i).needed_by > 0 || state(i).is_done) return;
    }
  }

  // What is left are circles: each sample is needed by one.
  void go_round(std::int64_t start) {
    visit(start, in_place_, false);
    for (std::int64_t i = partner_[start]; i != start; i = partner_[i]) {
      visit(i, false, in_place_ && partner_[i] == start);
    }
  }

  const std::int64_t* partner_;
  bool in_place_;
  std::vector<State> states_;
  std::vector<MixVisit> visits_;
};

// Bands of about band_bytes, or of fewer where there would be too few of them.
std::int64_t bands_of(std::int64_t rows, std::int64_t plane_bytes, std::int64_t planes) {
  std::int64_t bands = (plane_bytes + band_bytes - 1) / band_bytes;
  const std::int64_t fewest = num_threads() == 1 ? 1 : fewest_bands;
  if (planes * bands < fewest) bands = std::min((fewest + planes - 1) / planes, plane_bytes / least_band_bytes);
  return std::clamp<std::int64_t>(bands, 1, std::max<std::int64_t>(1, rows));
}

void mix_on_cpu(const MixArgs& args, bool in_place, bool interleaved) {
  const Order order(args, in_place);
  const std::int64_t m = count_of(args.images);
  const std::int64_t n = count_of(args.out);
  std::vector<MixImage> images;
  std::vector<MixImage> out;
  for (std::int64_t i = 0; i < m; ++i) images.push_back(image_of(args.images, i, interleaved));
  for (std::int64_t i = 0; i < n; ++i) out.push_back(image_of(args.out, i, interleaved));
  const auto bytes = static_cast<std::int64_t>(item_size(args.out.arrays[0].dtype));
  std::int64_t most_rows = 0;
  std::int64_t plane_bytes = 0;
  std::int64_t total = 0;
  std::int64_t row_values = 0;
  for (const MixImage& image : out) {
    row_values = std::max(row_values, image.values);
    most_rows = std::max(most_rows, image.rows);
    plane_bytes = std::max(plane_bytes, image.rows * image.values * bytes);
    total += image.rows * image.values * bytes;
  }
  MixJob job;
  job.dtype = args.out.arrays[0].dtype;
  job.images = images.data();
  job.out = out.data();
  job.weight = static_cast<const double*>(args.weight.data);
  job.box = static_cast<const std::int64_t*>(args.box.data);
  job.visits = order.visits().data();
  job.count = static_cast<std::int64_t>(order.visits().size());
  job.planes = interleaved ? 1 : channels_of(args.out);
  job.bands = bands_of(most_rows, plane_bytes, job.planes);
  job.channels = interleaved ? channels_of(args.out) : 1;
  job.streams = !in_place && total * job.planes >= streamed_bytes;
  const std::int64_t most_in_band = (most_rows + job.bands - 1) / job.bands;
  with_isa([&]<Isa isa>() {
    parallel_for(job.planes * job.bands, 1, [&](std::int64_t first, std::int64_t last) {
      Buffer<char> saved(in_place ? static_cast<std::size_t>(most_in_band * row_values * bytes) : 0);
      for (std::int64_t band = first; band < last; ++band) mix_band<isa>(job, band, saved.data());
    });
  });
}

void mix_on_gpu(const MixArgs& args, bool interleaved) {
  check(args.images.is_batch && args.out.is_batch, args.call,
        ": lists of images on a GPU are not accepted; accepted: a batch");
  const TensorView& images = args.images.arrays[0];
  const TensorView& out = args.out.arrays[0];
  MixBatch batch;
  batch.dtype = images.dtype;
  batch.images = image_of(args.images, 0, interleaved);
  batch.out = image_of(args.out, 0, interleaved);
  batch.image = images.strides[0];
  batch.result = out.strides[0];
  batch.image_count = images.shape[0];
  batch.count = out.shape[0];
  batch.planes = interleaved ? 1 : channels_of(args.out);
  batch.channels = interleaved ? channels_of(args.out) : 1;
  batch.partner = static_cast<const std::int64_t*>(args.partner.data);
  batch.weight = static_cast<const double*>(args.weight.data);
  batch.box = static_cast<const std::int64_t*>(args.box.data);
  check(shape_of(args.images, 0) == shape_of(args.out, 0), args.call, ": 'out' has images of ", shape_of(args.out, 0),
        "; accepted: ", shape_of(args.images, 0));
  mix_cuda(batch, images.device.index, args.stream);
}

}  // namespace

void mix(const MixArgs& args) {
  check(!args.images.is_batch || args.images.arrays.size() == 1, args.call, ": 'images' must be one array");
  const bool in_place = is_in_place(args);
  check_args(args, in_place);
  const std::int64_t n = count_of(args.out);
  if (n == 0) return;
  const bool interleaved = is_interleaved(args.images) && is_interleaved(args.out);
  if (args.images.arrays[0].device.type == DeviceType::cuda) {
    check(!in_place, args.call, ": 'out' shares memory with an input; accepted on a GPU: a separate array");
    return mix_on_gpu(args, interleaved);
  }
  for (std::int64_t i = 0; i < n; ++i) check_sample(args, i, count_of(args.images));
  mix_on_cpu(args, in_place, interleaved);
}

}  // namespace burnish::augment
