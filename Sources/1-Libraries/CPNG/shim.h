// libpng: PNG images. Only CImageCodec calls it, because its errors are jumps.
#ifndef SCALENET_CPNG_SHIM_H
#define SCALENET_CPNG_SHIM_H
#include <png.h>
#endif
