#include "build_info.h"

#ifndef PITHLEDGER_COMMIT
#define PITHLEDGER_COMMIT ""
#endif

const char *pithledger_commit(void) { return PITHLEDGER_COMMIT; }
