// SPDX-License-Identifier: Apache-2.0
// Runs a grid: one fiber per GPU thread, one block after the other, all on one OS thread.
//
// A thread runs until it waits at a barrier or a warp operation. The scheduler lets every ready
// thread run once, in the chosen order, then completes the meetings that everybody has reached.
#pragma once

#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "fiber.hpp"
#include "shared_memory.hpp"
#include "vector_types.hpp"

namespace cuda_on_cpu {

enum class Order { kForward, kReverse, kRandom };

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Receives the message of an error in a kernel or its launch. May throw; must not return.
using ErrorHandler = void (*)(const std::string& message);

[[noreturn]] inline void abort_on_error(const std::string& message) {
  std::fprintf(stderr, "cuda_on_cpu: error: %s\n", message.c_str());
  std::abort();
}

[[noreturn]] inline void throw_on_error(const std::string& message) { throw Error(message); }

namespace detail {

inline constexpr unsigned kWarp = 32;
inline constexpr unsigned kMaxThreads = 1024;
inline constexpr unsigned kMaxBlockZ = 64;
inline constexpr unsigned kMaxGridX = 0x7fffffff;
inline constexpr unsigned kMaxGridYZ = 65535;
inline constexpr std::size_t kMaxSharedBytes = 48 * 1024;        // without opting in
inline constexpr std::size_t kMaxSharedBytesOptIn = 227 * 1024;  // compute capability 9.0

__attribute__((format(printf, 1, 2))) inline std::string format(const char* pattern, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

using Location = std::source_location;

inline std::string describe(const Location& where) {
  return format("%s:%u", where.file_name(), static_cast<unsigned>(where.line()));
}

inline bool same_place(const Location& a, const Location& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::string_view(a.file_name()) == b.file_name());
}

// Of a mask that is not empty.
inline unsigned lowest_lane(unsigned mask) { return static_cast<unsigned>(__builtin_ctz(mask)); }

enum class Phase { kReady, kAtBarrier, kAtWarpOperation, kExited };
enum class WarpOperation { kSync, kShuffle, kBallot };

// What a thread brings to the meeting it waits at, and what it takes away.
struct Meeting {
  const char* name = "";  // as in the kernel: "__shfl_down_sync"
  Location where;
  WarpOperation operation = WarpOperation::kSync;
  unsigned mask = 0;
  int width = kWarp;
  unsigned source_lane = 0;
  std::uint64_t value = 0;
  std::uint64_t result = 0;
  void* token = nullptr;  // what ThreadSanitizer is told everybody in this meeting has released
};

struct Thread {
  Fiber fiber;
  uint3 index{};
  unsigned lane = 0;
  unsigned warp = 0;
  Phase phase = Phase::kReady;
  Meeting meeting;
};

class Engine {
 public:
  ~Engine() { drop_threads(); }

  void set_order(Order order, std::uint64_t seed) {
    order_ = order;
    random_state_ = seed * 0x9e3779b97f4a7c15u + 1;  // xorshift must not start at zero
    if (random_state_ == 0) random_state_ = 1;
  }

  void set_error_handler(ErrorHandler handler) { handler_ = handler; }
  void allow_shared_bytes(const void* kernel, std::size_t bytes) { opted_in_[kernel] = bytes; }
  unsigned char* dynamic_shared() { return shared_.dynamic(); }
  std::uint64_t switches() const { return switches_; }

  void launch(const void* kernel, dim3 grid, dim3 block, std::size_t dynamic_bytes, void (*body)(void*),
              void* arguments);

  // Called by GPU threads.
  std::uint64_t barrier(const char* name, bool predicate, const Location& where);
  std::uint64_t warp_operation(const Meeting& meeting);
  unsigned live_lanes() const;
  CUDA_ON_CPU_ENGINE unsigned current_lane() const { return current_->lane; }

  // Read by kernels through threadIdx and its like.
  uint3 thread_index{};
  uint3 block_index{};
  dim3 block_dim;
  dim3 grid_dim;

 private:
  static void run_current_thread();

