// Weights in the order of the sums that take them. Any processor runs this: it is done once for a network.
#include "CKernels.h"

void kernels_pack(const float *weights, int64_t channel_stride, const int64_t *order, int64_t depth, int64_t channels,
                  int64_t width, float *target) {
  for (int64_t product = 0; product < depth; product++, target += width) {
    const float *source = weights + order[product];
    for (int64_t channel = 0; channel < channels; channel++) target[channel] = source[channel * channel_stride];
  }
}

// G g G' of each 3 x 3 kernel g, in double: G is 1 0 0, 1/2 1/2 1/2, 1/2 -1/2 1/2, 0 0 1.
void kernels_pack_winograd(const float *weights, int64_t channel_stride, int64_t depth, int64_t channels,
                           int64_t width, int64_t position_stride, float *target) {
  for (int64_t product = 0; product < depth; product++, target += width) {
    for (int64_t channel = 0; channel < channels; channel++) {
      const float *g = weights + channel * channel_stride + product * 9;
      double rows[4][3];
      for (int column = 0; column < 3; column++) {
        double top = g[column], middle = g[3 + column], bottom = g[6 + column];
        rows[0][column] = top;
        rows[1][column] = 0.5 * (top + middle + bottom);
        rows[2][column] = 0.5 * (top - middle + bottom);
        rows[3][column] = bottom;
      }
      for (int row = 0; row < 4; row++) {
        const double *r = rows[row];
        float *place = target + channel + row * 4 * position_stride;
        place[0] = (float)r[0];
        place[position_stride] = (float)(0.5 * (r[0] + r[1] + r[2]));
        place[2 * position_stride] = (float)(0.5 * (r[0] - r[1] + r[2]));
        place[3 * position_stride] = (float)r[2];
      }
    }
  }
}
