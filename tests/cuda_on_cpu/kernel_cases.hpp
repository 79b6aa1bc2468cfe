// SPDX-License-Identifier: Apache-2.0
// Each family calls the library once with CPU arrays and once with the same memory declared to be on a GPU, where the
// emulated kernels serve it, and compares every output bit by bit.
#pragma once

struct Tally {
  int cases = 0;
  int differences = 0;
  void add(int differences_of_case) {
    ++cases;
    differences += differences_of_case;
  }
};

Tally augment_cases(bool full);
Tally balance_cases(bool full);
Tally hardness_cases(bool full);
Tally losses_cases(bool full);
Tally mix_cases(bool full);
Tally neighbors_cases(bool full);
