#pragma once
// The clock of the kernel, whose header Swift's view of glibc lacks.
#include <sys/timex.h>
