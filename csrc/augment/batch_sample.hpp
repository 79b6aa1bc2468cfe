// SPDX-License-Identifier: Apache-2.0
// One sample's part of a batch for a GPU.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "augment/batch.hpp"

namespace burnish::augment {

// Puts values behind one another, each where its type may lie.
class Bytes {
 public:
  explicit Bytes(std::vector<char>& bytes) : bytes_(bytes) {}

  template <class T>
  std::int64_t add(const T* values, std::size_t count) {
    const std::size_t at = (bytes_.size() + 7) / 8 * 8;
    bytes_.resize(at + count * sizeof(T));
    if (count > 0) std::memcpy(bytes_.data() + at, values, count * sizeof(T));
    return static_cast<std::int64_t>(at);
  }

 private:
  std::vector<char>& bytes_;
};

using SharedAxis = std::shared_ptr<const Axis>;

// Passes with equal axes share them.
class Axes {
 public:
  const SharedAxis& find(const Axis& axis) {
    const auto known = std::find_if(axes_.begin(), axes_.end(), [&](const SharedAxis& other) {
      return other->from == axis.from && other->to == axis.to && other->is_antialiased == axis.is_antialiased &&
             other->first == axis.first && other->count == axis.count && other->weight == axis.weight;
    });
    if (known != axes_.end()) return *known;
    return axes_.emplace_back(std::make_shared<const Axis>(axis));
  }

 private:
  std::vector<SharedAxis> axes_;
};

// Images that passes leave take turns in the first two; the others are for filters over all of an image.
enum Slot : std::size_t { even, odd, halfway, filtered, slot_count };

// A pass, and what has to come before it.
struct PassPart {
  DevicePass pass;
  Prepare prepare;
  Image left;  // what the pass before has left
  SharedAxis rows;
  SharedAxis columns;
  bool has_tables = false;
  DeviceTables tables{};
  std::int64_t statistic_bytes = 0;
  std::int64_t table_bytes = 0;

  // Of a resize, after its first axis.
  bool rounds_between() const { return left.dtype == DType::uint8 && rows->is_antialiased; }
};

// A sample's program, all places counted from its own start.
struct SamplePart {
  std::vector<char> bytes;
  std::vector<PassPart> passes;
  std::int64_t slots[slot_count] = {};
};

SamplePart part_of(const PipelineArgs& args, std::int64_t sample, const Program& program, Axes& axes);

}  // namespace burnish::augment
