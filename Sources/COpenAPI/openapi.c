#include "openapi.h"

static const unsigned char bytes[] = {
#embed "openapi.json"
};

const unsigned char *pithledger_openapi(size_t *size) {
  *size = sizeof bytes;
  return bytes;
}
