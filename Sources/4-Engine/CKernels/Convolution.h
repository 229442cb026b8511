// Sums of products: a tile of pixels times one or two vectors of output channels stays in registers while the depth
// goes by.

// Where a tile's sums come from and go to.
typedef struct {
  // What the sums begin with: a vector a block, and a step from pixel to pixel, 0 for a bias.
  const float *initial;
  int64_t initial_step, initial_block;
  float *output;
  int64_t output_block;
  // From pixel to pixel of the output and of the residual.
  int64_t pixel_step;
  // Null if nothing is added.
  const float *residual;
  int64_t residual_block;
  // What the sums are at least.
  float floor;
  // Weights that come after these, and how many cache lines of them are fetched with each run: maps of few pixels
  // read weights faster than memory gives them.
  const float *next;
  int64_t next_lines;
} NAME(ends);
#define ends NAME(ends)

INLINE void NAME(tile)(const int pixels, const int blocks, const int step, const float *input,
                       const kernels_run *runs, int64_t run_count, int64_t unit_stride, const float *weights,
                       const ends *ends) {
  vector sums[2][TILE];
  UNROLLED for (int block = 0; block < blocks; block++) {
    UNROLLED for (int pixel = 0; pixel < pixels; pixel++)
      sums[block][pixel] = load(ends->initial + block * ends->initial_block + pixel * ends->initial_step);
  }
  const float *next = ends->next;
  for (const kernels_run *run = runs; run < runs + run_count; run++) {
    const float *factors = input + run->unit * unit_stride + run->lane;
    const float *end = factors + run->count;
    do {
      vector first = load(weights);
      vector second = blocks > 1 ? load(weights + LANES) : first;
      UNROLLED for (int pixel = 0; pixel < pixels; pixel++) {
        vector factor = (vector)factors[pixel * step];
        sums[0][pixel] += factor * first;
        if (blocks > 1) sums[1][pixel] += factor * second;
      }
      weights += blocks * LANES;
      factors++;
    } while (factors < end);
    for (int64_t line = 0; line < ends->next_lines; line++, next += 16) __builtin_prefetch(next, 0, 2);
  }
  if (ends->residual) {
    UNROLLED for (int block = 0; block < blocks; block++) {
      UNROLLED for (int pixel = 0; pixel < pixels; pixel++)
        sums[block][pixel] += load(ends->residual + block * ends->residual_block + pixel * ends->pixel_step);
    }
  }
  UNROLLED for (int block = 0; block < blocks; block++) {
    UNROLLED for (int pixel = 0; pixel < pixels; pixel++)
      store(ends->output + block * ends->output_block + pixel * ends->pixel_step,
            at_least(sums[block][pixel], (vector)ends->floor));
  }
}

typedef void (*NAME(tile_function))(const float *, const kernels_run *, int64_t, int64_t, const float *,
                                    const ends *);

#define TILE_FUNCTION(pixels, blocks, steps, step)                                                                  \
  static __attribute__((noinline)) void NAME(tile_##pixels##_##blocks##_##steps)(                                   \
      const float *input, const kernels_run *runs, int64_t run_count, int64_t unit_stride, const float *weights,    \
      const ends *ends) {                                                                                           \
    NAME(tile)(pixels, blocks, step, input, runs, run_count, unit_stride, weights, ends);                           \
  }
#define TILE_FUNCTIONS(pixels, steps, step) \
  TILE_FUNCTION(pixels, 1, steps, step) TILE_FUNCTION(pixels, 2, steps, step)
#define TILE_ENTRY(pixels, steps) {NAME(tile_##pixels##_1_##steps), NAME(tile_##pixels##_2_##steps)}

// Neighbouring pixels of a blocked image: every size there is.
TILE_FUNCTIONS(1, near, LANES)
TILE_FUNCTIONS(2, near, LANES)
TILE_FUNCTIONS(3, near, LANES)
TILE_FUNCTIONS(4, near, LANES)
TILE_FUNCTIONS(5, near, LANES)
TILE_FUNCTIONS(6, near, LANES)
#if TILE > 6
TILE_FUNCTIONS(7, near, LANES)
TILE_FUNCTIONS(8, near, LANES)
TILE_FUNCTIONS(9, near, LANES)
TILE_FUNCTIONS(10, near, LANES)
TILE_FUNCTIONS(11, near, LANES)
TILE_FUNCTIONS(12, near, LANES)
TILE_FUNCTIONS(13, near, LANES)
TILE_FUNCTIONS(14, near, LANES)
#endif
static const NAME(tile_function) NAME(near_tiles)[TILE][2] = {
    TILE_ENTRY(1, near),  TILE_ENTRY(2, near),  TILE_ENTRY(3, near), TILE_ENTRY(4, near),
    TILE_ENTRY(5, near),  TILE_ENTRY(6, near),
#if TILE > 6
    TILE_ENTRY(7, near),  TILE_ENTRY(8, near),  TILE_ENTRY(9, near), TILE_ENTRY(10, near),
    TILE_ENTRY(11, near), TILE_ENTRY(12, near), TILE_ENTRY(13, near), TILE_ENTRY(14, near),
#endif
};

