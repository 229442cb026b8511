// What only the C compiler can ask of the processor: instruction levels, and the pause of a waiting loop.
#pragma once

#if defined(__x86_64__)
// The levels of the x86-64 psABI; true only if the operating system saves the wide registers as well.
static inline int processor_has_x86_64_v3(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v3");
}

static inline int processor_has_x86_64_v4(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4");
}

static inline void processor_pause(void) { __builtin_ia32_pause(); }
#else
static inline int processor_has_x86_64_v3(void) { return 0; }
static inline int processor_has_x86_64_v4(void) { return 0; }
#if defined(__aarch64__)
static inline void processor_pause(void) { __asm__ volatile("yield"); }
#else
static inline void processor_pause(void) {}
#endif
#endif
