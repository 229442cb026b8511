// Loops over elements, and between the two layouts of images.

INLINE vector NAME(load_part)(const float *source, int64_t count) {
  vector result = (vector)0.0f;
  __builtin_memcpy(&result, source, (size_t)count * sizeof(float));
  return result;
}
INLINE void NAME(store_part)(float *target, vector value, int64_t count) {
  __builtin_memcpy(target, &value, (size_t)count * sizeof(float));
}

// `body` for whole vectors and for what is left, which `value` goes through.
#define EACH_VECTOR(count, value, input_expression, part_expression, output)  \
  {                                                                           \
    int64_t index = 0;                                                        \
    for (; index + LANES <= (count); index += LANES) {                        \
      vector x = input_expression;                                            \
      store((output) + index, value);                                         \
    }                                                                         \
    if (index < (count)) {                                                    \
      int64_t part = (count) - index;                                         \
      vector x = part_expression;                                             \
      NAME(store_part)((output) + index, value, part);                        \
    }                                                                         \
  }

static void NAME(apply)(kernels_function function, const float *input, float *output, int64_t count) {
  vector first = (vector)function.first, second = (vector)function.second;
  switch (function.kind) {
#define CASE(kind)                                                                                                \
  case kind:                                                                                                      \
    EACH_VECTOR(count, NAME(function)(kind, first, second, x), load(input + index),                               \
                NAME(load_part)(input + index, part), output)                                                     \
    break;
    CASE(KERNELS_RELU)
    CASE(KERNELS_LEAKY_RELU)
    CASE(KERNELS_SIGMOID)
    CASE(KERNELS_HARD_SIGMOID)
    CASE(KERNELS_HARD_SWISH)
    CASE(KERNELS_TANH)
    CASE(KERNELS_SQUARE_ROOT)
    CASE(KERNELS_EXPONENTIAL)
    CASE(KERNELS_CLIP)
    CASE(KERNELS_SWISH)
    CASE(KERNELS_ERROR_FUNCTION)
    CASE(KERNELS_GELU)
    CASE(KERNELS_TANH_GELU)
    CASE(KERNELS_ROUND)
#undef CASE
    default:
      __builtin_memmove(output, input, (size_t)count * sizeof(float));
  }
}

static void NAME(scale_plane)(float scale, float shift, int32_t relu, const float *input, float *output,
                              int64_t count) {
  vector factor = (vector)scale, term = (vector)shift, floor = (vector)(relu ? 0.0f : -__builtin_inff());
  EACH_VECTOR(count, at_least(x * factor + term, floor), load(input + index), NAME(load_part)(input + index, part),
              output)
}

static void NAME(scale_block)(const float *scale, const float *shift, int32_t relu, const float *input,
                              float *output, int64_t pixels) {
  vector factor = load(scale), term = load(shift), floor = (vector)(relu ? 0.0f : -__builtin_inff());
  for (int64_t pixel = 0; pixel < pixels; pixel++)
    store(output + pixel * LANES, at_least(load(input + pixel * LANES) * factor + term, floor));
}

INLINE vector NAME(power)(vector base, vector exponent) {
  vector result;
  int squares = 1;
  UNROLLED for (int lane = 0; lane < LANES; lane++) squares &= exponent[lane] == 2.0f;
  if (squares) return base * base;
  for (int lane = 0; lane < LANES; lane++) result[lane] = __builtin_powf(base[lane], exponent[lane]);
  return result;
}

INLINE vector NAME(combined)(const int function, vector left, vector right) {
  switch (function) {
    case KERNELS_ADD: return left + right;
    case KERNELS_SUBTRACT: return left - right;
    case KERNELS_MULTIPLY: return left * right;
    case KERNELS_DIVIDE: return left / right;
    case KERNELS_POWER: return NAME(power)(left, right);
    default: return select(left < 0, left * right, left);
  }
}

#define EACH_FUNCTION(CASE) \
  CASE(KERNELS_ADD) CASE(KERNELS_SUBTRACT) CASE(KERNELS_MULTIPLY) CASE(KERNELS_DIVIDE) CASE(KERNELS_POWER) \
  CASE(KERNELS_PRELU)