// Other steps: few sizes, which together cover a row.
#if TILE > 6
#define STEP_FUNCTIONS(steps, step)                                              \
  TILE_FUNCTIONS(1, steps, step) TILE_FUNCTIONS(2, steps, step)                  \
  TILE_FUNCTIONS(4, steps, step) TILE_FUNCTIONS(7, steps, step) TILE_FUNCTIONS(14, steps, step)
#define STEP_ENTRIES(steps) \
  {TILE_ENTRY(1, steps), TILE_ENTRY(2, steps), TILE_ENTRY(4, steps), TILE_ENTRY(7, steps), TILE_ENTRY(14, steps)}
static const int NAME(sizes)[] = {1, 2, 4, 7, 14};
enum { NAME(size_count) = 5 };
#else
#define STEP_FUNCTIONS(steps, step) \
  TILE_FUNCTIONS(1, steps, step) TILE_FUNCTIONS(2, steps, step) TILE_FUNCTIONS(4, steps, step) \
  TILE_FUNCTIONS(6, steps, step)
#define STEP_ENTRIES(steps) \
  {TILE_ENTRY(1, steps), TILE_ENTRY(2, steps), TILE_ENTRY(4, steps), TILE_ENTRY(6, steps)}
static const int NAME(sizes)[] = {1, 2, 4, 6};
enum { NAME(size_count) = 4 };
#endif
STEP_FUNCTIONS(single, 1)
STEP_FUNCTIONS(other, 2)
STEP_FUNCTIONS(fourth, 4)
STEP_FUNCTIONS(apart, 2 * LANES)
static const NAME(tile_function) NAME(step_tiles)[4][NAME(size_count)][2] = {
    STEP_ENTRIES(single), STEP_ENTRIES(other), STEP_ENTRIES(fourth), STEP_ENTRIES(apart)};

// The function of a tile, where it is more than a floor: on what was just stored.
static void NAME(apply)(kernels_function function, const float *input, float *output, int64_t count);

INLINE void NAME(finish)(const kernels_sums *sums, const ends *ends, int blocks, int64_t pixels) {
  if (sums->function.kind <= KERNELS_RELU) return;
  for (int block = 0; block < blocks; block++) {
    float *place = ends->output + block * ends->output_block;
    NAME(apply)(sums->function, place, place, pixels * LANES);
  }
}

// The ends of the tile that begins with `pixel` of an image and block `block`.
INLINE ends NAME(ends_at)(const kernels_sums *sums, int64_t image, int64_t block, int64_t pixel) {
  ends result;
  result.initial = sums->bias + block * LANES;
  result.initial_step = 0;
  result.initial_block = LANES;
  result.output = sums->output.elements + image * sums->output.image_stride + block * sums->output.block_stride
                  + pixel * sums->pixel_step;
  result.output_block = sums->output.block_stride;
  result.pixel_step = sums->pixel_step;
  result.residual = sums->residual.elements
                        ? sums->residual.elements + image * sums->residual.image_stride
                              + block * sums->residual.block_stride + pixel * sums->pixel_step
                        : 0;
  result.residual_block = sums->residual.block_stride;
  result.floor = sums->function.kind == KERNELS_RELU ? 0 : -__builtin_inff();
  result.next = 0;
  result.next_lines = 0;
  return result;
}

// Divides the fetching of the weights at `next` among the tiles that the weights before them have.
INLINE void NAME(fetch)(ends *ends, const float *next, int64_t tile, int64_t tiles, int64_t run_count) {
  if (!next || tiles > 8) return;
  ends->next_lines = (2 * LANES * LANES / 16 + tiles - 1) / tiles;
  ends->next = next + tile * run_count * ends->next_lines * 16;
}

static void NAME(pointwise)(const kernels_sums *sums, const kernels_images *input, int64_t image, int64_t first,
                            int64_t end, int64_t first_block, int64_t end_block) {
  const float *source = input->elements + image * input->image_stride;
  int64_t tiles = (end - first + TILE - 1) / TILE;
  for (int64_t block = first_block; block < end_block; block += 2) {
    int pair = sums->blocks - block > 1;
    const float *weights = sums->weights + block * sums->depth * LANES;
    const float *next = block + 2 < end_block ? weights + 2 * sums->depth * LANES : 0;
    for (int64_t tile = 0; tile < tiles; tile++) {
      int64_t pixel = first + tile * (end - first) / tiles;
      int64_t count = first + (tile + 1) * (end - first) / tiles - pixel;
      ends ends = NAME(ends_at)(sums, image, block, pixel);
      NAME(fetch)(&ends, next, tile, tiles, sums->run_count);
      NAME(near_tiles)[count - 1][pair](source + pixel * LANES, sums->runs, sums->run_count, input->block_stride,
                                        weights, &ends);
      NAME(finish)(sums, &ends, pair + 1, count);
    }
  }
}

