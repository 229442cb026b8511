// libjpeg-turbo: JPEG images. Only CImageCodec calls it, because its errors are jumps.
#ifndef SCALENET_CJPEG_SHIM_H
#define SCALENET_CJPEG_SHIM_H
#include <stdio.h>
#include <jpeglib.h>
#endif
