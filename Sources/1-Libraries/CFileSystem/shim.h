// What Linux and its C library can do, and the headers declare for GNU programs alone.
#pragma once

extern int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path,
                     unsigned int flags);

// For renameat2: swap what the two names lead to (RENAME_EXCHANGE of linux/fs.h).
static const unsigned int file_system_exchange = 1u << 1;

// For renameat2: fail where the new name is taken (RENAME_NOREPLACE).
static const unsigned int file_system_no_replace = 1u << 0;

// Whether a program has the file open for writing, as far as the system tells: it gives no lease to a reader then. A lease
// that is given is handed back at once; should somebody open the file in between, the signal that says so is one that
// nobody minds. 0 as well where there are no leases. Declared here: the headers would make their structures this module's.
extern int fcntl(int descriptor, int command, ...);
extern int *__errno_location(void);
static inline int file_system_is_being_written(int descriptor) {
  enum { set_signal = 10, set_lease = 1024 };                  // F_SETSIG, F_SETLEASE
  enum { read_lease = 0, no_lease = 2, urgent = 23, again = 11 };  // F_RDLCK, F_UNLCK, SIGURG, EAGAIN
  if (fcntl(descriptor, set_signal, urgent) != 0) return 0;
  if (fcntl(descriptor, set_lease, read_lease) != 0) return *__errno_location() == again;
  fcntl(descriptor, set_lease, no_lease);
  return 0;
}

// Gives the system back the pages of memory that was freed: 0 where there were none. Only glibc keeps so many.
#ifdef __gnu_linux__
extern int malloc_trim(__SIZE_TYPE__ kept);
static inline int allocator_gives_back(void) { return malloc_trim(0); }
#else
static inline int allocator_gives_back(void) { return 0; }
#endif
