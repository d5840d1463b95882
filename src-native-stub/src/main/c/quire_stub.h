#ifndef QUIRE_STUB_H
#define QUIRE_STUB_H

#include <stdint.h>

#define QUIRE_STUB_API __attribute__((visibility("default")))

/* Must be raised with every change of a signature, a status value or a shared struct. */
#define QUIRE_STUB_ABI_VERSION 2

/* Returns the version that this library was built with. The Java side accepts only its own version. */
QUIRE_STUB_API int32_t quire_stub_abi_version(void);

#endif
