// SPDX-License-Identifier: Apache-2.0
// One lazy pool of sleeping threads. A forked child starts with one thread and no pool; when the pool is busy (nested
// calls, calls from several threads) the caller does the work itself.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace burnish {

// A reference to a callable f(first, last) that outlives the call.
class RangeFunction {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, RangeFunction>)
  RangeFunction(F&& f)  // NOLINT(google-explicit-constructor): call sites pass lambdas
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, std::int64_t first, std::int64_t last) {
          (*static_cast<std::remove_reference_t<F>*>(object))(first, last);
        }) {}
  void operator()(std::int64_t first, std::int64_t last) const { call_(object_, first, last); }

 private:
  void* object_;
  void (*call_)(void*, std::int64_t, std::int64_t);
};

// Calls f(first, last) on pieces of at most `grain` items that together cover 0..n once, in no fixed order. Choose
// `grain` as 50 to 500 microseconds of work. The first exception thrown by a piece reaches the caller; pieces not yet
// begun are then dropped.
void parallel_for(std::int64_t n, std::int64_t grain, RangeFunction f);

// For pieces of parallel_for that may take longer than a tenth of a second: throws if their call is to end, because of
// Ctrl-C or of another piece that has thrown.
void check_point();

// Gives Ctrl-C a chance in long work outside parallel_for. Only on the thread that entered the library.
void answer_interrupt();

}  // namespace burnish
