/* LD_PRELOAD: every fsync and fdatasync takes HOLDFAST_FSYNC_MS longer, as on a card that is slow. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const char *ms = getenv("HOLDFAST_FSYNC_MS");
  if (ms) usleep((useconds_t)(atof(ms) * 1000));
  return real(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
