// The innermost loops of the fast kernels, for float32 images whose channels lie in vectors.
//
// A blocked image is [block][row][column][lane]: `lanes` channels of a pixel lie side by side, as many as a vector of
// the instruction set holds. The same sources are compiled once for each instruction set, function by function with
// the target attribute, so that neither the package nor whoever uses it needs a flag; which table is used is decided
// when the program runs. Built without optimisation these loops are slow, and right all the same.
//
// Sizes are the caller's responsibility; strides and offsets are in elements.
#pragma once

#include <stddef.h>
#include <stdint.h>

// What happens to a sum before it is stored.
enum {
  KERNELS_NONE,
  KERNELS_RELU,
  KERNELS_LEAKY_RELU,     // first: the factor of negative values
  KERNELS_SIGMOID,
  KERNELS_HARD_SIGMOID,   // first * x + second, held between 0 and 1
  KERNELS_HARD_SWISH,
  KERNELS_TANH,
  KERNELS_SQUARE_ROOT,
  KERNELS_EXPONENTIAL,
  KERNELS_CLIP,           // between first and second
  KERNELS_SWISH,          // x * sigmoid(first * x)
  KERNELS_ERROR_FUNCTION,
  KERNELS_GELU,
  KERNELS_TANH_GELU,      // the approximation by the hyperbolic tangent
  KERNELS_ROUND,          // to the nearest whole number, halves to even
};

typedef struct {
  int32_t kind;
  float first, second;
} kernels_function;

enum { KERNELS_ADD, KERNELS_SUBTRACT, KERNELS_MULTIPLY, KERNELS_DIVIDE, KERNELS_POWER, KERNELS_PRELU };

// Neighbouring lanes of one unit of the input: `count` steps of a sum. Units lie `unit_stride` elements apart.
typedef struct {
  int64_t unit;
  int32_t lane, count;
} kernels_run;

// A vector that gathering takes for each pixel: the tap's place from the window's origin, and the first element of
// the block of channels.
typedef struct {
  int32_t row, column;
  int64_t block;
} kernels_unit;

// Images in memory.
typedef struct {
  float *elements;
  int64_t image_stride, block_stride;
} kernels_images;

// Sums of products over runs of the input, for `blocks` blocks of output channels.
//
// Weights lie in the order of the sum: for each pair of output blocks [depth][2][lanes], for a last single one
// [depth][1][lanes]. A sum begins with the bias; then come the products, the residual and the function.
typedef struct {
  const kernels_run *runs;
  int64_t run_count, depth;
  const float *weights, *bias;
  int64_t blocks;
  kernels_images output, residual;
  // Elements between neighbouring pixels of both: the lanes, or for `pointwise` without a function the columns of a
  // matrix.
  int64_t pixel_step;
  kernels_function function;
} kernels_sums;

// A window moving over images: `pixel` elements lie between neighbours of a row, and planes of that many channels
// `block_stride` apart.
typedef struct {
  kernels_images input;
  int32_t height, width, pixel;
  int32_t rows, columns;
  int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
  int32_t top, left;
} kernels_window;

