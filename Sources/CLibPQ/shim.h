#include <libpq-fe.h>
#include <sys/eventfd.h>

/* EFD_ constants are an enumeration that Swift does not import on every platform. */
static inline int pithledger_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
