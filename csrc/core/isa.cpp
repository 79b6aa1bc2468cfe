// SPDX-License-Identifier: Apache-2.0
// Own cpuid test: the compiler's builtin answers "no" to everything under some toolchains.
#include "core/isa.hpp"

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "burnish/runtime.hpp"
#include "core/check.hpp"

#if defined(BURNISH_HAS_X86_LEVELS)
#include <cpuid.h>
#endif

namespace burnish {
namespace {

#if defined(BURNISH_HAS_X86_LEVELS)

constexpr std::string_view level_names[] = {"v2", "v3", "v4"};

struct Registers {
  unsigned a, b, c, d;
};

Registers cpuid(unsigned leaf, unsigned subleaf = 0) {
  Registers r{};
  __get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d);
  return r;
}

// The register sets that the operating system saves on a task switch.
unsigned saved_states() {
  unsigned low = 0;
  unsigned high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool has(unsigned reg, std::initializer_list<int> bits) {
  for (const int bit : bits) {
    if (!(reg >> bit & 1)) return false;
  }
  return true;
}

// -1 when even v2 is missing.
int best_level() {
  const Registers one = cpuid(1);
  const Registers seven = cpuid(7);
  const Registers extended = cpuid(0x80000001);
  const bool v2 = has(one.c, {0, 9, 13, 19, 20, 23}) && has(extended.c, {0});
  if (!v2) return -1;
  const bool os_saves = has(one.c, {27});
  const bool v3 = os_saves && (saved_states() & 0x6) == 0x6 && has(one.c, {12, 22, 28, 29}) &&
                  has(seven.b, {3, 5, 8}) && has(extended.c, {5});
  if (!v3) return 0;
  const bool v4 = (saved_states() & 0xe6) == 0xe6 && has(seven.b, {16, 17, 28, 30, 31});
  return v4 ? 2 : 1;
}

#else

constexpr std::string_view level_names[] = {"generic"};
int best_level() { return 0; }

#endif

int checked_level(std::string_view source, std::string_view text) {
  std::string accepted;
  for (int level = 0; level <= best_level(); ++level) {
    const std::string_view name = level_names[static_cast<std::size_t>(level)];
    if (text == name) return level;
    accepted += concat(level ? ", " : "", name);
  }
  throw ValueError(concat(source, " is '", text, "'; accepted on this processor: ", accepted));
}

std::atomic<int> current_level{-1};

int level_in_use() {
  int level = current_level.load(std::memory_order_relaxed);
  if (level >= 0) return level;
  level = best_level();
  check<DeviceError>(level >= 0, "burnish needs a processor of level x86-64-v2 (SSE4.2) or newer");
  if (const char* text = std::getenv("BURNISH_CPU"); text && *text) level = checked_level("BURNISH_CPU", text);
  current_level = level;
  return level;
}

}  // namespace

Isa active_isa() { return static_cast<Isa>(level_in_use()); }

bool has_int8_products([[maybe_unused]] Isa isa) {
#if defined(BURNISH_HAS_X86_LEVELS)
  static const bool has_instruction = has(cpuid(7).c, {11});
  return isa == Isa::v4 && has_instruction;
#else
  return false;
#endif
}

std::string isa_level() { return std::string(level_names[static_cast<std::size_t>(level_in_use())]); }

std::vector<std::string> built_isa_levels() { return {std::begin(level_names), std::end(level_names)}; }

void set_isa_level(const std::string& level) { current_level = checked_level("set_isa_level: 'level'", level); }

}  // namespace burnish
