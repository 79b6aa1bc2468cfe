// SPDX-License-Identifier: Apache-2.0
// Fibers: stacks that one OS thread switches between by hand, and the calls that keep the address
// and thread sanitizers informed. Knows nothing about CUDA.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#if !defined(__x86_64__) && !defined(CUDA_ON_CPU_UCONTEXT)
#define CUDA_ON_CPU_UCONTEXT
#endif
#if defined(CUDA_ON_CPU_UCONTEXT)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

// The emulator's own bookkeeping is shared by all fibers without locks, because only one of them
// runs at a time. ThreadSanitizer must see the kernels' accesses and not these.
#define CUDA_ON_CPU_ENGINE __attribute__((no_sanitize("thread"), noinline))

namespace cuda_on_cpu::detail {

// 64 KiB would do for kernels; a sanitizer prints its report on the stack of the fiber it stopped.
inline constexpr std::size_t kStackBytes = 256 * 1024;
inline constexpr std::size_t kGuardBytes = 64 * 1024;  // a multiple of any page size
inline constexpr std::size_t kEngineFrameBytes = 8 * 1024;

struct Fiber {
#if defined(CUDA_ON_CPU_UCONTEXT)
  ucontext_t context{};
#else
  void* stack_pointer = nullptr;
#endif
  char* stack = nullptr;  // lowest usable byte
  std::size_t stack_bytes = 0;
  void* asan_fake_stack = nullptr;
  void* tsan_fiber = nullptr;
};

#if !defined(CUDA_ON_CPU_UCONTEXT)
// Saves the registers that the System V ABI lets a callee keep, swaps stacks, restores the other
// side's. noipa: the compiler must assume that any memory may have changed when this returns.
__attribute__((naked, noipa, no_sanitize("address", "thread", "undefined"))) inline void switch_stacks(
    [[maybe_unused]] void** save, [[maybe_unused]] void* load) {
  asm(R"(
      pushq %rbp
      pushq %rbx
      pushq %r12
      pushq %r13
      pushq %r14
      pushq %r15
      movq %rsp, (%rdi)
      movq %rsi, %rsp
      popq %r15
      popq %r14
      popq %r13
      popq %r12
      popq %rbx
      popq %rbp
      ret)");
}
#endif

inline void allocate_stack(Fiber& fiber) {
  void* memory = mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  mprotect(memory, kGuardBytes, PROT_NONE);  // a stack overflow faults instead of corrupting
  fiber.stack = static_cast<char*>(memory) + kGuardBytes;
  fiber.stack_bytes = kStackBytes;
#if defined(__SANITIZE_THREAD__)
  fiber.tsan_fiber = __tsan_create_fiber(0);
#endif
}

inline void free_stack(Fiber& fiber) {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(fiber.tsan_fiber);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(fiber.stack, fiber.stack_bytes);
#endif
  munmap(fiber.stack - kGuardBytes, kStackBytes + kGuardBytes);
  fiber = Fiber{};
}

// Makes the next switch to `fiber` call `entry`, which must never return. `color` shifts the
// stack by some cache lines: a thousand page-aligned stacks would otherwise share a few sets.
CUDA_ON_CPU_ENGINE inline void prepare_fiber(Fiber& fiber, void (*entry)(), std::size_t color) {
#if defined(__SANITIZE_ADDRESS__)
  // The kernel's frames are gone and their red zones with them. Only the few engine frames that
  // the last run never returned from can be left; unpoisoning all of it would take far longer.
  __asan_unpoison_memory_region(fiber.stack + fiber.stack_bytes - kEngineFrameBytes, kEngineFrameBytes);
#endif
  const std::size_t usable = fiber.stack_bytes - (color % 32) * 128;
#if defined(CUDA_ON_CPU_UCONTEXT)
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack;
  fiber.context.uc_stack.ss_size = usable;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
#else
  // From the top: a null return address (ends every backtrace), the entry point that `ret` in
  // switch_stacks jumps to, and six zeroed registers. Leaves the stack aligned as after a call.
  void** top = reinterpret_cast<void**>(fiber.stack + usable);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  fiber.stack_pointer = top;
#endif
}

// Called first thing on a stack that was just entered. Learns the bounds of the stack it came from.
CUDA_ON_CPU_ENGINE inline void finish_switch([[maybe_unused]] Fiber& to, [[maybe_unused]] Fiber& from) {
#if defined(__SANITIZE_ADDRESS__)
  const void* bottom = nullptr;
  __sanitizer_finish_switch_fiber(to.asan_fake_stack, &bottom, &from.stack_bytes);
  from.stack = static_cast<char*>(const_cast<void*>(bottom));
#endif
}

// `last`: nobody will switch back to `from` on its present stack.
CUDA_ON_CPU_ENGINE inline void switch_fiber(Fiber& from, Fiber& to, [[maybe_unused]] bool last) {
#if defined(__SANITIZE_THREAD__)
  // Without this flag a switch would order the two fibers and hide every data race.
  __tsan_switch_to_fiber(to.tsan_fiber, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(last ? nullptr : &from.asan_fake_stack, to.stack, to.stack_bytes);
#endif
#if defined(CUDA_ON_CPU_UCONTEXT)
  swapcontext(&from.context, &to.context);
#else
  switch_stacks(&from.stack_pointer, to.stack_pointer);
#endif
  // Fibers only ever switch to the host and back, so whoever switched to us is `to`.
  finish_switch(from, to);
}

// The only happens-before edges ThreadSanitizer gets to know: launch to threads, barriers,
// __syncwarp, threads to the end of the block.
CUDA_ON_CPU_ENGINE inline void tsan_release([[maybe_unused]] void* token) {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(token);
#endif
}

CUDA_ON_CPU_ENGINE inline void tsan_acquire([[maybe_unused]] void* token) {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(token);
#endif
}

// Called by the host: releases the token in the name of a fiber that is not running.
CUDA_ON_CPU_ENGINE inline void tsan_release_for([[maybe_unused]] const Fiber& fiber, [[maybe_unused]] void* token) {
#if defined(__SANITIZE_THREAD__)
  void* host = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(fiber.tsan_fiber, __tsan_switch_to_fiber_no_sync);
  __tsan_release(token);
  __tsan_switch_to_fiber(host, __tsan_switch_to_fiber_no_sync);
#endif
}

}  // namespace cuda_on_cpu::detail
