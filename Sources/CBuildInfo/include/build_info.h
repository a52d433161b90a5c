#pragma once

// The commit that was built, as `git describe --always --dirty --abbrev=40` prints it; empty if the build was not told.
const char *pithledger_commit(void);
