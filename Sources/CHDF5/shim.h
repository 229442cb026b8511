// libhdf5. Macros that Swift cannot import become inline accessors here.
#ifndef SCALENET_CHDF5_SHIM_H
#define SCALENET_CHDF5_SHIM_H
#include <hdf5.h>
#endif