typedef struct {
  const char *name;
  // Channels of a block, and the most pixels that are summed at a time.
  int64_t lanes, tile;

  // Pixels [first, end) of an image, for output blocks [first_block, end_block), whose sums read the pixels themselves.
  void (*pointwise)(const kernels_sums *, const kernels_images *input, int64_t image, int64_t first, int64_t end,
                    int64_t first_block, int64_t end_block);
  // Rows [first, end) of the output of an image: the rows under them are copied with their padding to `scratch`,
  // planes [row][column][pixel] of `padded_columns`, `plane_stride` elements apart. Units of runs are elements of the
  // copy. Steps of 1, 2 and 4 elements, and of one and two vectors are known.
  void (*rows)(const kernels_sums *, const kernels_window *, int64_t planes, int64_t plane_stride,
               int64_t padded_columns, int64_t image, int64_t first, int64_t end, int64_t first_block,
               int64_t end_block, float *scratch);
  // Pixels [first, end), counted over all images: what each sums is gathered in `scratch`, one chunk of the depth at a
  // time. `chunks` has three numbers for each, and those of the end behind the last: first run, first unit, depth
  // before it. Units of the runs count from the beginning of their chunk.
  void (*gathered)(const kernels_sums *, const kernels_window *, const kernels_unit *, const int64_t *chunks,
                   int64_t chunk_count, int64_t first, int64_t end, int64_t first_block, int64_t end_block,
                   float *scratch);
  // Tiles [first, end) of 2 x 2 output pixels of an image, by Winograd's F(2 x 2, 3 x 3). Units of the runs are blocks;
  // weights are 16 transformed ones after each other.
  void (*winograd)(const kernels_sums *, const kernels_window *, int64_t input_blocks, const float *weights,
                   int64_t image, int64_t first, int64_t end, int64_t first_block, int64_t end_block, float *scratch);
  // Rows [first, end) of a block of an image whose channels form groups of `group`, a divisor of the lanes: 1, 2, 4 or 8,
  // and less than all lanes. Weights are [tap][channel of the group][lanes].
  void (*depthwise)(const kernels_sums *, const kernels_window *, int64_t image, int64_t block, int64_t group,
                    int64_t first, int64_t end, float *scratch);

  // One block of an image: [rows][columns][lanes].
  void (*max_pool)(const kernels_window *, const float *input, float *output);
  void (*average_pool)(const kernels_window *, int32_t counts_padding, int32_t bottom, int32_t right,
                       const float *input, float *output);
  void (*mean)(const float *input, int64_t pixels, float *output);
  float (*mean_plane)(const float *input, int64_t count);
  // Output pixel [row][column] mixes two rows and two columns by the fractions; nearest if those are null.
  void (*resize)(const float *input, int64_t width, float *output, int64_t rows, int64_t columns,
                 const int32_t *row_lower, const int32_t *row_upper, const float *row_fraction,
                 const int32_t *column_lower, const int32_t *column_upper, const float *column_fraction);

  // Runs of elements.
  void (*apply)(kernels_function, const float *input, float *output, int64_t count);
  // `scale * x + shift`, one of each for a plane; or vectors of them, repeated for every pixel of a block.
  void (*scale_plane)(float scale, float shift, int32_t relu, const float *input, float *output, int64_t count);
  void (*scale_block)(const float *scale, const float *shift, int32_t relu, const float *input, float *output,
                      int64_t pixels);
  // Elements of both; steps are 0 where an operand repeats. Only steps of 1 are stored.
  void (*combine)(int32_t function, const float *left, int64_t left_step, const float *right, int64_t right_step,
                  int32_t relu, float *output, int64_t count);
  // A vector that repeats for every pixel of a block; `swapped` if it is the left operand.
  void (*combine_block)(int32_t function, const float *block, const float *vector, int32_t swapped, int32_t relu,
                        float *output, int64_t pixels);
  void (*softmax)(const float *input, int64_t step, int64_t count, float *output, float *scratch);
  // A row less its mean (if `centres`), over the root of its mean square and epsilon; times `scale`, plus `shift`, where
  // they are not null.
  void (*normalize)(const float *input, int64_t count, int32_t centres, float epsilon, const float *scale,
                    const float *shift, float *output);

  // Between [channel][pixel] and [pixel][lane]: `channels` of one block; lanes without a channel become 0.
  void (*block)(const float *planes, int64_t plane_stride, int64_t channels, float *block, int64_t pixels);
  void (*unblock)(const float *block, int64_t channels, float *planes, int64_t plane_stride, int64_t pixels);
  // `lanes` elements of `count` rows as full vectors, empty lanes 0; and back: `alpha * sum + beta * c`, where c may be
  // null.
  void (*pack_rows)(const float *rows, int64_t row_step, int64_t count, int64_t lanes, float *target);
  void (*store_rows)(const float *sums, int64_t count, int64_t lanes, float alpha, float beta, const float *c,
                     int64_t c_row, int64_t c_column, float *output, int64_t row_step);
} kernels_table;

// A window moving over planes of doubles.
typedef struct {
  int32_t height, width, columns;
  int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
  int32_t top, left;
} kernels_double_window;

// Sums in double, for networks that are computed to see how much float32 rounds. A panel holds the inputs of `pixels`
// pixels, [depth][pixels]; a tile sums at most `rows` channels of a panel.
typedef struct {
  const char *name;
  int64_t pixels, rows;
  // The sums, [rows][pixels], of one or two halves of a panel (`vectors`); weights are [depth][rows]. They are added to
  // what lies there if `adds`.
  void (*sums)(int64_t rows, int64_t vectors, int64_t depth, const double *weights, const double *pixels,
               int32_t adds, double *sums);
  void (*widen)(const float *source, int64_t count, double *target);
  // One row of sums: `scale * sum + bias + residual`, and ReLU after it.
  void (*finish)(const double *sums, int64_t count, double scale, double bias, const double *residual, int32_t relu,
                 double *output);
  // Steps [first_step, end_step) of the depth for `count` pixels from `first` on: panels after each other. `line` has
  // room for the pixels of all panels.
  void (*gather)(const kernels_double_window *, const double *planes, int64_t first_step, int64_t end_step,
                 int64_t first, int64_t count, double *line, double *panels);
} kernels_double_table;

// Packs OIHW weights of `channels` neighbouring output channels, `channel_stride` elements apart: product `n` of a sum
// takes `order[n]`. The target's rows are `width` elements apart.
void kernels_pack(const float *weights, int64_t channel_stride, const int64_t *order, int64_t depth, int64_t channels,
                  int64_t width, float *target);
// Packs 3 x 3 weights for Winograd's F(2 x 2, 3 x 3): 16 numbers for each pair of channels, `position_stride` apart.
void kernels_pack_winograd(const float *weights, int64_t channel_stride, int64_t depth, int64_t channels,
                           int64_t width, int64_t position_stride, float *target);

// Every processor of the architecture runs the first; the others are null where the architecture has no such thing.
const kernels_table *kernels_baseline(void);
const kernels_table *kernels_avx2(void);
const kernels_table *kernels_avx512(void);
const kernels_double_table *kernels_double_baseline(void);
const kernels_double_table *kernels_double_avx2(void);
const kernels_double_table *kernels_double_avx512(void);
