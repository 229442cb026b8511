// What Linux's file systems can do, and the C library declares for GNU programs alone.
#pragma once

extern int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path,
                     unsigned int flags);

// For renameat2: swap what the two names lead to (RENAME_EXCHANGE of linux/fs.h).
static const unsigned int file_system_exchange = 1u << 1;

// For renameat2: fail where the new name is taken (RENAME_NOREPLACE).
static const unsigned int file_system_no_replace = 1u << 0;
