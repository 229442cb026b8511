// Winograd's F(2 x 2, 3 x 3): four output pixels of a 3 x 3 convolution with 16 products for each pair of channels
// instead of 36. See Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), section 4.1.
//
// Its error in float32 is that of the direct sum: the transforms of images only add and subtract.

// The transform of the 4 x 4 pixels around a tile: [position][lane], positions `stride` apart.
INLINE void NAME(transform_input)(vector d[4][4], float *target, int64_t stride) {
  vector t[4][4];
  UNROLLED for (int column = 0; column < 4; column++) {
    t[0][column] = d[0][column] - d[2][column];
    t[1][column] = d[1][column] + d[2][column];
    t[2][column] = d[2][column] - d[1][column];
    t[3][column] = d[1][column] - d[3][column];
  }
  UNROLLED for (int row = 0; row < 4; row++) {
    store(target + (row * 4 + 0) * stride, t[row][0] - t[row][2]);
    store(target + (row * 4 + 1) * stride, t[row][1] + t[row][2]);
    store(target + (row * 4 + 2) * stride, t[row][2] - t[row][1]);
    store(target + (row * 4 + 3) * stride, t[row][1] - t[row][3]);
  }
}

// One block of one tile whose first pixel, of those around it, is [row][column].
INLINE void NAME(load_input)(const kernels_window *window, const float *plane, int64_t row, int64_t column,
                             float *target, int64_t stride) {
  vector d[4][4];
  if (row >= 0 && column >= 0 && row + 4 <= window->height && column + 4 <= window->width) {
    UNROLLED for (int y = 0; y < 4; y++) {
      UNROLLED for (int x = 0; x < 4; x++) d[y][x] = load(plane + ((row + y) * window->width + column + x) * LANES);
    }
  } else {
    UNROLLED for (int y = 0; y < 4; y++) {
      UNROLLED for (int x = 0; x < 4; x++) {
        d[y][x] = (vector)0.0f;
        if (row + y >= 0 && row + y < window->height && column + x >= 0 && column + x < window->width)
          d[y][x] = load(plane + ((row + y) * window->width + column + x) * LANES);
      }
    }
  }
  NAME(transform_input)(d, target, stride);
}

static void NAME(winograd)(const kernels_sums *sums, const kernels_window *window, int64_t input_blocks,
                           const float *weights, int64_t image, int64_t first, int64_t end, int64_t first_block,
                           int64_t end_block, float *scratch) {
  int64_t count = end - first;
  int64_t across = (window->columns + 1) / 2;
  int64_t position_stride = input_blocks * count * LANES;
  const float *source = window->input.elements + image * window->input.image_stride;
  for (int64_t block = 0; block < input_blocks; block++) {
    for (int64_t tile = 0; tile < count; tile++) {
      int64_t row = (first + tile) / across * 2 - window->top, column = (first + tile) % across * 2 - window->left;
      NAME(load_input)(window, source + block * window->input.block_stride, row, column,
                       scratch + (block * count + tile) * LANES, position_stride);
    }
  }
  float *products = scratch + 16 * position_stride;
  int64_t product_stride = 2 * count * LANES;
  int64_t tiles = (count + TILE - 1) / TILE;
  static const float zeros[2 * LANES];
  for (int64_t block = first_block; block < end_block; block += 2) {
    int pair = sums->blocks - block > 1;
    for (int position = 0; position < 16; position++) {
      const float *factors = weights + (position * sums->blocks + block) * sums->depth * LANES;
      const float *next = weights + (position < 15 ? (position + 1) * sums->blocks + block : block + 2)
                          * sums->depth * LANES;
      for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t place = tile * count / tiles;
        int64_t size = (tile + 1) * count / tiles - place;
        ends ends = {zeros, 0, LANES, products + position * product_stride + place * LANES, count * LANES, LANES, 0, 0,
                     -__builtin_inff(), 0, 0};
        NAME(fetch)(&ends, next, tile, tiles, sums->run_count);
        NAME(near_tiles)[size - 1][pair](scratch + position * position_stride + place * LANES, sums->runs,
                                         sums->run_count, count * LANES, factors, &ends);
      }
    }
    for (int index = 0; index <= pair; index++) {
      ends ends = NAME(ends_at)(sums, image, block + index, 0);
      vector bias = load(ends.initial);
      for (int64_t tile = 0; tile < count; tile++) {
        const float *m = products + (index * count + tile) * LANES;
        vector t[2][4], y[2][2];
        UNROLLED for (int column = 0; column < 4; column++) {
          vector one = load(m + (4 + column) * product_stride), two = load(m + (8 + column) * product_stride);
          t[0][column] = load(m + column * product_stride) + one + two;
          t[1][column] = one - two - load(m + (12 + column) * product_stride);
        }
        UNROLLED for (int row = 0; row < 2; row++) {
          y[row][0] = t[row][0] + t[row][1] + t[row][2] + bias;
          y[row][1] = t[row][1] - t[row][2] - t[row][3] + bias;
        }
        int64_t row = (first + tile) / across * 2, column = (first + tile) % across * 2;
        UNROLLED for (int below = 0; below < 2; below++) {
          if (row + below >= window->rows) continue;
          int64_t place = ((row + below) * window->columns + column) * LANES;
          int wide = column + 1 < window->columns;
          if (ends.residual) {
            y[below][0] += load(ends.residual + place);
            if (wide) y[below][1] += load(ends.residual + place + LANES);
          }
          store(ends.output + place, at_least(y[below][0], (vector)ends.floor));
          if (wide) store(ends.output + place + LANES, at_least(y[below][1], (vector)ends.floor));
          if (sums->function.kind > KERNELS_RELU)
            NAME(apply)(sums->function, ends.output + place, ends.output + place, (wide + 1) * LANES);
        }
      }
    }
  }
}
