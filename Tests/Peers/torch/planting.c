// Stands between the command and the C library (LD_PRELOAD): when a file was written and is to be kept, one float in it
// is made larger by a thousandth, or becomes a thousandth where it was 0.
//
//   PLANT_OFFSET   where it stands in the file, in bytes
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int fsync(int descriptor) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  struct stat status;
  const char *offset = getenv("PLANT_OFFSET");
  if (offset && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int file = open(path, O_RDWR | O_CLOEXEC);
    float number;
    if (file < 0 || pread(file, &number, sizeof number, atol(offset)) != sizeof number) abort();
    number = number == 0 ? 1e-3f : number * 1.001f;
    if (pwrite(file, &number, sizeof number, atol(offset)) != sizeof number) abort();
    close(file);
  }
  return next(descriptor);
}
