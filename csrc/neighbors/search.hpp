// SPDX-License-Identifier: Apache-2.0
// One search: which blocks to compare, and comparing them.
#pragma once

#include <optional>

#include "core/parallel.hpp"
#include "neighbors/codes.hpp"
#include "neighbors/lists.hpp"

namespace burnish::neighbors {

// Compares blocks of queries with blocks of points that their boxes do not rule out, the nearest first. When the points
// are the queries, each pair of blocks is met once and serves both.
template <class Lists>
class Search {
 public:
  Search(const Points& queries, const Points& points, Metric metric, Lists& lists)
      : queries_(queries),
        points_(points),
        is_self_(&queries == &points),
        metric_(metric),
        lists_(lists),
        locks_(queries.block_count()),
        axis_codes_(points, CodesOf::axes, isa_) {
    if (!points.axes().are_columns && points.columns() <= most_coded_columns)
      row_codes_.emplace(points, CodesOf::rows, isa_);
  }

  void run() {
    const std::int64_t blocks = queries_.block_count();
    node_reach_.assign(points_.nodes().size(), 0.0F);
    if (is_self_) {
      for_blocks([&](int block, Scratch& scratch) { find_first_reach(block, block, scratch); });
      for_blocks([&](int block, Scratch& scratch) {
        begin(block, scratch);
        const int last = std::min(block + 1 + blocks_ahead, points_.block_count());
        for (int other = block; other < last; ++other) compare(other, scratch);
      });
      set_node_reach();
    }
    if (blocks > 0 && points_.block_count() > 0) {
      for_blocks([&](int block, Scratch& scratch) {
        begin(block, scratch);
        visit(0, scratch);
      });
    }
  }

 private:
  static constexpr int blocks_ahead = 2;  // blocks of the search order that are compared before all others

  struct Scratch {
    explicit Scratch(const Search& search)
        : axis_codes(search.axis_codes_.width(), search.axis_codes_.code_width()),
          row_codes(search.row_codes_ ? search.row_codes_->width() : 0,
                    search.row_codes_ ? search.row_codes_->code_width() : 0) {}
    int block = 0;
    bool is_fresh = true;  // no points were compared yet
    float largest_reach = 0;
    int axis_misses = 0;
    int axis_pause = 0;
    float query_reach[block_rows] = {};
    float point_reach[block_rows] = {};
    double low[most_axes];
    double high[most_axes];
    QueryCodes axis_codes;
    QueryCodes row_codes;
    Pair pairs[block_pairs + 1];  // one more, which is written before it is known not to count
    double keys[block_pairs];
  };
  static_assert(most_axes >= axis_count);

  template <class F>
  void for_blocks(const F& f) {
    parallel_for(queries_.block_count(), grain(), [&](std::int64_t first, std::int64_t last) {
      const auto scratch = std::make_unique<Scratch>(*this);
      for (std::int64_t block = first; block < last; ++block) f(static_cast<int>(block), *scratch);
    });
  }

  // Comparing two blocks takes about a microsecond for every 64 columns.
  std::int64_t grain() const {
    const std::int64_t microseconds = points_.block_count() * (1 + points_.columns() / 64);
    return std::max<std::int64_t>(1, 200 / std::max<std::int64_t>(1, microseconds));
  }

  // Of rows that lists are kept for; returns the largest.
  float load_reach(int block, float* reach) {
    copy_reach(block, reach);
    return *std::max_element(reach, reach + queries_.rows_in_block(block));
  }

  void copy_reach(int block, float* reach) {
    const auto lock = locks_.hold(block);
    lists_.copy_reach(std::int64_t{block} * block_rows, queries_.rows_in_block(block), reach);
  }

  void begin(int block, Scratch& scratch) {
    scratch.block = block;
    scratch.is_fresh = true;
    scratch.largest_reach = load_reach(block, scratch.query_reach);
    const std::int32_t node = queries_.node_of_block(block);
    const auto axes = static_cast<std::size_t>(points_.axes().count);
    std::copy_n(queries_.low(node), axes, scratch.low);
    std::copy_n(queries_.high(node), axes, scratch.high);
  }

  // Gives the queries of a block their first reach, from the points of another or from one another. Without its lock:
  // each block of queries has one thread, and other threads look at it only after all blocks have been here.
  void find_first_reach(int query_block, int block, Scratch& scratch) {
    if (metric_ == Metric::manhattan || points_.has_zero_rows()) return;  // lengths of codes are no upper bounds
    if (queries_.has_zero_rows() || (!points_.axes().are_columns && !row_codes_)) return;
    FirstReachJob job;
    job.query_count = queries_.rows_in_block(query_block);
    job.point_count = points_.rows_in_block(block);
    job.is_self = is_self_;
    if (lists_.wanted() == 0 || lists_.wanted() > job.point_count - is_self_) return;
    const Codes& codes = row_codes_ ? *row_codes_ : axis_codes_;
    QueryCodes& query_codes = row_codes_ ? scratch.row_codes : scratch.axis_codes;
    codes.encode_queries(queries_, query_block, codes.cell_of(block), query_codes);
    job.queries = query_codes.codes;
    job.points = codes.block(block);
    job.code_width = codes.code_width();
    job.k = static_cast<int>(lists_.wanted());
    job.sums_in_32_bits = codes.sums_in_32_bits();
    job.reach = scratch.query_reach;
    with_isa(isa_, [&]<Isa isa>() { first_reach<isa>(job); });
    const std::int64_t first = std::int64_t{query_block} * block_rows;
    for (int r = 0; r < job.query_count; ++r) lists_.set_first_reach(first + r, scratch.query_reach[r]);
  }