INLINE void NAME(combine_one)(const int function, const float *left, int64_t left_step, const float *right,
                              int64_t right_step, vector floor, float *output, int64_t count) {
  if (left_step == 1 && right_step == 1) {
    EACH_VECTOR(count, at_least(NAME(combined)(function, x, index + LANES <= count
                                                                ? load(right + index)
                                                                : NAME(load_part)(right + index, count - index)),
                                floor),
                load(left + index), NAME(load_part)(left + index, part), output)
  } else if (left_step == 1 && right_step == 0) {
    vector other = (vector)*right;
    EACH_VECTOR(count, at_least(NAME(combined)(function, x, other), floor), load(left + index),
                NAME(load_part)(left + index, part), output)
  } else if (left_step == 0 && right_step == 1) {
    vector other = (vector)*left;
    EACH_VECTOR(count, at_least(NAME(combined)(function, other, x), floor), load(right + index),
                NAME(load_part)(right + index, part), output)
  } else {
    for (int64_t index = 0; index < count; index++)
      output[index] = at_least(NAME(combined)(function, (vector)left[index * left_step],
                                              (vector)right[index * right_step]), floor)[0];
  }
}

static void NAME(combine)(int32_t function, const float *left, int64_t left_step, const float *right,
                          int64_t right_step, int32_t relu, float *output, int64_t count) {
  vector floor = (vector)(relu ? 0.0f : -__builtin_inff());
  switch (function) {
#define CASE(kind)                                                                                     \
  case kind: NAME(combine_one)(kind, left, left_step, right, right_step, floor, output, count); break;
    EACH_FUNCTION(CASE)
#undef CASE
  }
}

static void NAME(combine_block)(int32_t function, const float *block, const float *repeated, int32_t swapped,
                                int32_t relu, float *output, int64_t pixels) {
  vector floor = (vector)(relu ? 0.0f : -__builtin_inff()), other = load(repeated);
  switch (function) {
#define CASE(kind)                                                                                       \
  case kind:                                                                                             \
    for (int64_t pixel = 0; pixel < pixels; pixel++) {                                                   \
      vector x = load(block + pixel * LANES);                                                            \
      vector value = swapped ? NAME(combined)(kind, other, x) : NAME(combined)(kind, x, other);          \
      store(output + pixel * LANES, at_least(value, floor));                                             \
    }                                                                                                    \
    break;
    EACH_FUNCTION(CASE)
#undef CASE
  }
}