  void check_launch(dim3 grid, dim3 block, std::size_t dynamic_bytes);
  void check_static_shared(std::size_t limit);
  void create_threads(unsigned count);
  void abandon_threads();
  void drop_threads();
  void run_grid(std::size_t shared_limit);
  void run_block();
  void start_block();
  bool run_ready_threads();
  void resume(Thread& thread);
  void leave_current_thread(Phase phase);
  bool complete_warp_operations();
  bool complete_warp_operations(unsigned warp);
  void check_arguments(const Thread& thread);
  const Thread* lane_apart_from(const Thread& first, unsigned lanes) const;
  [[noreturn]] void fail_without_progress();
  [[noreturn]] void fail_disagreement(const Thread& first, const Thread& other);
  void complete(unsigned warp, unsigned lanes);
  std::uint64_t result_for(const Thread& thread, unsigned lanes);
  bool complete_barrier();
  unsigned count(Phase phase) const;
  unsigned lanes_in(unsigned warp, Phase phase, bool equal) const;
  Thread& thread_at(unsigned warp, unsigned lane) { return threads_[warp * kWarp + lane]; }
  const Thread& thread_at(unsigned warp, unsigned lane) const { return threads_[warp * kWarp + lane]; }
  void arrange(std::vector<unsigned>& sequence);
  std::uint64_t next_random();
  std::string describe_waiting() const;
  [[noreturn]] void fail(const std::string& message);

  std::mutex mutex_;
  Fiber host_;
  std::vector<Thread> threads_;
  unsigned thread_count_ = 0;
  Thread* current_ = nullptr;  // null while the scheduler runs
  std::vector<unsigned> sequence_;
  SharedMemory shared_;
  std::map<const void*, std::size_t> opted_in_;
  void (*body_)(void*) = nullptr;
  void* arguments_ = nullptr;

  Order order_ = Order::kForward;
  std::uint64_t random_state_ = 1;
  std::uint64_t switches_ = 0;
  std::uint64_t barrier_votes_ = 0;
  ErrorHandler handler_ = abort_on_error;

