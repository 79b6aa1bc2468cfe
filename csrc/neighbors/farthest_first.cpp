// SPDX-License-Identifier: Apache-2.0
// Rows (n, d) -> k rows that lie far apart, exactly as the greedy rule says.
//
// A row's distance to the nearest chosen one only shrinks as more are chosen. So what is known of a block of rows is an
// upper bound, and a block meets the rows chosen since its last visit only when its bound is the largest of all. Boxes
// and coordinates along the leading axes then rule out most pairs before they are measured.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <queue>
#include <vector>

#include "burnish/neighbors.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "neighbors/inputs.hpp"
#include "neighbors/lists.hpp"
#include "neighbors/points.hpp"

namespace burnish::neighbors {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double chosen_key = -1;  // of rows that are chosen, below all others
constexpr int blocks_at_once = 8;  // that threads share

struct Row {
  int block;
  int row;
};

class FarthestFirst {
 public:
  FarthestFirst(const Points& points, Metric metric)
      : points_(points),
        metric_(metric),
        noise_(metric == Metric::cosine ? (static_cast<double>(points.columns()) + 16) * 0x1p-51 : 0.0),
        reach_of_(metric, points.axes().factor, points.columns()),
        keys_(padded_rows()),
        reach_(padded_rows()),
        error_(padded_rows()),
        coordinates_(padded_rows() * axes()),
        blocks_(static_cast<std::size_t>(points.block_count())),
        place_(static_cast<std::size_t>(points.count())) {
    std::fill(keys_.begin(), keys_.end(), chosen_key);
    std::fill(reach_.begin(), reach_.end(), 0.0F);
    std::fill(error_.begin(), error_.end(), 0.0F);
    std::fill(coordinates_.begin(), coordinates_.end(), 0.0F);
    for (int b = 0; b < points.block_count(); ++b) copy_block(b);
    for (std::int64_t p = 0; p < points.count(); ++p) place_[points.id(p)] = p;
  }

  // Puts a row among the chosen ones.
  void choose(std::int64_t id) {
    const std::int64_t position = place_[static_cast<std::size_t>(id)];
    const Row row{static_cast<int>(position / block_rows), static_cast<int>(position % block_rows)};
    keys_[static_cast<std::size_t>(position)] = chosen_key;
    reach_[static_cast<std::size_t>(position)] = 0;
    chosen_.push_back(row);
    if (metric_ == Metric::cosine && is_zero(row)) forget_zero_rows();
  }

  bool is_chosen(std::int64_t id) const {
    return keys_[static_cast<std::size_t>(place_[static_cast<std::size_t>(id)])] == chosen_key;
  }

