// protobuf-c: the runtime of the generated ONNX messages.
#ifndef SCALENET_CPROTOBUFC_SHIM_H
#define SCALENET_CPROTOBUFC_SHIM_H
#include <protobuf-c/protobuf-c.h>
#endif
