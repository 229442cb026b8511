// Windows over one block of channels, every channel or every small group by itself.

// Every lane takes the lane `index` of its group of `size` lanes.
#define PLACE(lane, size, index) ((lane) / (size) * (size) + (index))
#define PLACES4(first, size, index) \
  PLACE(first, size, index), PLACE(first + 1, size, index), PLACE(first + 2, size, index), PLACE(first + 3, size, index)
#if LANES == 4
#define SPREAD(size, index) __builtin_shufflevector(x, x, PLACES4(0, size, index))
#elif LANES == 8
#define SPREAD(size, index) __builtin_shufflevector(x, x, PLACES4(0, size, index), PLACES4(4, size, index))
#else
#define SPREAD(size, index)                                                                          \
  __builtin_shufflevector(x, x, PLACES4(0, size, index), PLACES4(4, size, index), PLACES4(8, size, index), \
                          PLACES4(12, size, index))
#endif
#define SPREAD_CASE(size, index) \
  case size * 16 + index: return SPREAD(size, index);
INLINE vector NAME(spread)(const int size, const int index, vector x) {
  switch (size * 16 + index) {
    SPREAD_CASE(2, 0)
    SPREAD_CASE(2, 1)
#if LANES > 4
    SPREAD_CASE(4, 0)
    SPREAD_CASE(4, 1)
    SPREAD_CASE(4, 2)
    SPREAD_CASE(4, 3)
#endif
#if LANES > 8
    SPREAD_CASE(8, 0)
    SPREAD_CASE(8, 1)
    SPREAD_CASE(8, 2)
    SPREAD_CASE(8, 3)
    SPREAD_CASE(8, 4)
    SPREAD_CASE(8, 5)
    SPREAD_CASE(8, 6)
    SPREAD_CASE(8, 7)
#endif
    default: return x;
  }
}

INLINE void NAME(depthwise_tile)(const int pixels, const int group, int64_t step, int64_t taps_high, int64_t taps_wide,
                                 int64_t row_step, int64_t tap_step, const float *source, const float *weights,
                                 const ends *ends) {
  vector sums[TILE];
  UNROLLED for (int pixel = 0; pixel < pixels; pixel++) sums[pixel] = load(ends->initial);
  for (int64_t row = 0; row < taps_high; row++) {
    const float *place = source + row * row_step;
    for (int64_t column = 0; column < taps_wide; column++) {
      UNROLLED for (int index = 0; index < group; index++) {
        vector factor = load(weights);
        UNROLLED for (int pixel = 0; pixel < pixels; pixel++)
          sums[pixel] += factor * NAME(spread)(group, index, load(place + pixel * step));
        weights += LANES;
      }
      place += tap_step;
    }
  }
  UNROLLED for (int pixel = 0; pixel < pixels; pixel++) {
    if (ends->residual) sums[pixel] += load(ends->residual + pixel * LANES);
    store(ends->output + pixel * LANES, at_least(sums[pixel], (vector)ends->floor));
  }
}

INLINE void NAME(depthwise_step)(const int size, const int group, int64_t step, const kernels_window *window, int64_t padded_columns,
                                 const float *source, const float *weights, const ends *ends) {
  int64_t row_step = window->dilation_height * padded_columns * LANES;
  int64_t tap_step = window->dilation_width * LANES;
  switch (size) {
#define SIZE(pixels)                                                                                          \
  case pixels:                                                                                                \
    NAME(depthwise_tile)(pixels, group, step, window->kernel_height, window->kernel_width, row_step, tap_step, source, \
                         weights, ends);                                                                      \
    break;
#if TILE > 6
    SIZE(14)
    SIZE(7)
#else
    SIZE(6)
#endif
    SIZE(4)
    SIZE(2)
    default:
      NAME(depthwise_tile)(1, group, step, window->kernel_height, window->kernel_width, row_step, tap_step, source,
                           weights, ends);
#undef SIZE
  }
}

static void NAME(depthwise)(const kernels_sums *sums, const kernels_window *window, int64_t image, int64_t block,
                            int64_t group, int64_t first, int64_t end, float *scratch) {
  int64_t padded_columns = (int64_t)(window->columns - 1) * window->stride_width
                           + (int64_t)(window->kernel_width - 1) * window->dilation_width + 1;
  int64_t below = (int64_t)(window->kernel_height - 1) * window->dilation_height + 1;
  int64_t row_count = (end - first - 1) * window->stride_height + below;
  const float *plane = window->input.elements + image * window->input.image_stride
                       + block * window->input.block_stride;
  NAME(pad)(window, plane, first * window->stride_height - window->top, row_count, padded_columns, scratch);
  const float *weights = sums->weights + block * sums->depth * LANES;
  for (int64_t row = first; row < end; row++) {
    const float *line = scratch + (row - first) * window->stride_height * padded_columns * LANES;
    int size = NAME(size_count) - 1;
    for (int64_t column = 0; column < window->columns; column += NAME(sizes)[size]) {
      while (NAME(sizes)[size] > window->columns - column) size--;
      ends ends = NAME(ends_at)(sums, image, block, row * window->columns + column);
      const float *place = line + column * window->stride_width * LANES;
      int64_t step = window->stride_width * LANES;
      if (group == 2)
        NAME(depthwise_step)(NAME(sizes)[size], 2, step, window, padded_columns, place, weights, &ends);
#if LANES > 4
      else if (group == 4)
        NAME(depthwise_step)(NAME(sizes)[size], 4, step, window, padded_columns, place, weights, &ends);
#endif
#if LANES > 8
      else if (group == 8)
        NAME(depthwise_step)(NAME(sizes)[size], 8, step, window, padded_columns, place, weights, &ends);
#endif
      else if (window->stride_width == 1)
        NAME(depthwise_step)(NAME(sizes)[size], 1, LANES, window, padded_columns, place, weights, &ends);
      else if (window->stride_width == 2)
        NAME(depthwise_step)(NAME(sizes)[size], 1, 2 * LANES, window, padded_columns, place, weights, &ends);
      else
        NAME(depthwise_step)(NAME(sizes)[size], 1, step, window, padded_columns, place, weights, &ends);
      NAME(finish)(sums, &ends, 1, NAME(sizes)[size]);
    }
  }
}

