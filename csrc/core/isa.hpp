// SPDX-License-Identifier: Apache-2.0
// Which instruction set the CPU kernels use. A kernel file is compiled once per level with BURNISH_ISA set to it, and
// specialises its entry point for that level only; with_isa picks one, outside the loops.
#pragma once

#include <cstdint>

namespace burnish {

// x86-64 levels of the System V ABI: v2 has SSE4.2, v3 AVX2, FMA and F16C, v4 AVX-512 F, BW, CD, DQ and VL.
// Processors of other families have one level, compiled without special flags; it takes the place of v2.
enum class Isa : std::uint8_t { v2, v3, v4 };

Isa active_isa();

// Whether the level is v4, on a processor that also multiplies and adds up 8-bit integers (AVX-512 VNNI).
bool has_int8_products(Isa isa);

// A level asked for once serves kernels that lean on one another's results, whatever level is set meanwhile.
template <class F>
decltype(auto) with_isa([[maybe_unused]] Isa isa, F&& f) {
#if defined(BURNISH_HAS_X86_LEVELS)
  switch (isa) {
    case Isa::v4:
      return f.template operator()<Isa::v4>();
    case Isa::v3:
      return f.template operator()<Isa::v3>();
    case Isa::v2:
      break;
  }
#endif
  return f.template operator()<Isa::v2>();
}

template <class F>
decltype(auto) with_isa(F&& f) {
  return with_isa(active_isa(), f);
}

}  // namespace burnish