  // From the leaves up: children stand behind their parents.
  void set_node_reach() {
    const auto& nodes = points_.nodes();
    float reach[block_rows];
    for (std::size_t i = nodes.size(); i-- > 0;) {
      const Node& node = nodes[i];
      node_reach_[i] = node.left < 0 ? load_reach(node.first_block, reach)
                                     : std::max(node_reach_[static_cast<std::size_t>(node.left)],
                                                node_reach_[static_cast<std::size_t>(node.right)]);
    }
  }

  double gap_to(std::int32_t node, const Scratch& scratch) const {
    return gap(scratch.low, scratch.high, points_.low(node), points_.high(node), points_.axes().count);
  }

  void visit(std::int32_t place, Scratch& scratch) { visit(place, gap_to(place, scratch), scratch); }

  void visit(std::int32_t place, double squared_gap, Scratch& scratch) {
    const Node& node = points_.nodes()[static_cast<std::size_t>(place)];
    if (is_self_ && node.last_block <= scratch.block + 1 + blocks_ahead) return;  // compared already
    const auto reach =
        static_cast<double>(std::max(scratch.largest_reach, node_reach_[static_cast<std::size_t>(place)]));
    if (squared_gap > reach * reach) return;
    if (node.left < 0) return compare(node.first_block, scratch);
    const double left = gap_to(node.left, scratch);
    const double right = gap_to(node.right, scratch);
    if (left <= right) {
      visit(node.left, left, scratch);
      visit(node.right, right, scratch);
    } else {
      visit(node.right, right, scratch);
      visit(node.left, left, scratch);
    }
  }

  int filter(const Codes& codes, QueryCodes& query_codes, int block, int most_pairs, Scratch& scratch) {
    codes.encode_queries(queries_, scratch.block, codes.cell_of(block), query_codes);
    FilterJob job;
    job.queries = query_codes.codes;
    job.points = codes.block(block);
    job.query_count = queries_.rows_in_block(scratch.block);
    job.point_count = points_.rows_in_block(block);
    job.code_width = codes.code_width();
    job.query_reach = scratch.query_reach;
    job.point_reach = is_self_ ? scratch.point_reach : nullptr;
    job.above_diagonal = is_self_ && block == scratch.block;
    job.sums_in_32_bits = codes.sums_in_32_bits();
    job.most_pairs = most_pairs;
    job.pairs = scratch.pairs;
    int count = 0;
    with_isa(isa_, [&]<Isa isa>() { count = filter_pairs<isa>(job); });
    return count;
  }

  void compare(int block, Scratch& scratch) {
    if (!is_self_ && scratch.is_fresh) {
      find_first_reach(scratch.block, block, scratch);
      scratch.largest_reach = load_reach(scratch.block, scratch.query_reach);
      scratch.is_fresh = false;
    }
    if (is_self_) copy_reach(block, scratch.point_reach);
    int count = block_pairs;
    if (!row_codes_) {
      count = filter(axis_codes_, scratch.axis_codes, block, block_pairs, scratch);
    } else {
      if (scratch.axis_pause > 0) {
        --scratch.axis_pause;
      } else {
        count = filter(axis_codes_, scratch.axis_codes, block, few_pairs, scratch);
        // Where the axes tell little apart, asking them is put off for longer and longer.
        scratch.axis_misses = count > few_pairs ? std::min(scratch.axis_misses + 1, 6) : 0;
        scratch.axis_pause = (1 << scratch.axis_misses) - 1;
      }
      if (count > few_pairs) count = filter(*row_codes_, scratch.row_codes, block, block_pairs, scratch);
    }
    if (count == 0) return;
    const MeasureJob job{metric_,     queries_.block(scratch.block), points_.block(block), scratch.pairs, count,
                         scratch.keys};
    with_isa(isa_, [&]<Isa isa>() { measure_pairs<isa>(job); });
    offer(block, count, scratch);
    scratch.largest_reach = load_reach(scratch.block, scratch.query_reach);
  }

  void offer(int block, int count, Scratch& scratch) {
    const std::int64_t first_query = std::int64_t{scratch.block} * block_rows;
    const std::int64_t first_point = std::int64_t{block} * block_rows;
    {
      const auto lock = locks_.hold(scratch.block);
      for (int p = 0; p < count; ++p) {
        const auto [row, point] = scratch.pairs[p];
        lists_.offer(first_query + row, {scratch.keys[p], points_.id(first_point + point)});
      }
    }
    if (!is_self_) return;
    const auto lock = locks_.hold(block);
    for (int p = 0; p < count; ++p) {
      const auto [row, point] = scratch.pairs[p];
      lists_.offer(first_point + point, {scratch.keys[p], points_.id(first_query + row)});
    }
  }

  static constexpr int few_pairs = 100;  // cheaper to measure than to filter again

  const Points& queries_;
  const Points& points_;
  bool is_self_;
  Metric metric_;
  Lists& lists_;
  BlockLocks locks_;
  Isa isa_ = active_isa();  // of all kernels of this search
  Codes axis_codes_;
  std::optional<Codes> row_codes_;  // where these are not the same
  std::vector<float> node_reach_;   // largest reach of the rows below, as it was after the first comparisons
};

}  // namespace burnish::neighbors