// The taps on the image, along one axis, of the window that begins at `start`: from `*first` to before the result.
INLINE int32_t NAME(taps)(int32_t start, int32_t kernel, int32_t dilation, int32_t size, int32_t *first) {
  int32_t from = start < 0 ? (-start + dilation - 1) / dilation : 0;
  int32_t end = start >= size ? 0 : (size - start + dilation - 1) / dilation;
  *first = from;
  return end < kernel ? end : kernel;
}

static void NAME(max_pool)(const kernels_window *window, const float *input, float *output) {
  for (int32_t row = 0; row < window->rows; row++) {
    int32_t top = row * window->stride_height - window->top, first_row;
    int32_t end_row = NAME(taps)(top, window->kernel_height, window->dilation_height, window->height, &first_row);
    for (int32_t column = 0; column < window->columns; column++, output += LANES) {
      int32_t left = column * window->stride_width - window->left, first;
      int32_t end = NAME(taps)(left, window->kernel_width, window->dilation_width, window->width, &first);
      vector largest = (vector)-__builtin_inff();
      for (int32_t y = first_row; y < end_row; y++) {
        const float *line = input + ((int64_t)(top + y * window->dilation_height) * window->width + left) * LANES;
        for (int32_t x = first; x < end; x++) {
          vector value = load(line + (int64_t)x * window->dilation_width * LANES);
          // The larger of both; what is not a number wins.
          largest = select((largest >= value) | (largest != largest), largest, value);
        }
      }
      store(output, largest);
    }
  }
}

static void NAME(average_pool)(const kernels_window *window, int32_t counts_padding, int32_t bottom, int32_t right,
                               const float *input, float *output) {
  int32_t added_top = counts_padding ? window->top : 0, added_left = counts_padding ? window->left : 0;
  int32_t added_height = counts_padding ? window->top + bottom : 0;
  int32_t added_width = counts_padding ? window->left + right : 0;
  for (int32_t row = 0; row < window->rows; row++) {
    int32_t top = row * window->stride_height - window->top, first_row, counted;
    int32_t end_row = NAME(taps)(top, window->kernel_height, window->dilation_height, window->height, &first_row);
    int32_t high = NAME(taps)(top + added_top, window->kernel_height, window->dilation_height,
                              window->height + added_height, &counted);
    high -= counted;
    for (int32_t column = 0; column < window->columns; column++, output += LANES) {
      int32_t left = column * window->stride_width - window->left, first;
      int32_t end = NAME(taps)(left, window->kernel_width, window->dilation_width, window->width, &first);
      int32_t wide = NAME(taps)(left + added_left, window->kernel_width, window->dilation_width,
                                window->width + added_width, &counted);
      wide -= counted;
      vector sum = (vector)0.0f;
      for (int32_t y = first_row; y < end_row; y++) {
        const float *line = input + ((int64_t)(top + y * window->dilation_height) * window->width + left) * LANES;
        for (int32_t x = first; x < end; x++) sum += load(line + (int64_t)x * window->dilation_width * LANES);
      }
      store(output, sum / (float)(high * wide));
    }
  }
}

static void NAME(mean)(const float *input, int64_t pixels, float *output) {
  vector sums[4] = {(vector)0.0f, (vector)0.0f, (vector)0.0f, (vector)0.0f};
  int64_t pixel = 0;
  for (; pixel + 4 <= pixels; pixel += 4) {
    UNROLLED for (int index = 0; index < 4; index++) sums[index] += load(input + (pixel + index) * LANES);
  }
  for (; pixel < pixels; pixel++) sums[0] += load(input + pixel * LANES);
  store(output, ((sums[0] + sums[1]) + (sums[2] + sums[3])) / (float)pixels);
}

static float NAME(mean_plane)(const float *input, int64_t count) {
  vector sums = (vector)0.0f;
  int64_t index = 0;
  for (; index + LANES <= count; index += LANES) sums += load(input + index);
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
  for (; index < count; index++) sum += input[index];
  return sum / (float)count;
}

static void NAME(resize)(const float *input, int64_t width, float *output, int64_t rows, int64_t columns,
                         const int32_t *row_lower, const int32_t *row_upper, const float *row_fraction,
                         const int32_t *column_lower, const int32_t *column_upper, const float *column_fraction) {
  for (int64_t row = 0; row < rows; row++) {
    const float *upper_line = input + row_lower[row] * width * LANES;
    if (!row_fraction) {
      for (int64_t column = 0; column < columns; column++, output += LANES)
        store(output, load(upper_line + (int64_t)column_lower[column] * LANES));
      continue;
    }
    const float *lower_line = input + row_upper[row] * width * LANES;
    vector down = (vector)row_fraction[row];
    for (int64_t column = 0; column < columns; column++, output += LANES) {
      int64_t left = (int64_t)column_lower[column] * LANES, right = (int64_t)column_upper[column] * LANES;
      vector across = (vector)column_fraction[column];
      vector top = load(upper_line + left);
      top += (load(upper_line + right) - top) * across;
      vector bottom = load(lower_line + left);
      bottom += (load(lower_line + right) - bottom) * across;
      store(output, top + (bottom - top) * down);
    }
  }
}