// The largest lane, and the sum of all, by halves.
INLINE float NAME(largest_lane)(vector value) {
  float lanes[LANES];
  store(lanes, value);
  UNROLLED for (int half = LANES / 2; half > 0; half /= 2)
    UNROLLED for (int lane = 0; lane < half; lane++)
      lanes[lane] = lanes[lane] > lanes[lane + half] ? lanes[lane] : lanes[lane + half];
  return lanes[0];
}
INLINE float NAME(sum_of_lanes)(vector value) {
  float lanes[LANES];
  store(lanes, value);
  UNROLLED for (int half = LANES / 2; half > 0; half /= 2)
    UNROLLED for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

// exp(x), and what is not a number where x is none, whatever its lower bits.
INLINE vector NAME(softmax_power)(vector x) { return select(x == x, exponential(x), x); }

static void NAME(softmax)(const float *input, int64_t step, int64_t count, float *output, float *scratch) {
  if (step != 1) {
    for (int64_t index = 0; index < count; index++) scratch[index] = input[index * step];
    input = scratch;
  }
  float *target = step == 1 ? output : scratch;
  const vector least = (vector)-__builtin_inff();
  // What is not a number is no largest one, but makes the sum none, and with it the whole row.
  vector most = least;
  int64_t whole = count / LANES * LANES, rest = count - whole;
  for (int64_t index = 0; index < whole; index += LANES) most = at_least(load(input + index), most);
  vector last = least;
  if (rest) __builtin_memcpy(&last, input + whole, (size_t)rest * sizeof(float));
  most = at_least(last, most);
  float largest = NAME(largest_lane)(most);
  vector sums = (vector)0.0f;
  for (int64_t index = 0; index < whole; index += LANES) {
    vector power = NAME(softmax_power)(load(input + index) - largest);
    sums += power;
    store(target + index, power);
  }
  // Empty lanes are less than 2e-38 each, beside a sum of at least 1.
  last = NAME(softmax_power)(last - largest);
  if (rest) sums += last;
  float factor = 1.0f / NAME(sum_of_lanes)(sums);
  for (int64_t index = 0; index < whole; index += LANES) store(target + index, load(target + index) * factor);
  if (rest) NAME(store_part)(target + whole, last * factor, rest);
  if (step != 1) {
    for (int64_t index = 0; index < count; index++) output[index * step] = scratch[index];
  }
}

static void NAME(pack_rows)(const float *rows, int64_t row_step, int64_t count, int64_t lanes, float *target) {
  if (lanes == LANES) {
    for (int64_t row = 0; row < count; row++) store(target + row * LANES, load(rows + row * row_step));
  } else {
    for (int64_t row = 0; row < count; row++)
      store(target + row * LANES, NAME(load_part)(rows + row * row_step, lanes));
  }
}

static void NAME(store_rows)(const float *sums, int64_t count, int64_t lanes, float alpha, float beta, const float *c,
                             int64_t c_row, int64_t c_column, float *output, int64_t row_step) {
  for (int64_t row = 0; row < count; row++) {
    vector value = load(sums + row * LANES) * alpha;
    if (c) {
      const float *term = c + row * c_row;
      vector added = (vector)*term;
      if (c_column == 1) {
        added = lanes == LANES ? load(term) : NAME(load_part)(term, lanes);
      } else if (c_column) {
        for (int64_t lane = 0; lane < lanes; lane++) added[lane] = term[lane * c_column];
      }
      value += added * beta;
    }
    if (lanes == LANES) {
      store(output + row * row_step, value);
    } else {
      NAME(store_part)(output + row * row_step, value, lanes);
    }
  }
}

// Four sums side by side.
INLINE float NAME(sum)(const vector *sums) {
  vector all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += all[lane];
  return sum;
}

static void NAME(normalize)(const float *input, int64_t count, int32_t centres, float epsilon, const float *scale,
                            const float *shift, float *output) {
  vector sums[4] = {(vector)0.0f, (vector)0.0f, (vector)0.0f, (vector)0.0f};
  int64_t index = 0;
  float mean = 0, square = 0, rest = 0;
  if (centres) {
    for (; index + 4 * LANES <= count; index += 4 * LANES) {
      UNROLLED for (int part = 0; part < 4; part++) sums[part] += load(input + index + part * LANES);
    }
    for (; index < count; index++) rest += input[index];
    mean = (NAME(sum)(sums) + rest) / (float)count;
    UNROLLED for (int part = 0; part < 4; part++) sums[part] = (vector)0.0f;
    rest = 0;
  }
  for (index = 0; index + 4 * LANES <= count; index += 4 * LANES) {
    UNROLLED for (int part = 0; part < 4; part++) {
      vector distance = load(input + index + part * LANES) - mean;
      sums[part] += distance * distance;
    }
  }
  for (; index < count; index++) rest += (input[index] - mean) * (input[index] - mean);
  square = (NAME(sum)(sums) + rest) / (float)count;
  float factor = 1.0f / __builtin_sqrtf(square + epsilon);
  for (index = 0; index + LANES <= count; index += LANES) {
    vector value = (load(input + index) - mean) * factor;
    if (scale) value *= load(scale + index);
    if (shift) value += load(shift + index);
    store(output + index, value);
  }
  for (; index < count; index++) {
    float value = (input[index] - mean) * factor;
    if (scale) value *= scale[index];
    if (shift) value += shift[index];
    output[index] = value;
  }
}

static void NAME(block)(const float *planes, int64_t plane_stride, int64_t channels, float *block, int64_t pixels) {
  for (int64_t pixel = 0; pixel < pixels; pixel++) {
    vector value = (vector)0.0f;
    for (int64_t lane = 0; lane < channels; lane++) value[lane] = planes[lane * plane_stride + pixel];
    store(block + pixel * LANES, value);
  }
}

static void NAME(unblock)(const float *block, int64_t channels, float *planes, int64_t plane_stride,
                          int64_t pixels) {
  for (int64_t lane = 0; lane < channels; lane++) {
    for (int64_t pixel = 0; pixel < pixels; pixel++) planes[lane * plane_stride + pixel] = block[pixel * LANES + lane];
  }
}
