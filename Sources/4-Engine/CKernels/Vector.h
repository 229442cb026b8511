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

// The error function by two polynomials, fitted to it at Chebyshev's points: below 1 erf(x) / x in the square of x, beyond
// it erfc(x) * exp(x^2) in 1 / (1 + x / 2). Both are within 2e-8 of it. The complement keeps its own digits:
// what the first gives is 1 less than the second.
typedef struct {
  vector erf, complement;
} NAME(error);
INLINE NAME(error) NAME(error_function)(vector x) {
  vector square = x * x, magnitude = select(x < 0, -x, x);
  vector near = (vector)7.81714231e-05f;
  near = near * square - 0.000800070297f;
  near = near * square + 0.00518743689f;
  near = near * square - 0.026853445f;
  near = near * square + 0.112835789f;
  near = near * square - 0.376126255f;
  near = near * square + 1.12837917f;
  near *= magnitude;
  vector part = 1.0f / (1.0f + magnitude * 0.5f);
  vector far = (vector)0.0701867795f;
  far = far * part - 0.149604859f;
  far = far * part - 0.0249815836f;
  far = far * part + 0.144645851f;
  far = far * part + 0.139297057f;
  far = far * part + 0.258516772f;
  far = far * part + 0.279996137f;
  far = far * part + 0.282297986f;
  far = far * part - 8.23816528e-06f;
  far = select(magnitude > 9.5f, (vector)0.0f, far * exponential(-square));
  NAME(error) result = {select(magnitude < 1, near, 1.0f - far), select(magnitude < 1, 1.0f - near, far)};
  return result;
}

// x / 2 * (1 + erf(x / sqrt(2))); where x is negative, the bracket is the complement.
INLINE vector NAME(gelu)(vector x) {
  NAME(error) error = NAME(error_function)(x * 0.707106781f);
  return 0.5f * x * select(x < 0, error.complement, 1.0f + error.erf);
}

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
    case KERNELS_SWISH: return x * NAME(sigmoid)(x * first);
    case KERNELS_ERROR_FUNCTION: {
      vector erf = NAME(error_function)(x).erf;
      return select(x < 0, -erf, erf);
    }
    case KERNELS_GELU: return NAME(gelu)(x);
    // 1 + tanh(u) is twice the sigmoid of 2 u.
    case KERNELS_TANH_GELU: return x * NAME(sigmoid)(1.59576912f * (x + 0.044715f * x * x * x));
    case KERNELS_ROUND: return __builtin_elementwise_rint(x);
    default: return x;
  }
}
