// Cairo: shapes and text as pixels, and PNG.
#ifndef SCALENET_CCAIRO_SHIM_H
#define SCALENET_CCAIRO_SHIM_H
#include <cairo.h>
#endif
