// SPDX-License-Identifier: Apache-2.0
// What a search has found so far. Rows are numbered by their place in the search order; the ids found are those of the
// caller. Several threads may work on the rows of one block: each holds its lock meanwhile, but for first reaches,
// which come before all offers and from the one thread that has the block. The reach of a row, how far a neighbor of it
// may still be, only shrinks, so that an old value is safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "core/buffer.hpp"
#include "neighbors/kernels.hpp"
#include "neighbors/metric_math.hpp"

namespace burnish::neighbors {

struct Found {
  double key;
  std::uint32_t id;
  bool operator<(const Found& other) const { return key < other.key || (key == other.key && id < other.id); }
};

// From keys to lengths in the units of boxes and codes, rounded up, so that no pair left out for its length could have
// had a key as small.
class Reach {
 public:
  Reach(Metric metric, double factor, std::int64_t columns)
      : metric_(metric), factor_(factor), columns_(static_cast<double>(columns)) {}

  float of_key(double key) const {
    if (metric_ == Metric::cosine) return rounded(std::sqrt(2 * key + cosine_noise()) * factor_);
    if (metric_ == Metric::manhattan) return rounded(key * factor_);
    return rounded((std::sqrt(key) + lost_length()) * factor_);
  }
  // Of a length, in those units, that k pairs are known not to exceed.
  float of_length(double length) const {
    const double original = length / factor_;
    if (metric_ == Metric::cosine) return rounded(std::sqrt(original * original + cosine_noise()) * factor_);
    // Where squares overflow, farther pairs have the same key.
    if (original > 1.3e154) return std::numeric_limits<float>::infinity();
    return rounded((original + lost_length()) * factor_);
  }

 private:
  // By how much twice a key and the square of the length may differ: rows have length 1 up to (d + 6) / 2 units of
  // 2^-52, and products of d terms are off by d / 2 of them.
  double cosine_noise() const { return (columns_ + 16) * 0x1p-50; }
  // Squares below 2^-1075 vanish from sums.
  double lost_length() const { return 2.3e-162 * std::sqrt(columns_); }
  // What is added matters where a length is too small for a float.
  static float rounded(double length) { return static_cast<float>(length * (1 + 1e-6)) + 1e-37F; }

  Metric metric_;
  double factor_;
  double columns_;
};

class BlockLocks {
 public:
  explicit BlockLocks(int blocks) : locks_(std::make_unique<std::atomic<bool>[]>(static_cast<std::size_t>(blocks))) {}

  class Guard {
   public:
    explicit Guard(std::atomic<bool>& lock) : lock_(lock) {
      while (lock_.exchange(true, std::memory_order_acquire)) {
        while (lock_.load(std::memory_order_relaxed)) std::this_thread::yield();
      }
    }
    ~Guard() { lock_.store(false, std::memory_order_release); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    std::atomic<bool>& lock_;
  };
  Guard hold(int block) { return Guard(locks_[static_cast<std::size_t>(block)]); }

 private:
  std::unique_ptr<std::atomic<bool>[]> locks_;
};

// The k nearest of each row.
class NearestLists {
 public:
  NearestLists(std::int64_t rows, std::int64_t k, const Reach& reach)
      : k_(k),
        reach_of_(reach),
        found_(static_cast<std::size_t>(rows * k)),
        counts_(static_cast<std::size_t>(rows)),
        reach_(static_cast<std::size_t>(rows), std::numeric_limits<float>::infinity()) {}

  // Under the lock of the rows' block, as `offer`.
  void copy_reach(std::int64_t first, int count, float* to) const { std::copy_n(reach_.data() + first, count, to); }

  // How many neighbors a row is to have, and a length within which there are so many. Set without a lock, before
  // anything is offered to the row: by the one thread that has its block.
  std::int64_t wanted() const { return k_; }
  void set_first_reach(std::int64_t row, float length) {
    reach_[static_cast<std::size_t>(row)] = reach_of_.of_length(length);
  }

  // Keeps a heap with the worst on top.
  void offer(std::int64_t row, Found found) {
    Found* const list = begin(row);
    std::int32_t& count = counts_[static_cast<std::size_t>(row)];
    if (count < k_) {
      list[count++] = found;
      std::push_heap(list, list + count);
    } else {
      if (!(found < list[0])) return;
      replace_worst(list, found);
    }
    if (count < k_) return;
    float& reach = reach_[static_cast<std::size_t>(row)];
    reach = std::min(reach, reach_of_.of_key(list[0].key));
  }

  // Nearest first, after the search. Every list is full then: k is at most the number of candidates, keys of finite
  // rows are never NaN, and a pair is only left out while its row has k nearer ones, found or counted by its first
  // reach.
  const Found* sorted(std::int64_t row) {
    Found* const list = begin(row);
    assert(counts_[static_cast<std::size_t>(row)] == k_);
    std::sort_heap(list, list + k_);
    return list;
  }

 private:
  Found* begin(std::int64_t row) { return found_.data() + row * k_; }

  void replace_worst(Found* list, Found found) const {
    std::int64_t hole = 0;
    for (std::int64_t child = 1; child < k_; child = 2 * hole + 1) {
      if (child + 1 < k_ && list[child] < list[child + 1]) ++child;
      if (!(found < list[child])) break;
      list[hole] = list[child];
      hole = child;
    }
    list[hole] = found;
  }

  std::int64_t k_;
  Reach reach_of_;
  Buffer<Found> found_;
  std::vector<std::int32_t> counts_;
  std::vector<float> reach_;
};

// Thrown by a search that was to find fewer.
struct TooManyFound {};

// All within a radius, unless they are more than `most`.
class RadiusLists {
 public:
  RadiusLists(std::int64_t rows, double radius, std::int64_t most, Metric metric, const Reach& reach)
      : radius_(radius),
        most_(most),
        metric_(metric),
        reach_(reach.of_key(metric == Metric::euclidean ? radius * radius : radius)),
        found_(static_cast<std::size_t>(rows)) {}

  void copy_reach(std::int64_t, int count, float* to) const { std::fill_n(to, count, reach_); }
  std::int64_t wanted() const { return 0; }
  void set_first_reach(std::int64_t, float) {}
  void offer(std::int64_t row, Found found) {
    if (!(distance_of(found.key, metric_) <= radius_)) return;
    found_[static_cast<std::size_t>(row)].push_back(found);
    if (total_.fetch_add(1, std::memory_order_relaxed) >= most_) throw TooManyFound();
  }
  std::int64_t count(std::int64_t row) const {
    return static_cast<std::int64_t>(found_[static_cast<std::size_t>(row)].size());
  }
  const std::vector<Found>& sorted(std::int64_t row) {
    auto& list = found_[static_cast<std::size_t>(row)];
    std::sort(list.begin(), list.end());
    return list;
  }

 private:
  double radius_;
  std::int64_t most_;
  Metric metric_;
  float reach_;
  std::vector<std::vector<Found>> found_;
  std::atomic<std::int64_t> total_{0};
};

}  // namespace burnish::neighbors
