#pragma once
#include <spawn.h>

// glibc 2.34 has the function; its header declares it only for _GNU_SOURCE, which Swift's view of the header lacks.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// Has the child close every descriptor from this number up.
static inline int pithledger_close_from(posix_spawn_file_actions_t *actions, int from) {
  return posix_spawn_file_actions_addclosefrom_np(actions, from);
}