// Copies rows [first, first + count) of a plane, counted without padding, with zeros around it.
INLINE void NAME(pad)(const kernels_window *window, const float *plane, int64_t first, int64_t count,
                      int64_t padded_columns, float *target) {
  int64_t pixel = window->pixel, width = window->width;
  int64_t left = window->left < padded_columns ? window->left : padded_columns;
  int64_t copied = padded_columns - left < width ? padded_columns - left : width;
  for (int64_t row = first; row < first + count; row++, target += padded_columns * pixel) {
    if (row < 0 || row >= window->height) {
      __builtin_memset(target, 0, (size_t)(padded_columns * pixel) * sizeof(float));
      continue;
    }
    __builtin_memset(target, 0, (size_t)(left * pixel) * sizeof(float));
    __builtin_memcpy(target + left * pixel, plane + row * width * pixel, (size_t)(copied * pixel) * sizeof(float));
    __builtin_memset(target + (left + copied) * pixel, 0,
                     (size_t)((padded_columns - left - copied) * pixel) * sizeof(float));
  }
}

static void NAME(rows)(const kernels_sums *sums, const kernels_window *window, int64_t planes,
                       int64_t plane_stride, int64_t padded_columns, int64_t image, int64_t first, int64_t end,
                       int64_t first_block, int64_t end_block, float *scratch) {
  int64_t below = (int64_t)(window->kernel_height - 1) * window->dilation_height + 1;
  int64_t row_count = (end - first - 1) * window->stride_height + below;
  const float *source = window->input.elements + image * window->input.image_stride;
  for (int64_t plane = 0; plane < planes; plane++)
    NAME(pad)(window, source + plane * window->input.block_stride, first * window->stride_height - window->top,
              row_count, padded_columns, scratch + plane * plane_stride);
  int64_t step = (int64_t)window->pixel * window->stride_width;
  int64_t row_stride = window->stride_height * padded_columns * window->pixel;
  int kind = step == 1 ? 0 : step == 2 ? 1 : step == 4 ? 2 : 3;
  int64_t columns = window->columns;
  int64_t tiles = (columns + TILE - 1) / TILE;
  for (int64_t block = first_block; block < end_block; block += 2) {
    int pair = sums->blocks - block > 1;
    const float *weights = sums->weights + block * sums->depth * LANES;
    for (int64_t row = first; row < end; row++) {
      const float *line = scratch + (row - first) * row_stride;
      if (step == LANES) {
        for (int64_t tile = 0; tile < tiles; tile++) {
          int64_t column = tile * columns / tiles;
          int64_t count = (tile + 1) * columns / tiles - column;
          ends ends = NAME(ends_at)(sums, image, block, row * columns + column);
          NAME(near_tiles)[count - 1][pair](line + column * step, sums->runs, sums->run_count, 1, weights, &ends);
          NAME(finish)(sums, &ends, pair + 1, count);
        }
        continue;
      }
      int size = NAME(size_count) - 1;
      for (int64_t column = 0; column < columns; column += NAME(sizes)[size]) {
        while (NAME(sizes)[size] > columns - column) size--;
        ends ends = NAME(ends_at)(sums, image, block, row * columns + column);
        NAME(step_tiles)[kind][size][pair](line + column * step, sums->runs, sums->run_count, 1, weights, &ends);
        NAME(finish)(sums, &ends, pair + 1, NAME(sizes)[size]);
      }
    }
  }
}

// Gathers units [first_unit, end_unit) of `count` pixels from `pixel` on, counted over all images: [unit][pixel][lane].
static void NAME(gather)(const kernels_window *window, const kernels_unit *units, int64_t first_unit,
                         int64_t end_unit, int64_t pixel, int64_t count, float *target) {
  int64_t area = (int64_t)window->rows * window->columns;
  const float *sources[TILE];
  int64_t tops[TILE], lefts[TILE];
  for (int64_t index = 0; index < count; index++) {
    int64_t image = (pixel + index) / area, place = (pixel + index) % area;
    sources[index] = window->input.elements + image * window->input.image_stride;
    tops[index] = place / window->columns * window->stride_height - window->top;
    lefts[index] = place % window->columns * window->stride_width - window->left;
  }
  for (int64_t unit = first_unit; unit < end_unit; unit++) {
    for (int64_t index = 0; index < count; index++, target += LANES) {
      int64_t row = tops[index] + units[unit].row, column = lefts[index] + units[unit].column;
      vector value = (vector)0.0f;
      if (row >= 0 && row < window->height && column >= 0 && column < window->width)
        value = load(sources[index] + units[unit].block + (row * window->width + column) * LANES);
      store(target, value);
    }
  }
}

