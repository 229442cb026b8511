// What glibc's allocator can be told, and Swift does not see.
#pragma once

#ifdef __gnu_linux__
extern int mallopt(int parameter, int value);
#endif

// Lets pieces of memory of so many bytes and more go back to the system as soon as they are freed, at the cost of asking it
// for each. 0 where the allocator can't be told.
static inline int allocator_returns_at_once(int bytes) {
#ifdef __gnu_linux__
  enum { mapped_from = -3 };  // M_MMAP_THRESHOLD
  return mallopt(mapped_from, bytes);
#else
  (void)bytes;
  return 0;
#endif
}
