// Sums of products in double, for images that lie in planes: vectors run along the pixels.

#define DOUBLES (LANES / 2)
// Rows of a tile: what fits into the registers beside two vectors of pixels.
#if TILE > 6
#define ROWS 12
#else
#define ROWS 6
#endif

typedef double NAME(doubles) __attribute__((ext_vector_type(DOUBLES), aligned(8)));
#define doubles NAME(doubles)

INLINE doubles NAME(load_doubles)(const double *source) { return *(const doubles *)source; }
INLINE void NAME(store_doubles)(double *target, doubles value) { *(doubles *)target = value; }

// Sums of `rows` channels for one or two vectors of pixels: weights are [depth][rows], pixels [depth][2 vectors].
INLINE void NAME(double_tile)(const int rows, const int vectors, int64_t depth, const double *weights,
                              const double *pixels, int32_t adds, double *sums) {
  doubles tile[ROWS][2];
  UNROLLED for (int row = 0; row < rows; row++) {
    UNROLLED for (int part = 0; part < vectors; part++)
      tile[row][part] = adds ? NAME(load_doubles)(sums + (2 * row + part) * DOUBLES) : (doubles)0.0;
  }
  for (int64_t step = 0; step < depth; step++, weights += rows, pixels += 2 * DOUBLES) {
    doubles value[2];
    UNROLLED for (int part = 0; part < vectors; part++) value[part] = NAME(load_doubles)(pixels + part * DOUBLES);
    UNROLLED for (int row = 0; row < rows; row++) {
      UNROLLED for (int part = 0; part < vectors; part++) tile[row][part] += value[part] * weights[row];
    }
  }
  UNROLLED for (int row = 0; row < rows; row++) {
    UNROLLED for (int part = 0; part < vectors; part++)
      NAME(store_doubles)(sums + (2 * row + part) * DOUBLES, tile[row][part]);
  }
}

static void NAME(double_sums)(int64_t rows, int64_t vectors, int64_t depth, const double *weights,
                              const double *pixels, int32_t adds, double *sums) {
  switch (rows * 2 + vectors - 1) {
#define TILES(rows)                                                                   \
  case 2 * rows: NAME(double_tile)(rows, 1, depth, weights, pixels, adds, sums); break; \
  case 2 * rows + 1: NAME(double_tile)(rows, 2, depth, weights, pixels, adds, sums); break;
    TILES(1)
    TILES(2)
    TILES(3)
    TILES(4)
    TILES(5)
    TILES(6)
#if ROWS > 6
    TILES(7)
    TILES(8)
    TILES(9)
    TILES(10)
    TILES(11)
    TILES(12)
#endif
#undef TILES
  }
}

static void NAME(double_widen)(const float *source, int64_t count, double *target) {
  for (int64_t index = 0; index < count; index++) target[index] = source[index];
}

static void NAME(double_finish)(const double *sums, int64_t count, double scale, double bias, const double *residual,
                                int32_t relu, double *output) {
  int64_t index = 0;
  // Whole vectors by hand: `count` is that of a panel at most, and the compiler unrolls for more.
  for (; index + DOUBLES <= count; index += DOUBLES) {
    doubles sum = NAME(load_doubles)(sums + index) * scale + bias;
    if (residual) sum += NAME(load_doubles)(residual + index);
    if (relu) sum = sum < 0 ? (doubles)0.0 : sum;
    NAME(store_doubles)(output + index, sum);
  }
  for (; index < count; index++) {
    double sum = sums[index] * scale + bias;
    if (residual) sum += residual[index];
    output[index] = relu && sum < 0 ? 0 : sum;
  }
}

// The parts of one channel of an image that `count` pixels from `first` on see through one tap: `row` and `column`
// are its place from the window's origin. Pixels beyond the image are 0.
static void NAME(double_line)(const kernels_double_window *window, const double *plane, int64_t row, int64_t column,
                              int64_t first, int64_t count, double *line) {
  int64_t line_end = count;
  for (int64_t index = 0; index < line_end;) {
    int64_t place = first + index, x = place % window->columns;
    int64_t run = window->columns - x < line_end - index ? window->columns - x : line_end - index;
    int64_t source_row = place / window->columns * window->stride_height - window->top + row;
    if (source_row < 0 || source_row >= window->height) {
      for (int64_t pixel = 0; pixel < run; pixel++) line[index + pixel] = 0;
    } else {
      const double *source = plane + source_row * window->width;
      int64_t from = x * window->stride_width - window->left + column, step = window->stride_width;
      int64_t before = from < 0 ? (-from + step - 1) / step : 0;
      int64_t inside = from >= window->width ? 0 : (window->width - from + step - 1) / step;
      if (before > run) before = run;
      if (inside > run) inside = run;
      int64_t pixel = 0;
      for (; pixel < before; pixel++) line[index + pixel] = 0;
      if (step == 1)
        for (; pixel < inside; pixel++) line[index + pixel] = source[from + pixel];
      else
        for (; pixel < inside; pixel++) line[index + pixel] = source[from + pixel * step];
      for (; pixel < run; pixel++) line[index + pixel] = 0;
    }
    index += run;
  }
}

// Products [first_step, end_step) of a sum, in the order of OIHW weights, for `count` pixels from `first` on: panels of
// two vectors of pixels, each [depth][2 vectors]. `line` holds as many pixels as the panels.
static void NAME(double_gather)(const kernels_double_window *window, const double *planes, int64_t first_step,
                                int64_t end_step, int64_t first, int64_t count, double *line, double *panels) {
  int64_t taps = (int64_t)window->kernel_height * window->kernel_width;
  int64_t area = (int64_t)window->height * window->width;
  int64_t panel_count = (count + 2 * DOUBLES - 1) / (2 * DOUBLES);
  for (int64_t index = count; index < panel_count * 2 * DOUBLES; index++) line[index] = 0;
  for (int64_t step = first_step; step < end_step; step++) {
    int64_t channel = step / taps, tap = step % taps;
    NAME(double_line)(window, planes + channel * area, tap / window->kernel_width * window->dilation_height,
                      tap % window->kernel_width * window->dilation_width, first, count, line);
    for (int64_t panel = 0; panel < panel_count; panel++) {
      double *target = panels + (panel * (end_step - first_step) + step - first_step) * 2 * DOUBLES;
      UNROLLED for (int part = 0; part < 2; part++)
        NAME(store_doubles)(target + part * DOUBLES, NAME(load_doubles)(line + (2 * panel + part) * DOUBLES));
    }
  }
}

static const kernels_double_table NAME(double_table) = {
    TITLE, 2 * DOUBLES, ROWS, NAME(double_sums), NAME(double_widen), NAME(double_finish), NAME(double_gather),
};