// The last sums of a tile that spans images: into a copy of its own, and from there to their places.
static __attribute__((noinline)) void NAME(spanning_tile)(
    const kernels_sums *sums, int64_t area, int64_t pixel, int64_t count, int64_t block, int pair,
    const float *gathered, const kernels_run *runs, int64_t run_count, const float *weights, ends ends) {
  float tile[2 * TILE * LANES], residual[2 * TILE * LANES];
  for (int index = 0; ends.residual && index <= pair; index++) {
    for (int64_t place = 0; place < count; place++) {
      int64_t image = (pixel + place) / area;
      store(residual + (index * count + place) * LANES,
            load(NAME(ends_at)(sums, image, block + index, (pixel + place) % area).residual));
    }
  }
  ends.output = tile;
  ends.output_block = count * LANES;
  if (ends.residual) ends.residual = residual;
  ends.residual_block = count * LANES;
  NAME(near_tiles)[count - 1][pair](gathered, runs, run_count, count * LANES, weights, &ends);
  NAME(finish)(sums, &ends, pair + 1, count);
  for (int index = 0; index <= pair; index++) {
    for (int64_t place = 0; place < count; place++) {
      int64_t image = (pixel + place) / area;
      store(NAME(ends_at)(sums, image, block + index, (pixel + place) % area).output,
            load(tile + (index * count + place) * LANES));
    }
  }
}

// Sums that are not complete lie behind what is gathered.
static void NAME(gathered)(const kernels_sums *sums, const kernels_window *window, const kernels_unit *units,
                           const int64_t *chunks, int64_t chunk_count, int64_t first, int64_t end,
                           int64_t first_block, int64_t end_block, float *scratch) {
  int64_t area = (int64_t)window->rows * window->columns;
  int64_t pixels = end - first;
  int64_t tiles = (pixels + TILE - 1) / TILE;
  int64_t most = 0;
  for (int64_t chunk = 0; chunk < chunk_count; chunk++) {
    int64_t count = chunks[chunk * 3 + 4] - chunks[chunk * 3 + 1];
    if (count > most) most = count;
  }
  float *partial = scratch + pixels * most * LANES;
  for (int64_t chunk = 0; chunk < chunk_count; chunk++) {
    const int64_t *here = chunks + chunk * 3, *next = here + 3;
    int64_t unit_count = next[1] - here[1];
    int is_last = chunk == chunk_count - 1;
    for (int64_t tile = 0; tile < tiles; tile++) {
      int64_t pixel = tile * pixels / tiles;
      int64_t count = (tile + 1) * pixels / tiles - pixel;
      NAME(gather)(window, units, here[1], next[1], first + pixel, count, scratch + pixel * unit_count * LANES);
    }
    for (int64_t block = first_block; block < end_block; block += 2) {
      int pair = sums->blocks - block > 1;
      const float *weights = sums->weights + (block * sums->depth + here[2] * (pair + 1)) * LANES;
      for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t pixel = tile * pixels / tiles;
        int64_t count = (tile + 1) * pixels / tiles - pixel;
        const float *gathered = scratch + pixel * unit_count * LANES;
        const kernels_run *runs = sums->runs + here[0];
        int64_t run_count = next[0] - here[0];
        int64_t image = (first + pixel) / area;
        ends ends = NAME(ends_at)(sums, image, block, (first + pixel) % area);
        NAME(fetch)(&ends, block + 2 < end_block ? weights + 2 * sums->depth * LANES : 0, tile, tiles, run_count);
        float *sum = partial + ((block - first_block) * pixels + pixel) * LANES;
        if (chunk > 0) {
          ends.initial = sum;
          ends.initial_step = LANES;
          ends.initial_block = pixels * LANES;
        }
        if (!is_last) {
          ends.output = sum;
          ends.output_block = pixels * LANES;
          ends.residual = 0;
          ends.floor = -__builtin_inff();
        } else if (image != (first + pixel + count - 1) / area) {
          NAME(spanning_tile)(sums, area, first + pixel, count, block, pair, gathered, runs, run_count, weights,
                              ends);
          continue;
        }
        NAME(near_tiles)[count - 1][pair](gathered, runs, run_count, count * LANES, weights, &ends);
        if (is_last) NAME(finish)(sums, &ends, pair + 1, count);
      }
    }
  }
}
