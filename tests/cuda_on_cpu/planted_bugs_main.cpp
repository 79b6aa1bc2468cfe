// SPDX-License-Identifier: Apache-2.0
// planted_bugs list                 the names, one a line
// planted_bugs correct ORDER        every kernel without its bug
// planted_bugs bug NAME ORDER       one kernel with its bug
// Exit status: 0 right result, 1 wrong result, 2 wrong arguments; errors in a kernel abort.
#include <cstdio>
#include <string_view>

#include "cuda_on_cpu.hpp"
#include "planted_bugs.hpp"

namespace {

bool run_and_report(const PlantedBug& bug, bool with_bug) {
  const bool right = bug.run(with_bug);
  std::printf("%s: %s\n", bug.name, right ? "right" : "wrong");
  return right;
}

int list_names() {
  for (std::size_t i = 0; i < kPlantedBugCount; ++i) std::puts(kPlantedBugs[i].name);
  return 0;
}

int run_correct() {
  bool all_right = true;
  for (std::size_t i = 0; i < kPlantedBugCount; ++i) {
    all_right &= run_and_report(kPlantedBugs[i], false);
  }
  return all_right ? 0 : 1;
}

int run_bug(std::string_view name) {
  for (std::size_t i = 0; i < kPlantedBugCount; ++i) {
    if (name == kPlantedBugs[i].name) return run_and_report(kPlantedBugs[i], true) ? 0 : 1;
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "list") return list_names();
  if (argc > 2) cuda_on_cpu::set_order(cuda_on_cpu::parse_order(argv[argc - 1]));
  if (command == "correct" && argc == 3) return run_correct();
  if (command == "bug" && argc == 4) return run_bug(argv[2]);
  return 2;
}
