// Lets the command run on systems with an older C library than the one that it was built with.
//
// The linker binds each function to the newest version of it that the building system's glibc has, and so asks for that
// glibc wherever the command runs. Of the functions here glibc got a new version without changing what the command needs of
// them: most of them moved from libpthread and libdl into libc (2.34), others lost a wrapper that set errno in an old way
// (2.29, 2.35). Each is defined here, for the command alone, and goes on to the version that every glibc since 2.2.5 has.
// What is left is printed by `make dist`: renameat2, of 2.28, which replaces no file that is not to be replaced.

#if defined(__x86_64__) && defined(__gnu_linux__)

#include <stddef.h>
#include <sys/stat.h>

__asm__(
    ".macro renamed name, other, version\n"
    "  .symver older_\\name, \\other@\\version\n"
    "  .globl \\name\n"
    "  .hidden \\name\n"
    "  .type \\name, @function\n"
    "\\name:\n"
    "  jmp older_\\name@PLT\n"
    "  .size \\name, . - \\name\n"
    ".endm\n"
    ".macro older name, version\n"
    "  renamed \\name, \\name, \\version\n"
    ".endm\n"
    ".text\n"
    "older exp, GLIBC_2.2.5\n"
    "older exp2, GLIBC_2.2.5\n"
    "older log, GLIBC_2.2.5\n"
    "older log2, GLIBC_2.2.5\n"
    "older pow, GLIBC_2.2.5\n"
    "older fmod, GLIBC_2.2.5\n"
    "older fmodf, GLIBC_2.2.5\n"
    "older hypot, GLIBC_2.2.5\n"
    "older hypotf, GLIBC_2.2.5\n"
    "older dladdr, GLIBC_2.2.5\n"
    "older dlclose, GLIBC_2.2.5\n"
    "older dlerror, GLIBC_2.2.5\n"
    "older dlopen, GLIBC_2.2.5\n"
    "older dlsym, GLIBC_2.2.5\n"
    "older __pthread_key_create, GLIBC_2.2.5\n"
    "older pthread_attr_getstack, GLIBC_2.2.5\n"
    "older pthread_attr_setstacksize, GLIBC_2.2.5\n"
    "older pthread_create, GLIBC_2.2.5\n"
    "older pthread_detach, GLIBC_2.2.5\n"
    "older pthread_getaffinity_np, GLIBC_2.3.4\n"
    "older pthread_getattr_np, GLIBC_2.2.5\n"
    "older pthread_getspecific, GLIBC_2.2.5\n"
    "older pthread_join, GLIBC_2.2.5\n"
    "older pthread_key_create, GLIBC_2.2.5\n"
    "older pthread_key_delete, GLIBC_2.2.5\n"
    "older pthread_kill, GLIBC_2.2.5\n"
    "older pthread_mutex_trylock, GLIBC_2.2.5\n"
    "older pthread_mutexattr_destroy, GLIBC_2.2.5\n"
    "older pthread_mutexattr_init, GLIBC_2.2.5\n"
    "older pthread_mutexattr_settype, GLIBC_2.2.5\n"
    "older pthread_once, GLIBC_2.2.5\n"
    "older pthread_rwlock_init, GLIBC_2.2.5\n"
    "older pthread_rwlock_destroy, GLIBC_2.2.5\n"
    "older pthread_rwlock_rdlock, GLIBC_2.2.5\n"
    "older pthread_rwlock_wrlock, GLIBC_2.2.5\n"
    "older pthread_rwlock_unlock, GLIBC_2.2.5\n"
    "older pthread_setaffinity_np, GLIBC_2.3.4\n"
    "older pthread_setname_np, GLIBC_2.12\n"
    "older pthread_setspecific, GLIBC_2.2.5\n"
    "older pthread_sigmask, GLIBC_2.2.5\n"
    "older sem_close, GLIBC_2.2.5\n"
    "older sem_destroy, GLIBC_2.2.5\n"
    "older sem_init, GLIBC_2.2.5\n"
    "older sem_open, GLIBC_2.2.5\n"
    "older sem_post, GLIBC_2.2.5\n"
    "older sem_timedwait, GLIBC_2.2.5\n"
    "older sem_unlink, GLIBC_2.2.5\n"
    "older sem_wait, GLIBC_2.2.5\n"
    // Since 2.38, headers give these other names, under which numbers may be binary, 0b1.
    "renamed __isoc23_fscanf, __isoc99_fscanf, GLIBC_2.7\n"
    "renamed __isoc23_sscanf, __isoc99_sscanf, GLIBC_2.7\n"
    "renamed __isoc23_vsscanf, __isoc99_vsscanf, GLIBC_2.7\n"
    "renamed __isoc23_strtoimax, strtoimax, GLIBC_2.2.5\n"
    "renamed __isoc23_strtol, strtol, GLIBC_2.2.5\n"
    "renamed __isoc23_strtoll, strtoll, GLIBC_2.2.5\n"
    "renamed __isoc23_strtoul, strtoul, GLIBC_2.2.5\n"
    "renamed __isoc23_strtoull, strtoull, GLIBC_2.2.5\n"
    "renamed __isoc23_strtoumax, strtoumax, GLIBC_2.2.5\n");

