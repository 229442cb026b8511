// Vectors of LANES floats. NAME(x) is x with the instruction set's name behind it.

typedef float NAME(vector) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t NAME(mask) __attribute__((ext_vector_type(LANES), aligned(4)));
#define vector NAME(vector)
#define mask NAME(mask)

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

INLINE vector NAME(load)(const float *source) { return *(const vector *)source; }
INLINE void NAME(store)(float *target, vector value) { *(vector *)target = value; }
#define load NAME(load)
#define store NAME(store)

INLINE vector NAME(select)(mask condition, vector yes, vector no) {
  return (vector)((condition & (mask)yes) | (~condition & (mask)no));
}
#define select NAME(select)

// The larger one; a value that is not a number stays.
INLINE vector NAME(at_least)(vector value, vector least) { return select(value < least, least, value); }
INLINE vector NAME(at_most)(vector value, vector most) { return select(value > most, most, value); }
#define at_least NAME(at_least)
#define at_most NAME(at_most)

// exp(x) within two units in the last place; what would be smaller than the least normal number is that number, what
// would overflow is the largest power.
//
// exp(x) = 2^n * exp(r), n = round(x / ln 2), r = x - n ln 2, and the Taylor series of exp(r) for |r| <= 0.347.
INLINE vector NAME(exponential)(vector x) {
  x = at_most(at_least(x, (vector)-87.33f), (vector)88.02f);
  // Adding 1.5 * 2^23 leaves the rounded sum in the low bits of the pattern.
  const vector magic = (vector)12582912.0f;
  vector shifted = x * 1.44269504f + magic;
  vector n = shifted - magic;
  // ln 2 in two parts, the first with few enough bits that n times it is exact.
  vector r = n * -0.693359375f + x;
  r = n * 2.1219444e-4f + r;
  vector series = (vector)(1.0f / 5040);
  series = series * r + (1.0f / 720);
  series = series * r + (1.0f / 120);
  series = series * r + (1.0f / 24);
  series = series * r + (1.0f / 6);
  series = series * r + 0.5f;
  series = series * r + 1.0f;
  series = series * r + 1.0f;
  return (vector)((mask)series + ((mask)shifted << 23));
}
#define exponential NAME(exponential)

// Near 0 by the fraction that begins Lambert's expansion, elsewhere by the exponential.
INLINE vector NAME(tangent)(vector x) {
  vector square = x * x;
  vector numerator = (square + 105.0f) * square + 945.0f;
  vector denominator = (square * 15.0f + 420.0f) * square + 945.0f;
  vector magnitude = select(x < 0, -x, x);
  vector power = exponential(magnitude * -2.0f);
  vector far = (1.0f - power) / (1.0f + power);
  far = select(x < 0, -far, far);
  return select(magnitude < 0.6f, x * numerator / denominator, far);
}

INLINE vector NAME(sigmoid)(vector x) { return 1.0f / (exponential(-x) + 1.0f); }

INLINE vector NAME(held_to_unit)(vector x) { return at_most(at_least(x, (vector)0.0f), (vector)1.0f); }

INLINE vector NAME(function)(const int kind, vector first, vector second, vector x) {
  switch (kind) {
    case KERNELS_RELU: return at_least(x, (vector)0.0f);
    case KERNELS_LEAKY_RELU: return select(x < 0, x * first, x);
    case KERNELS_SIGMOID: return NAME(sigmoid)(x);
    case KERNELS_HARD_SIGMOID: return NAME(held_to_unit)(x * first + second);
    case KERNELS_HARD_SWISH: return x * NAME(held_to_unit)(x * (1.0f / 6) + 0.5f);
    case KERNELS_TANH: return NAME(tangent)(x);
    case KERNELS_SQUARE_ROOT: return __builtin_elementwise_sqrt(x);
    case KERNELS_EXPONENTIAL: {
      // The square of half the power reaches infinity and 0, where the series does not.
      vector root = exponential(x * 0.5f);
      return root * root;
    }
    case KERNELS_CLIP: return at_most(at_least(x, first), second);
    case KERNELS_SWISH: return x * NAME(sigmoid)(x);
    default: return x;
  }
}
