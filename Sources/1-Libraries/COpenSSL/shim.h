// libcrypto: SHA-256 of a source file.
#ifndef SCALENET_COPENSSL_SHIM_H
#define SCALENET_COPENSSL_SHIM_H
#include <openssl/evp.h>
#endif
