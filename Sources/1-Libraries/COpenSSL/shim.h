// SHA-256 of OpenSSL's libcrypto. The functions that libcrypto recommends instead find an algorithm by its name, and bring
// all others along, 3 MB of them, where the library is linked as an archive; these are the algorithm alone.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

static inline int scalenet_sha256_begin(SHA256_CTX *context) { return SHA256_Init(context); }

static inline int scalenet_sha256_add(SHA256_CTX *context, const void *bytes, size_t count) {
  return SHA256_Update(context, bytes, count);
}

static inline int scalenet_sha256_finish(unsigned char *digest, SHA256_CTX *context) {
  return SHA256_Final(digest, context);
}
