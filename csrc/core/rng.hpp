// SPDX-License-Identifier: Apache-2.0
// Philox 4x32-10, a counter-based generator: the draw is a pure function of (counter, key), so a sample's fate depends
// on its name alone and not on threads, batches or devices.
// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
#pragma once

#include <cstdint>

#include "core/host_device.hpp"

namespace burnish {

struct PhiloxCounter {
  std::uint32_t word[4];
};
struct PhiloxKey {
  std::uint32_t word[2];
};

BURNISH_HD PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  constexpr std::uint32_t multiplier[2] = {0xD2511F53u, 0xCD9E8D57u};
  constexpr std::uint32_t weyl[2] = {0x9E3779B9u, 0xBB67AE85u};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t even = std::uint64_t{multiplier[0]} * counter.word[0];
    const std::uint64_t odd = std::uint64_t{multiplier[1]} * counter.word[2];
    counter = {{static_cast<std::uint32_t>(odd >> 32) ^ counter.word[1] ^ key.word[0], static_cast<std::uint32_t>(odd),
                static_cast<std::uint32_t>(even >> 32) ^ counter.word[3] ^ key.word[1],
                static_cast<std::uint32_t>(even)}};
    key.word[0] += weyl[0];
    key.word[1] += weyl[1];
  }
  return counter;
}

// 24 random bits to [0, 1), every value exact.
BURNISH_HD float uniform_float(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

}  // namespace burnish