#define HIDDEN __attribute__((visibility("hidden")))

// Before 2.33, these were functions of the program that called these of the library, with the number of the layout.
extern int older_stat(int layout, const char *path, struct stat *status);
extern int older_fstat(int layout, int file, struct stat *status);
extern int older_lstat(int layout, const char *path, struct stat *status);
__asm__(".symver older_stat, __xstat@GLIBC_2.2.5\n"
        ".symver older_fstat, __fxstat@GLIBC_2.2.5\n"
        ".symver older_lstat, __lxstat@GLIBC_2.2.5\n");
HIDDEN int stat(const char *restrict path, struct stat *restrict status) { return older_stat(1, path, status); }
HIDDEN int fstat(int file, struct stat *status) { return older_fstat(1, file, status); }
HIDDEN int lstat(const char *restrict path, struct stat *restrict status) { return older_lstat(1, path, status); }

// Before 2.34, the program ran its own constructors; a library since then does so as well where it is given a function.
typedef void constructor(int count, char **arguments, char **environment);
extern constructor *__init_array_start[] HIDDEN;
extern constructor *__init_array_end[] HIDDEN;
extern void _init(void);
static void run_constructors(int count, char **arguments, char **environment) {
  _init();
  size_t constructors = (size_t)(__init_array_end - __init_array_start);
  for (size_t index = 0; index < constructors; index++) __init_array_start[index](count, arguments, environment);
}

typedef int program(int count, char **arguments, char **environment);
extern int older_start(program *main, int count, char **arguments, constructor *constructors, void (*end)(void),
                       void (*end_of_loader)(void), void *end_of_stack);
__asm__(".symver older_start, __libc_start_main@GLIBC_2.2.5\n");
HIDDEN int __libc_start_main(program *main, int count, char **arguments, constructor *constructors, void (*end)(void),
                             void (*end_of_loader)(void), void *end_of_stack) {
  (void)constructors;
  (void)end;
  return older_start(main, count, arguments, run_constructors, NULL, end_of_loader, end_of_stack);
}

// 2.32: whether there is one thread, so that the C++ library can do without atomic instructions. It need not.
HIDDEN char __libc_single_threaded = 0;

// 2.35: a shorter way for the unwinder to find a function's description. It takes the longer one where this fails.
HIDDEN int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}

#endif

// libhdf5's driver for files in S3 wants curl. Nothing here opens such files; a version of libhdf5 that names the driver
// where it sets up its own gets to hear that there is none.
__attribute__((visibility("hidden"))) long H5FD_ros3_init(void) { return -1; }

// Where Swift gets no memory it says so in a trap with a stack trace; `make build` lets it come here instead. The command
// removes its temporaries, and ends with an error like any other.
extern _Noreturn void scalenet_memory_lacks(long bytes);
_Noreturn void __wrap__ZN5swift28swift_abortAllocationFailureEmm(unsigned long bytes, unsigned long alignment);
__attribute__((visibility("hidden"))) _Noreturn void __wrap__ZN5swift28swift_abortAllocationFailureEmm(
    unsigned long bytes, unsigned long alignment) {
  (void)alignment;
  scalenet_memory_lacks((long)bytes);
}
