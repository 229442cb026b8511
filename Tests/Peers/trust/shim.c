// Stands between a program and the C library (LD_PRELOAD), counts the calls that concern the files of one folder, and
// at one of them does what happens to programs: fails, writes a part, is killed, or lets another program run first.
//
//   TRUST_ROOT     the folder; paths below it and descriptors of its files are counted
//   TRUST_TRACE    a file that gets the name of each counted call, one a line
//   TRUST_POINT    at which counted call something happens, from 1
//   TRUST_FAULT    what: the name of an error, "short", the name of a signal, or "hook"
//   TRUST_HOOK     a shell command, for "hook"
//   TRUST_LACKS    what the file system lacks, of "tmpfile", "exchange", "link" and "noreplace", with commas
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536 };

static atomic_int count;
static atomic_char is_ours[DESCRIPTORS];
static const char *root, *fault, *lacks;
static int point, trace = -1;

#define NEXT(name) \
  static __typeof__(&name) next; \
  if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t plain_write(int descriptor, const void *bytes, size_t size) {
  NEXT(write);
  return next(descriptor, bytes, size);
}

static int plain_open(const char *path, int flags, int mode) {
  NEXT(open);
  return next(path, flags, mode);
}

__attribute__((constructor)) static void begin(void) {
  root = getenv("TRUST_ROOT");
  fault = getenv("TRUST_FAULT");
  lacks = getenv("TRUST_LACKS");
  point = getenv("TRUST_POINT") ? atoi(getenv("TRUST_POINT")) : 0;
  const char *path = getenv("TRUST_TRACE");
  if (path) trace = plain_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int lacking(const char *what) { return lacks && strstr(lacks, what); }

static int below_root(const char *path) {
  if (!root || !path) return 0;
  int descriptor;
  if (sscanf(path, "/proc/self/fd/%d", &descriptor) == 1)
    return descriptor >= 0 && descriptor < DESCRIPTORS && is_ours[descriptor];
  size_t length = strlen(root);
  return path[0] != '/' || (strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0));
}

static int ours(int descriptor) { return descriptor >= 0 && descriptor < DESCRIPTORS && is_ours[descriptor]; }

static int opened(int descriptor, int counted) {
  if (descriptor >= 0 && descriptor < DESCRIPTORS) is_ours[descriptor] = counted;
  return descriptor;
}

static void hook(void) {
  pid_t child = fork();
  if (child == 0) {
    unsetenv("LD_PRELOAD");
    unsetenv("TRUST_ROOT");
    execl("/bin/sh", "sh", "-c", getenv("TRUST_HOOK"), (char *)0);
    _exit(127);
  }
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
}

// Counts a call. The error that it fails with, 0 for none, -1 for a part.
static int counted(const char *name, int can_fail) {
  int number = atomic_fetch_add(&count, 1) + 1;
  if (trace >= 0) {
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", name);
    plain_write(trace, line, (size_t)length);
  }
  if (number != point || !fault) return 0;
  if (!strcmp(fault, "SIGKILL")) kill(getpid(), SIGKILL);
  if (!strcmp(fault, "SIGINT")) raise(SIGINT);
  if (!strcmp(fault, "SIGTERM")) raise(SIGTERM);
  if (!strcmp(fault, "hook")) hook();
  if (!can_fail) return 0;
  if (!strcmp(fault, "ENOSPC")) return ENOSPC;
  if (!strcmp(fault, "EDQUOT")) return EDQUOT;
  if (!strcmp(fault, "EIO")) return EIO;
  return strcmp(fault, "short") ? 0 : -1;
}

#define FAIL(name, result) \
  do { \
    int code_ = counted(name, 1); \
    if (code_ > 0) { errno = code_; return result; } \
  } while (0)

static int open_counted(const char *path, int flags, int mode) {
  int is_counted = below_root(path);
  if (is_counted) {
    if ((flags & O_TMPFILE) == O_TMPFILE && lacking("tmpfile")) {
      errno = EOPNOTSUPP;
      return -1;
    }
    FAIL("open", -1);
  }
  return opened(plain_open(path, flags, mode), is_counted);
}

#define MODE(flags) \
  int mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, int); \
    va_end(list); \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  return open_counted(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE(flags)
  return open_counted(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
  MODE(flags)
  NEXT(openat);
  int is_counted = directory == AT_FDCWD ? below_root(path) : ours(directory);
  if (is_counted) FAIL("open", -1);
  return opened(next(directory, path, flags, mode), is_counted);
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
  if (ours(descriptor)) {
    int code = counted("write", 1);
    if (code > 0) {
      errno = code;
      return -1;
    }
    if (code < 0 && size > 1) size /= 2;
  }
  return plain_write(descriptor, bytes, size);
}

int fsync(int descriptor) {
  NEXT(fsync);
  if (ours(descriptor)) FAIL("fsync", -1);
  return next(descriptor);
}

int close(int descriptor) {
  NEXT(close);
  if (!ours(descriptor)) return next(descriptor);
  int code = counted("close", 1);
  is_ours[descriptor] = 0;
  int result = next(descriptor);
  if (code > 0) {
    errno = code;
    return -1;
  }
  return result;
}

int ftruncate(int descriptor, off_t size) {
  NEXT(ftruncate);
  if (ours(descriptor)) FAIL("ftruncate", -1);
  return next(descriptor, size);
}

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
  NEXT(mmap);
  if (ours(descriptor)) FAIL("mmap", MAP_FAILED);
  return next(address, size, protection, flags, descriptor, offset);
}

int rename(const char *old, const char *new) {
  NEXT(rename);
  if (below_root(new)) FAIL("rename", -1);
  return next(old, new);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  NEXT(renameat2);
  if (below_root(new)) {
    if (((flags & 2) && lacking("exchange")) || ((flags & 1) && lacking("noreplace"))) {
      errno = EINVAL;
      return -1;
    }
    FAIL("rename", -1);
  }
  return next(from, old, to, new, flags);
}

int link(const char *old, const char *new) {
  NEXT(link);
  if (below_root(new)) {
    if (lacking("link")) {
      errno = EPERM;
      return -1;
    }
    FAIL("link", -1);
  }
  return next(old, new);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
  NEXT(linkat);
  if (below_root(new)) {
    if (lacking("link")) {
      errno = EPERM;
      return -1;
    }
    FAIL("link", -1);
  }
  return next(from, old, to, new, flags);
}

// A failed removal leaves what it should have removed: there is nothing to test but that it is removed.
int unlink(const char *path) {
  NEXT(unlink);
  if (below_root(path)) counted("unlink", 0);
  return next(path);
}

int mkdir(const char *path, mode_t mode) {
  NEXT(mkdir);
  if (below_root(path)) FAIL("mkdir", -1);
  return next(path, mode);
}
