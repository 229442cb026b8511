// libdeflate: CRC-32 at memory speed.
#ifndef SCALENET_CDEFLATE_SHIM_H
#define SCALENET_CDEFLATE_SHIM_H
#include <libdeflate.h>
#endif