  // The row farthest from all chosen ones, of equally far ones the lowest, and its key.
  Found next() {
    Found best{chosen_key, 0};
    std::vector<Top> fresh;
    while (!tops_.empty() && tops_.top().key >= best.key) {
      std::vector<Top> stale;
      while (!tops_.empty() && tops_.top().key >= best.key && stale.size() < blocks_at_once) {
        const Top top = tops_.top();
        tops_.pop();
        if (blocks_[static_cast<std::size_t>(top.block)].met == chosen_.size()) {
          best = better(best, {top.key, lowest(top)});
          fresh.push_back(top);
        } else {
          stale.push_back(top);
        }
      }
      parallel_for(static_cast<std::int64_t>(stale.size()), 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) {
          Top& top = stale[static_cast<std::size_t>(i)];
          refresh(top.block);
          top.key = largest(top.block);
        }
      });
      for (const Top& top : stale) tops_.push(top);
    }
    for (const Top& top : fresh) tops_.push(top);
    return best;
  }

 private:
  struct Top {
    double key;
    int block;
    bool operator<(const Top& other) const { return key < other.key; }
  };
  struct Block {
    std::size_t met = 0;  // how many of the chosen rows its rows were compared with
  };

  bool is_zero(Row row) const {
    if (!points_.has_zero_rows()) return false;
    const RowBlock block = points_.block(row.block);
    const auto* values = static_cast<const double*>(block.rows) + row.row * block.stride;
    return std::all_of(values, values + block.width, [](double value) { return value == 0; });
  }

  // Rows of zeros have no direction and a distance of 1 from all others, but are equal: when one is chosen, the others
  // are covered.
  void forget_zero_rows() {
    for (int b = 0; b < points_.block_count(); ++b) {
      for (int r = 0; r < points_.rows_in_block(b); ++r) {
        double& key = keys_[first_of(b) + static_cast<std::size_t>(r)];
        if (key > 0 && is_zero({b, r})) key = 0;
      }
    }
  }

  std::size_t padded_rows() const { return static_cast<std::size_t>(points_.block_count()) * block_rows; }
  std::size_t axes() const { return static_cast<std::size_t>(points_.axes().count); }
  static std::size_t first_of(int block) { return static_cast<std::size_t>(block) * block_rows; }
  float* coordinates(int block) { return coordinates_.data() + first_of(block) * axes(); }

  // Coordinates as floats, axis by axis, and how far each row may be from them.
  void copy_block(int block) {
    const RowBlock from = points_.coordinates(block);
    const auto* values = static_cast<const double*>(from.rows);
    const double* errors = points_.coordinate_error(block);
    for (int r = 0; r < from.count; ++r) {
      double square = 0;
      for (std::size_t a = 0; a < axes(); ++a) {
        const double value = values[static_cast<std::size_t>(r) * axes() + a];
        coordinates(block)[a * block_rows + static_cast<std::size_t>(r)] = static_cast<float>(value);
        square += value * value;
      }
      const std::size_t position = first_of(block) + static_cast<std::size_t>(r);
      error_[position] = static_cast<float>((errors ? errors[r] : 0.0) + 0x1p-23 * std::sqrt(square)) + 1e-37F;
      keys_[position] = infinity;
      reach_[position] = std::numeric_limits<float>::infinity();
    }
    tops_.push({infinity, block});
  }

  double largest(int block) const {
    const double* keys = keys_.data() + first_of(block);
    return *std::max_element(keys, keys + points_.rows_in_block(block));
  }

  std::uint32_t lowest(const Top& top) const {
    std::uint32_t id = std::numeric_limits<std::uint32_t>::max();
    for (int r = 0; r < points_.rows_in_block(top.block); ++r) {
      const std::size_t position = first_of(top.block) + static_cast<std::size_t>(r);
      if (keys_[position] == top.key) id = std::min(id, points_.id(static_cast<std::int64_t>(position)));
    }
    return id;
  }

  static Found better(Found a, Found b) { return a.key > b.key || (a.key == b.key && a.id < b.id) ? a : b; }

  void refresh(int block) {
    Block& state = blocks_[static_cast<std::size_t>(block)];
    float* const reach = reach_.data() + first_of(block);
    const int count = points_.rows_in_block(block);
    float farthest = *std::max_element(reach, reach + count);
    for (; state.met < chosen_.size(); ++state.met) {
      const Row center = chosen_[state.met];
      if (gap_to(block, center) > double{farthest} * farthest) continue;
      Pair pairs[block_rows];
      const int found = near_rows(block, center, pairs);
      if (found == 0) continue;
      measure(block, center, pairs, found);
      farthest = *std::max_element(reach, reach + count);
    }
  }

  // Squared, between the row's place and the block's box.
  double gap_to(int block, Row center) const {
    const double* at = static_cast<const double*>(points_.coordinates(center.block).rows) +
                       static_cast<std::size_t>(center.row) * axes();
    const double* errors = points_.coordinate_error(center.block);
    const double error = errors ? errors[center.row] : 0.0;
    const std::int32_t node = points_.node_of_block(block);
    double low[most_axes];
    double high[most_axes];
    for (std::size_t a = 0; a < axes(); ++a) {
      low[a] = at[a] - error;
      high[a] = at[a] + error;
    }
    return gap(low, high, points_.low(node), points_.high(node), points_.axes().count);
  }

  // Rows that the leading axes do not tell to be no nearer to `center` than to one before it.
  int near_rows(int block, Row center, Pair* pairs) {
    const float* center_at = coordinates(center.block) + center.row;
    const float* at = coordinates(block);
    const float center_error = error_[first_of(center.block) + static_cast<std::size_t>(center.row)];
    const float* error = error_.data() + first_of(block);
    const float* reach = reach_.data() + first_of(block);
    float squares[block_rows] = {};
    for (std::size_t a = 0; a < axes(); ++a) {
      const float place = center_at[a * block_rows];
      for (int r = 0; r < block_rows; ++r) {
        const float difference = at[a * block_rows + static_cast<std::size_t>(r)] - place;
        squares[r] += difference * difference;
      }
    }
    constexpr float upward = 1 + 1e-5F;  // of up to 24 roundings in the sum, and some in the limit
    int found = 0;
    for (int r = 0; r < points_.rows_in_block(block); ++r) {
      const float limit = reach[r] + error[r] + center_error;
      pairs[found].row = static_cast<std::uint8_t>(0);
      pairs[found].point = static_cast<std::uint8_t>(r);
      found += reach[r] > 0 && !(squares[r] > limit * limit * upward);
    }
    return found;
  }

  void measure(int block, Row center, const Pair* pairs, int count) {
    RowBlock query = points_.block(center.block);
    const auto bytes = static_cast<std::size_t>(query.stride) * item_size(query.dtype);
    query.rows = static_cast<const std::byte*>(query.rows) + static_cast<std::size_t>(center.row) * bytes;
    query.count = 1;
    double found[block_rows];
    const MeasureJob job{metric_, query, points_.block(block), pairs, count, found};
    with_isa(isa_, [&]<Isa isa>() { measure_pairs<isa>(job); });
    for (int p = 0; p < count; ++p) {
      const std::size_t position = first_of(block) + pairs[p].point;
      const double key = found[p] <= noise_ ? 0.0 : found[p];
      if (!(key < keys_[position])) continue;
      keys_[position] = key;
      reach_[position] = reach_of_.of_key(key);
    }
  }

  const Points& points_;
  Metric metric_;
  Isa isa_ = active_isa();
  double noise_;  // up to which cosines of one direction may differ from 1
  Reach reach_of_;
  Buffer<double> keys_;  // of each row, an upper bound of that to the nearest chosen row
  Buffer<float> reach_;  // the same as a length in the units of coordinates; 0 of chosen rows
  Buffer<float> error_;
  Buffer<float> coordinates_;
  std::vector<Block> blocks_;
  std::vector<std::int64_t> place_;
  std::vector<Row> chosen_;
  std::priority_queue<Top> tops_;
};

