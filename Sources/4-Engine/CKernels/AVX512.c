// x86-64-v4: vectors of 512 bits, and 32 registers of them.
#include "CKernels.h"

#if defined(__x86_64__)
#define LANES 16
#define TILE 14
#define TITLE "AVX-512"
#define NAME(x) x##_512

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))), \
                             apply_to = function)
#include "Table.h"
#pragma clang attribute pop

const kernels_table *kernels_avx512(void) { return &NAME(table); }
const kernels_double_table *kernels_double_avx512(void) { return &NAME(double_table); }
#else
const kernels_table *kernels_avx512(void) { return 0; }
const kernels_double_table *kernels_double_avx512(void) { return 0; }
#endif