  char start_token_ = 0;
  char end_token_ = 0;
  char barrier_token_ = 0;
  // Per warp and lowest lane of the meeting: __syncwarp orders the lanes it names and no others.
  std::array<std::array<char, kWarp>, kMaxThreads / kWarp> warp_tokens_{};
};

inline Engine engine;

// ---- errors ------------------------------------------------------------------------------------

// Always on the stack of whoever called launch, so that the handler may throw: mistakes of GPU
// threads are found by the scheduler, once the thread waits.
inline void Engine::fail(const std::string& message) {
  const std::string text = message + format(" [block (%u, %u, %u)]", block_index.x, block_index.y, block_index.z);
  abandon_threads();
  handler_(text);
  std::abort();  // the handler must not return
}

CUDA_ON_CPU_ENGINE inline std::string Engine::describe_waiting() const {
  std::map<std::string, unsigned> places;
  for (unsigned i = 0; i < thread_count_; ++i) {
    const Thread& t = threads_[i];
    if (t.phase == Phase::kExited) continue;
    std::string place = format("%s at ", t.meeting.name) + describe(t.meeting.where);
    if (t.phase == Phase::kAtWarpOperation) place += format(" with mask 0x%08x", t.meeting.mask);
    ++places[place];
  }
  std::string text;
  for (const auto& [place, threads] : places) text += format("; %u in ", threads) + place;
  return text + format("; %u have exited", count(Phase::kExited));
}

// ---- what GPU threads call ---------------------------------------------------------------------

// Returns the number of threads whose predicate was true.
CUDA_ON_CPU_ENGINE inline std::uint64_t Engine::barrier(const char* name, bool predicate, const Location& where) {
  current_->meeting = {.name = name, .where = where, .value = predicate};
  leave_current_thread(Phase::kAtBarrier);
  tsan_acquire(&barrier_token_);
  return barrier_votes_;
}

CUDA_ON_CPU_ENGINE inline std::uint64_t Engine::warp_operation(const Meeting& meeting) {
  Thread& thread = *current_;
  thread.meeting = meeting;
  leave_current_thread(Phase::kAtWarpOperation);
  // Shuffles and votes exchange registers; CUDA does not let them order memory accesses.
  if (meeting.operation == WarpOperation::kSync) tsan_acquire(thread.meeting.token);
  return thread.meeting.result;
}

CUDA_ON_CPU_ENGINE inline unsigned Engine::live_lanes() const {
  return lanes_in(current_->warp, Phase::kExited, false);
}

CUDA_ON_CPU_ENGINE inline void Engine::leave_current_thread(Phase phase) {
  Thread& thread = *current_;
  thread.phase = phase;
  switch_fiber(thread.fiber, host_, phase == Phase::kExited);
}

CUDA_ON_CPU_ENGINE inline void Engine::run_current_thread() {
  finish_switch(engine.current_->fiber, engine.host_);
  tsan_acquire(&engine.start_token_);
  engine.body_(engine.arguments_);
  tsan_release(&engine.end_token_);
  engine.leave_current_thread(Phase::kExited);
  std::abort();  // nobody resumes an exited thread
}

// ---- the scheduler -----------------------------------------------------------------------------

CUDA_ON_CPU_ENGINE inline void Engine::resume(Thread& thread) {
  ++switches_;
  current_ = &thread;
  thread_index = thread.index;
  switch_fiber(host_, thread.fiber, false);
  current_ = nullptr;
}

CUDA_ON_CPU_ENGINE inline bool Engine::run_ready_threads() {
  arrange(sequence_);
  bool any = false;
  for (unsigned i : sequence_) {
    if (threads_[i].phase != Phase::kReady) continue;
    resume(threads_[i]);
    any = true;
  }
  return any;
}

CUDA_ON_CPU_ENGINE inline unsigned Engine::count(Phase phase) const {
  unsigned total = 0;
  for (unsigned i = 0; i < thread_count_; ++i) total += threads_[i].phase == phase;
  return total;
}

// The lanes of a warp that are (or with equal = false: are not) in a phase.
CUDA_ON_CPU_ENGINE inline unsigned Engine::lanes_in(unsigned warp, Phase phase, bool equal) const {
  unsigned lanes = 0;
  for (unsigned lane = 0; lane < kWarp && warp * kWarp + lane < thread_count_; ++lane) {
    if ((thread_at(warp, lane).phase == phase) == equal) lanes |= 1u << lane;
  }
  return lanes;
}

CUDA_ON_CPU_ENGINE inline bool Engine::complete_warp_operations() {
  bool any = false;
  for (unsigned warp = 0; warp * kWarp < thread_count_; ++warp) {
    any |= complete_warp_operations(warp);
  }
  return any;
}

CUDA_ON_CPU_ENGINE inline bool Engine::complete_warp_operations(unsigned warp) {
  const unsigned live = lanes_in(warp, Phase::kExited, false);
  const unsigned waiting = lanes_in(warp, Phase::kAtWarpOperation, true);
  bool any = false;
  for (unsigned rest = waiting; rest != 0;) {
    const unsigned lane = lowest_lane(rest);
    rest &= rest - 1;
    const Thread& first = thread_at(warp, lane);
    check_arguments(first);
    const unsigned needed = first.meeting.mask & live;
    if ((waiting & needed) != needed || lane_apart_from(first, needed) != nullptr) continue;
    complete(warp, needed);
    rest &= ~needed;
    any = true;
  }
  return any;
}

// A lane of `lanes` that waits at another operation or with another mask than `first`. It may
// still get to the same one, once its own is complete.
CUDA_ON_CPU_ENGINE inline const Thread* Engine::lane_apart_from(const Thread& first, unsigned lanes) const {
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
    const Thread& other = thread_at(first.warp, lowest_lane(rest));
    if (other.meeting.mask != first.meeting.mask) return &other;
    if (!same_place(other.meeting.where, first.meeting.where)) return &other;
  }
  return nullptr;
}

// Nobody can go on. When all lanes that an operation names wait at one, they disagree.
CUDA_ON_CPU_ENGINE inline void Engine::fail_without_progress() {
  for (unsigned i = 0; i < thread_count_; ++i) {
    const Thread& first = threads_[i];
    if (first.phase != Phase::kAtWarpOperation) continue;
    const unsigned needed = first.meeting.mask & lanes_in(first.warp, Phase::kExited, false);
    if ((lanes_in(first.warp, Phase::kAtWarpOperation, true) & needed) != needed) continue;
    if (const Thread* other = lane_apart_from(first, needed)) fail_disagreement(first, *other);
  }
  fail("deadlock: a meeting is never complete" + describe_waiting());
}

CUDA_ON_CPU_ENGINE inline void Engine::check_arguments(const Thread& thread) {
  const Meeting& m = thread.meeting;
  if ((m.mask >> thread.lane & 1) == 0) {
    fail(format("%s at %s: lane %u of warp %u is not in its own mask 0x%08x", m.name, describe(m.where).c_str(),
                thread.lane, thread.warp, m.mask));
  }
  if (m.width < 1 || m.width > 32 || (m.width & (m.width - 1)) != 0) {
    fail(format("%s at %s: the width is %d; it must be 1, 2, 4, 8, 16 or 32", m.name, describe(m.where).c_str(),
                m.width));
  }
}

CUDA_ON_CPU_ENGINE inline void Engine::fail_disagreement(const Thread& first, const Thread& other) {
  const Meeting& a = first.meeting;
  const Meeting& b = other.meeting;
  fail(format(
      "lanes of one warp operation disagree: lane %u is in %s at %s with mask 0x%08x, "
      "lane %u in %s at %s with mask 0x%08x",
      first.lane, a.name, describe(a.where).c_str(), a.mask, other.lane, b.name, describe(b.where).c_str(), b.mask));
}

// The scheduler releases the token in the name of the lanes, now and not when each arrived: the
// lanes that meet are known only now, and all of them run, and acquire it, before the next meeting
// can use the same token.
CUDA_ON_CPU_ENGINE inline void Engine::complete(unsigned warp, unsigned lanes) {
  char* token = &warp_tokens_[warp][lowest_lane(lanes)];
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
    Thread& thread = thread_at(warp, lowest_lane(rest));
    thread.meeting.result = result_for(thread, lanes);
    thread.meeting.token = token;
    if (thread.meeting.operation == WarpOperation::kSync) tsan_release_for(thread.fiber, token);
  }
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
    thread_at(warp, lowest_lane(rest)).phase = Phase::kReady;
  }
}