void check_selected(const FarthestFirstArgs& args) {
  const TensorView& selected = *args.selected;
  check_dtype(args.call, "selected", selected, {DType::int64});
  check(selected.ndim == 1, args.call, ": 'selected' must be 1-D, got shape ", ShapeOf{selected});
  for (std::int64_t i = 0; i < selected.shape[0]; ++i) {
    const std::int64_t row = static_cast<const std::int64_t*>(selected.data)[i * selected.strides[0]];
    check(row >= 0 && row < args.points.shape[0], args.call, ": 'selected' is ", row, " in place ", i,
          "; accepted: 0 to ", args.points.shape[0] - 1);
  }
}

}  // namespace

void farthest_first(const FarthestFirstArgs& args) {
  check_points(args.call, "X", args.points);
  check_device(args.call, "X", args.points, Device{});
  const std::int64_t n = args.points.shape[0];
  const std::int64_t selected = args.selected ? args.selected->size() : 0;
  const std::int64_t k = args.chosen.ndim == 1 ? args.chosen.shape[0] : -1;
  if (args.selected) check_selected(args);
  check_dtype(args.call, "chosen", args.chosen, {DType::int64});
  check_output(args.call, "chosen", args.chosen, contiguous_view(nullptr, DType::int64, Device{}, k), {args.points});
  check_dtype(args.call, "distances", args.distances, {DType::float64});
  check_output(args.call, "distances", args.distances, contiguous_view(nullptr, DType::float64, Device{}, k),
               {args.points, args.chosen});
  check(k <= n, args.call, ": 'k' is ", k, "; accepted: at most ", n);
  check(k == 0 || selected > 0 || (args.first >= 0 && args.first < n), args.call, ": 'first' is ", args.first,
        "; accepted: 0 to ", n - 1);
  const double largest = largest_value(args.call, "X", args.points);
  if (k == 0) return;

  const Points points(args.points, args.metric, largest);
  FarthestFirst search(points, args.metric);
  auto* chosen = static_cast<std::int64_t*>(args.chosen.data);
  auto* distances = static_cast<double*>(args.distances.data);
  std::int64_t left = n;
  for (std::int64_t i = 0; i < selected; ++i) {
    const std::int64_t row = static_cast<const std::int64_t*>(args.selected->data)[i * args.selected->strides[0]];
    if (search.is_chosen(row)) continue;
    search.choose(row);
    --left;
  }
  check(k <= left, args.call, ": 'k' is ", k, "; accepted: at most ", left, ", the rows that are not selected");
  for (std::int64_t i = 0; i < k; ++i) {
    const Found found =
        i == 0 && selected == 0 ? Found{infinity, static_cast<std::uint32_t>(args.first)} : search.next();
    chosen[i * args.chosen.strides[0]] = found.id;
    distances[i * args.distances.strides[0]] = distance_of(found.key, args.metric);
    search.choose(found.id);
    answer_interrupt();
  }
}

}  // namespace burnish::neighbors
