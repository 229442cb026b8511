// x86-64-v3: vectors of 256 bits, and products that are added in one step.
#include "CKernels.h"

#if defined(__x86_64__)
#define LANES 8
#define TILE 6
#define TITLE "AVX2"
#define NAME(x) x##_256

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Table.h"
#pragma clang attribute pop

const kernels_table *kernels_avx2(void) { return &NAME(table); }
const kernels_double_table *kernels_double_avx2(void) { return &NAME(double_table); }
#else
const kernels_table *kernels_avx2(void) { return 0; }
const kernels_double_table *kernels_double_avx2(void) { return 0; }
#endif