CUDA_ON_CPU_ENGINE inline std::uint64_t Engine::result_for(const Thread& thread, unsigned lanes) {
  const Meeting& meeting = thread.meeting;
  if (meeting.operation == WarpOperation::kShuffle) {
    if ((lanes >> meeting.source_lane & 1) == 0) {
      fail(format(
          "%s at %s: lane %u of warp %u reads lane %u, which is %s (mask 0x%08x)", meeting.name,
          describe(meeting.where).c_str(), thread.lane, thread.warp, meeting.source_lane,
          meeting.mask >> meeting.source_lane & 1 ? "in the mask but has exited or never was" : "not in its mask",
          meeting.mask));
    }
    return thread_at(thread.warp, meeting.source_lane).meeting.value;
  }
  std::uint64_t ballot = 0;
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
    const unsigned lane = lowest_lane(rest);
    if (thread_at(thread.warp, lane).meeting.value != 0) ballot |= std::uint64_t{1} << lane;
  }
  return ballot;
}

// True when all threads were at one barrier and may go on.
CUDA_ON_CPU_ENGINE inline bool Engine::complete_barrier() {
  const unsigned waiting = count(Phase::kAtBarrier);
  const unsigned exited = count(Phase::kExited);
  if (waiting == 0 || waiting + exited != thread_count_) return false;
  if (exited != 0) {
    fail("a barrier is not reached by threads that have exited" + describe_waiting());
  }
  barrier_votes_ = 0;
  for (unsigned i = 0; i < thread_count_; ++i) {
    const Meeting& meeting = threads_[i].meeting;
    if (!same_place(meeting.where, threads_[0].meeting.where)) {
      fail("threads wait at different barriers" + describe_waiting());
    }
    barrier_votes_ += meeting.value;
  }
  for (unsigned i = 0; i < thread_count_; ++i) {
    tsan_release_for(threads_[i].fiber, &barrier_token_);
    threads_[i].phase = Phase::kReady;
  }
  return true;
}

