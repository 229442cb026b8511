// What every processor of the architecture runs: vectors of 128 bits, SSE2 or NEON.
#include "CKernels.h"

#define LANES 4
#if defined(__aarch64__)
#define TILE 14
#else
#define TILE 6
#endif
#define TITLE "baseline"
#define NAME(x) x##_128

#include "Table.h"

const kernels_table *kernels_baseline(void) { return &NAME(table); }
const kernels_double_table *kernels_double_baseline(void) { return &NAME(double_table); }
