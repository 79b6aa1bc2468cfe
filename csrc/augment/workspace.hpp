// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "core/buffer.hpp"

namespace burnish::augment {

// Memory that one thread works in.
class Workspace {
 public:
  float* tile(std::size_t values) { return of(tile_, values); }
  float* scratch(std::size_t values) { return of(scratch_, values); }
  // What a pass leaves for the next: two take turns; and what that is made to. A vector may be read beyond the end.
  void* image(int which, std::size_t bytes) { return of(images_[which], bytes + 64); }

 private:
  template <class T>
  static T* of(Buffer<T>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer = Buffer<T>(size);
    return buffer.data();
  }
  Buffer<float> tile_;
  Buffer<float> scratch_;
  Buffer<char> images_[6];
};

}  // namespace burnish::augment
