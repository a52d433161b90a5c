/* Counts the allocations of a process, when LD_PRELOAD names this library.
   PITHLEDGER_BENCH_ALLOCATIONS names a file, which another process reads. It has two 64-bit integers in the
   byte order of the machine: the number of calls that request memory, and the bytes that they request. */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The allocator of glibc under the names that another library does not replace. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

struct counter {
  _Atomic uint64_t calls;
  _Atomic uint64_t bytes;
};

/* Counts what is allocated before the file is open. */
static struct counter early;
static struct counter *_Atomic counter = &early;

__attribute__((constructor)) static void open_counter(void) {
  const char *path = getenv("PITHLEDGER_BENCH_ALLOCATIONS");
  if (!path) return;
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (ftruncate(file, sizeof(struct counter)) == 0) {
    void *memory = mmap(NULL, sizeof(struct counter), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) atomic_store(&counter, memory);
  }
  close(file);
}

static void count(size_t bytes) {
  struct counter *current = atomic_load_explicit(&counter, memory_order_relaxed);
  atomic_fetch_add_explicit(&current->calls, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&current->bytes, bytes, memory_order_relaxed);
}

void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(size);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
    return EINVAL;
  void *allocated = memalign(alignment, size);
  if (!allocated) return ENOMEM;
  *memory = allocated;
  return 0;
}
