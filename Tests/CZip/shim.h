// libzip: decompression of archive members.
#ifndef SCALENET_CZIP_SHIM_H
#define SCALENET_CZIP_SHIM_H
#include <zip.h>
#endif
