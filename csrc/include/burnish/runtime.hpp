// SPDX-License-Identifier: Apache-2.0
// What was built, what runs, and how many threads may be used.
#pragma once

#include <string>
#include <vector>

namespace burnish {

// Worker threads for one call, the caller's own included. The default is the number of processors this process
// may run on, or BURNISH_NUM_THREADS; 1 in a forked child.
int num_threads();
void set_num_threads(int n);

// x86-64 levels for which kernels were compiled ("v2", "v3", "v4"; "generic" on other processors).
std::vector<std::string> built_isa_levels();
// The level in use: the best the processor has, lowered by BURNISH_CPU or set_isa_level.
std::string isa_level();
void set_isa_level(const std::string& level);

struct CudaInfo {
  bool built = false;
  std::string architectures;         // as compiled, e.g. "75-real;80-real;90"
  std::string toolkit;               // e.g. "13.0"
  std::vector<std::string> devices;  // names of the visible devices
  std::string problem;               // why `devices` is empty though CUDA was built
};
CudaInfo cuda_info();

struct BuildInfo {
  std::string version;
  std::string compiler;
};
BuildInfo build_info();

// Called on the thread that entered the library, between pieces of long work, at most every 50 ms. It may throw to end
// the call. The Python module sets it so that Ctrl-C is answered.
void set_interrupt_check(void (*check)());

}  // namespace burnish
