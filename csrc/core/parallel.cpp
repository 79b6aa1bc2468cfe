// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "burnish/runtime.hpp"
#include "core/check.hpp"

namespace burnish {
namespace {

constexpr int max_threads = 1024;
constexpr std::chrono::milliseconds interrupt_period(50);

std::atomic<void (*)()> interrupt_check{nullptr};

int default_threads() {
  if (const char* text = std::getenv("BURNISH_NUM_THREADS"); text && *text) {
    char* end = nullptr;
    const long n = std::strtol(text, &end, 10);
    check(*end == '\0' && n >= 1 && n <= max_threads, "BURNISH_NUM_THREADS is '", text, "'; accepted: 1 to ",
          max_threads);
    return static_cast<int>(n);
  }
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) return std::max(1, CPU_COUNT(&cpus));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// 0 until first asked for.
std::atomic<int> thread_setting{0};

// One call of parallel_for: pieces are handed out by a counter.
class Job {
 public:
  Job(std::int64_t n, std::int64_t grain, RangeFunction f) : n_(n), grain_(grain), f_(f) {}

  void work(bool is_caller) {
    Part part{this, is_caller, std::chrono::steady_clock::now(), part_of_this_thread};
    part_of_this_thread = &part;
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::int64_t first = next_.fetch_add(grain_, std::memory_order_relaxed);
      if (first >= n_) break;
      try {
        f_(first, std::min(n_, first + grain_));
        if (is_caller) part.answer_interrupt_at_times();
      } catch (...) {
        fail(std::current_exception());
      }
    }
    part_of_this_thread = part.outer;
  }

  // While others work: answers Ctrl-C for them.
  void watch() {
    try {
      answer_interrupt();
    } catch (...) {
      fail(std::current_exception());
    }
  }

  static void check_point() {
    Part* part = part_of_this_thread;
    if (!part) return;
    if (part->job->failed_.load(std::memory_order_relaxed)) throw Stopped();
    if (part->is_caller) part->answer_interrupt_at_times();
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  // What one thread does of a job.
  struct Part {
    Job* job;
    bool is_caller;
    std::chrono::steady_clock::time_point last_check;
    Part* outer;  // a job may call for another one, and so may a signal handler

    void answer_interrupt_at_times() {
      const auto now = std::chrono::steady_clock::now();
      if (now - last_check < interrupt_period) return;
      last_check = now;
      answer_interrupt();
    }
  };
  static thread_local Part* part_of_this_thread;

  struct Stopped {};  // never seen outside: the job has failed before

  void fail(std::exception_ptr error) {
    const std::scoped_lock lock(error_mutex_);
    if (!error_) error_ = std::move(error);
    failed_ = true;
  }

  std::int64_t n_;
  std::int64_t grain_;
  RangeFunction f_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex error_mutex_;
  std::exception_ptr error_;
};

thread_local Job::Part* Job::part_of_this_thread = nullptr;

class Pool {
 public:
  // False when somebody else is using the pool.
  bool try_run(Job& job, int threads) {
    if (busy_.exchange(true)) return false;
    const int helpers = ensure_workers(threads - 1);
    {
      const std::scoped_lock lock(mutex_);
      job_ = &job;
      wanted_ = helpers;
    }
    wake_.notify_all();
    job.work(true);
    std::unique_lock lock(mutex_);
    wanted_ = 0;  // workers that have not started yet stay asleep
    while (!done_.wait_for(lock, interrupt_period, [&] { return active_ == 0; })) {
      lock.unlock();
      job.watch();
      lock.lock();
    }
    job_ = nullptr;
    busy_ = false;
    return true;
  }

 private:
  // The number of workers that can help; fewer than asked for when the system refuses more threads.
  int ensure_workers(int count) {
    try {
      while (workers_ < count) {
        std::thread([this] { loop(); }).detach();
        ++workers_;
      }
    } catch (const std::system_error&) {
    }
    return std::min(count, workers_);
  }

  void loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return wanted_ > 0; });
      --wanted_;
      ++active_;
      Job* job = job_;
      lock.unlock();
      job->work(false);
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::atomic<bool> busy_{false};  // no mutex: a signal handler on the same thread may come back here
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  Job* job_ = nullptr;
  int wanted_ = 0;
  int active_ = 0;
  int workers_ = 0;
};

std::atomic<Pool*> pool{nullptr};

// The pool is never destroyed: at exit its sleeping threads end with the process, and in a forked child, where they do
// not exist, the copy is forgotten.
Pool& the_pool() {
  Pool* current = pool.load();
  if (!current) {
    auto* fresh = new Pool;
    if (pool.compare_exchange_strong(current, fresh)) {
      current = fresh;
    } else {
      delete fresh;
    }
  }
  return *current;
}

void forget_pool_in_child() {
  pool = nullptr;
  thread_setting = 1;
}

[[maybe_unused]] const int fork_handler = pthread_atfork(nullptr, nullptr, forget_pool_in_child);

}  // namespace

int num_threads() {
  int n = thread_setting.load();
  if (n == 0) {
    n = default_threads();
    thread_setting = n;
  }
  return n;
}

void set_num_threads(int n) {
  check(n >= 1 && n <= max_threads, "set_num_threads: 'n' is ", n, "; accepted: 1 to ", max_threads);
  thread_setting = n;
}

void set_interrupt_check(void (*check)()) { interrupt_check = check; }

void answer_interrupt() {
  if (auto* check = interrupt_check.load()) check();
}

void check_point() { Job::check_point(); }

void parallel_for(std::int64_t n, std::int64_t grain, RangeFunction f) {
  if (n <= 0) return;
  grain = std::max<std::int64_t>(1, grain);
  Job job(n, grain, f);
  const auto pieces = (n + grain - 1) / grain;
  const int threads = static_cast<int>(std::min<std::int64_t>(num_threads(), pieces));
  if (threads <= 1 || !the_pool().try_run(job, threads)) job.work(true);
  job.rethrow();
}

}  // namespace burnish
