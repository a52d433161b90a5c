#pragma once
#include <stddef.h>

// The bytes of openapi.json, and their number. The C compiler embeds a file in a moment; the Swift compiler takes long for an
// array of its bytes.
const unsigned char *pithledger_openapi(size_t *size);
