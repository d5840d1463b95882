#include "quire_stub.h"

int32_t quire_stub_abi_version(void)
{
    return QUIRE_STUB_ABI_VERSION;
}
