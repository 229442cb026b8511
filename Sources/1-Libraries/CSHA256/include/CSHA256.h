// SHA-256 of FIPS 180-4, with the processor's own instructions where it has them.
#ifndef SCALENET_CSHA256_H
#define SCALENET_CSHA256_H
#include <stddef.h>
#include <stdint.h>

// The digest of the bytes.
void scalenet_sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]);

// The same, computed without them: what the tests compare with.
void scalenet_sha256_portable(const uint8_t *bytes, size_t count, uint8_t digest[32]);
#endif