CUDA_ON_CPU_ENGINE inline void Engine::start_block() {
  tsan_acquire(&end_token_);
  shared_.poison();
  tsan_release(&start_token_);
  for (unsigned i = 0; i < thread_count_; ++i) {
    threads_[i].phase = Phase::kReady;
    prepare_fiber(threads_[i].fiber, &Engine::run_current_thread, i);
  }
}

CUDA_ON_CPU_ENGINE inline void Engine::run_block() {
  start_block();
  while (true) {
    bool progress = run_ready_threads();
    progress |= complete_warp_operations();
    if (count(Phase::kExited) == thread_count_) break;
    progress |= complete_barrier();
    if (!progress) fail_without_progress();
  }
  tsan_acquire(&end_token_);
}

// ---- order -------------------------------------------------------------------------------------

CUDA_ON_CPU_ENGINE inline std::uint64_t Engine::next_random() {  // xorshift64
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return random_state_;
}

CUDA_ON_CPU_ENGINE inline void Engine::arrange(std::vector<unsigned>& sequence) {
  const auto n = static_cast<unsigned>(sequence.size());
  for (unsigned i = 0; i < n; ++i) sequence[i] = order_ == Order::kReverse ? n - 1 - i : i;
  if (order_ != Order::kRandom) return;
  for (unsigned i = n; i > 1; --i) std::swap(sequence[i - 1], sequence[next_random() % i]);
}

// ---- launch ------------------------------------------------------------------------------------

inline void Engine::check_launch(dim3 grid, dim3 block, std::size_t dynamic_bytes) {
  const auto require = [&](bool ok, const char* what, unsigned long long given, unsigned long long limit) {
    if (!ok) fail(format("launch: %s is %llu, the limit is %llu", what, given, limit));
  };
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) {
    fail(format("launch: the grid (%u, %u, %u) is empty", grid.x, grid.y, grid.z));
  }
  if (block.x == 0 || block.y == 0 || block.z == 0) {
    fail(format("launch: the block (%u, %u, %u) is empty", block.x, block.y, block.z));
  }
  require(grid.x <= kMaxGridX, "grid.x", grid.x, kMaxGridX);
  require(grid.y <= kMaxGridYZ, "grid.y", grid.y, kMaxGridYZ);
  require(grid.z <= kMaxGridYZ, "grid.z", grid.z, kMaxGridYZ);
  require(block.z <= kMaxBlockZ, "block.z", block.z, kMaxBlockZ);
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  require(block.x <= kMaxThreads && block.y <= kMaxThreads && threads <= kMaxThreads,
          "the number of threads in a block", threads, kMaxThreads);
  require(dynamic_bytes <= kMaxSharedBytesOptIn, "dynamic shared memory in bytes", dynamic_bytes, kMaxSharedBytesOptIn);
}

inline void Engine::check_static_shared(std::size_t limit) {
  const std::size_t used = shared_.static_bytes_used();
  const std::size_t total = used + shared_.dynamic_bytes();
  if (used > kMaxSharedBytes) {
    fail(format("launch: static shared memory is %zu bytes, the limit is %zu", used, kMaxSharedBytes));
  }
  if (total > limit) {
    fail(
        format("launch: shared memory is %zu bytes (%zu static, %zu dynamic), the limit for this "
               "kernel is %zu; cudaFuncSetAttribute raises it",
               total, used, shared_.dynamic_bytes(), limit));
  }
}

inline void Engine::create_threads(unsigned count) {
  while (threads_.size() < count) {
    Thread thread;
    allocate_stack(thread.fiber);
    threads_.push_back(thread);
  }
  thread_count_ = count;
  sequence_.resize(count);
  for (unsigned i = 0; i < count; ++i) {
    Thread& thread = threads_[i];
    thread.index = {i % block_dim.x, i / block_dim.x % block_dim.y, i / (block_dim.x * block_dim.y)};
    thread.lane = i % kWarp;
    thread.warp = i / kWarp;
  }
}

