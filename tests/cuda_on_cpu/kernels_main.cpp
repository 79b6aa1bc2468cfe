// SPDX-License-Identifier: Apache-2.0
//   kernels_main ORDER small|full
#include <cstdio>
#include <string>

#include "burnish/runtime.hpp"
#include "core/cuda_backend.hpp"
#include "cuda_on_cpu.hpp"
#include "kernel_cases.hpp"

namespace burnish {
// Defined here so that no_cuda.o of the static library is not linked.
CudaInfo cuda_info() { return {}; }
void require_cuda() {}
}  // namespace burnish

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  cuda_on_cpu::set_order(cuda_on_cpu::parse_order(argv[1]));
  const bool full = std::string(argv[2]) == "full";
  Tally total;
  for (const auto family : {augment_cases, balance_cases, hardness_cases, losses_cases, mix_cases, neighbors_cases}) {
    const Tally tally = family(full);
    total.cases += tally.cases;
    total.differences += tally.differences;
  }
  std::printf("%d cases, %d differences\n", total.cases, total.differences);
  return total.differences == 0 ? 0 : 1;
}
