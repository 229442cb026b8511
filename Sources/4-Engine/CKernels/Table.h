// The kernels of one instruction set: LANES, TILE, NAME and TITLE are defined.

#include "Vector.h"
#include "Convolution.h"
#include "Winograd.h"
#include "Windows.h"
#include "Elementwise.h"
#include "Double.h"

static const kernels_table NAME(table) = {
    TITLE, LANES, TILE,
    NAME(pointwise), NAME(rows), NAME(gathered), NAME(winograd), NAME(depthwise),
    NAME(max_pool), NAME(average_pool), NAME(mean), NAME(mean_plane), NAME(resize),
    NAME(apply), NAME(scale_plane), NAME(scale_block), NAME(combine), NAME(combine_block), NAME(softmax),
    NAME(normalize),
    NAME(block), NAME(unblock), NAME(pack_rows), NAME(store_rows),
};