// Some are in the middle of a kernel. The next launch starts with new ones.
CUDA_ON_CPU_ENGINE inline void Engine::abandon_threads() {
  for (const Thread& thread : threads_) tsan_release_for(thread.fiber, &end_token_);
  tsan_acquire(&end_token_);
  drop_threads();
}

inline void Engine::drop_threads() {
  for (Thread& thread : threads_) free_stack(thread.fiber);
  threads_.clear();
}

// Blocks follow the chosen order too: on a GPU nothing says which one comes first. Random means
// backwards from a random one.
inline void Engine::run_grid(std::size_t shared_limit) {
  const std::uint64_t blocks = std::uint64_t{grid_dim.x} * grid_dim.y * grid_dim.z;
  const std::uint64_t offset = order_ == Order::kRandom ? next_random() % blocks : 0;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t b = order_ == Order::kForward ? i : (2 * blocks - 1 - i - offset) % blocks;
    block_index = {static_cast<unsigned>(b % grid_dim.x), static_cast<unsigned>(b / grid_dim.x % grid_dim.y),
                   static_cast<unsigned>(b / grid_dim.x / grid_dim.y)};
    run_block();
    if (i == 0) check_static_shared(shared_limit);
  }
}

inline void Engine::launch(const void* kernel, dim3 grid, dim3 block, std::size_t dynamic_bytes, void (*body)(void*),
                           void* arguments) {
  const std::lock_guard lock(mutex_);
  block_index = {};
  check_launch(grid, block, dynamic_bytes);
  const auto found = opted_in_.find(kernel);
  // An opt-in names the dynamic part; static variables come on top of it.
  const std::size_t dynamic_limit = found == opted_in_.end() ? kMaxSharedBytes : found->second;
  if (dynamic_bytes > dynamic_limit) {
    fail(
        format("launch: dynamic shared memory is %zu bytes, the limit for this kernel is %zu; "
               "cudaFuncSetAttribute raises it",
               dynamic_bytes, dynamic_limit));
  }
  if (!shared_.locate_static()) {
    fail("the program has __shared__ variables but no symbol table: do not strip it");
  }
  grid_dim = grid;
  block_dim = block;
  body_ = body;
  arguments_ = arguments;
  shared_.resize_dynamic(dynamic_bytes);
#if defined(__SANITIZE_THREAD__)
  host_.tsan_fiber = __tsan_get_current_fiber();
#endif
  create_threads(block.x * block.y * block.z);
  run_grid(dynamic_limit > kMaxSharedBytes ? kMaxSharedBytesOptIn : kMaxSharedBytes);
}

}  // namespace detail

// ---- the interface of launchers and tests ------------------------------------------------------

// The order in which the threads of a block, and the blocks of a grid, take their turns.
inline void set_order(Order order, std::uint64_t seed = 1) { detail::engine.set_order(order, seed); }

inline Order parse_order(std::string_view name) {
  if (name == "forward") return Order::kForward;
  if (name == "reverse") return Order::kReverse;
  if (name == "random") return Order::kRandom;
  throw std::invalid_argument("the order must be forward, reverse or random");
}

// abort_on_error (the default) or throw_on_error, or one of the test's own.
inline void set_error_handler(ErrorHandler handler) { detail::engine.set_error_handler(handler); }

// kernel<<<grid, block, shared_bytes>>>(args...); returns when the grid is done.
template <class... Parameters, class... Args>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes, Args&&... args) {
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> arguments;
  } call{kernel, std::tuple<Parameters...>(std::forward<Args>(args)...)};
  const auto body = [](void* raw) {
    const Call& c = *static_cast<const Call*>(raw);
    std::apply(c.kernel, c.arguments);
  };
  detail::engine.launch(reinterpret_cast<const void*>(kernel), grid, block, shared_bytes, body, &call);
}

}  // namespace cuda_on_cpu
