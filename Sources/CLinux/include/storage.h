// System calls around files that glibc's module does not give to Swift.
#ifndef APUS_STORAGE_H
#define APUS_STORAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Makes the file system treat the calling thread as another user without further groups, until `apus_identity_leave`.
/// The process's own user stays. Returns 0 or an errno value: then nothing has changed.
int apus_identity_enter(uid_t user, gid_t group);

/// Back to the process's own user, group and `groups`.
int apus_identity_leave(uid_t user, gid_t group, const gid_t *groups, size_t group_count);

/// Gives way to others: nice value and I/O priority (ioprio_set(2): 2 best effort, 3 idle) of the calling thread. Failures
/// mean nothing: the work is done all the same.
void apus_thread_priority(int nice_value, int io_class, int io_level);

/// Where on the device the file's byte 0 is stored (FS_IOC_FIEMAP), after writing it there. Returns 0 or an errno value.
int apus_first_extent(int descriptor, uint64_t *physical);

/// fallocate(2) with FALLOC_FL_COLLAPSE_RANGE: takes the first `length` bytes out of the file. 0 or an errno value.
int apus_collapse(int descriptor, int64_t length);

/// renameat2(2) with RENAME_NOREPLACE. 0 or an errno value.
int apus_rename_new(int from_folder, const char *from, int to_folder, const char *to);

/// Whether anybody has the file open for writing, by asking for a read lease: 1 yes, 0 no, -1 unknown.
int apus_has_writers(int descriptor);

/// Whether nobody else has the file open, by a write lease on a descriptor that may write. It is kept: who opens the file
/// waits (for /proc/sys/fs/lease-break-time seconds at most) until `apus_let_in`, or until the descriptor is closed.
int apus_keep_out(int descriptor);

/// Whether the lease of `apus_keep_out` is whole: nobody has waited since.
int apus_keeps_out(int descriptor);

void apus_let_in(int descriptor);

/// How many of the bytes are `byte`.
size_t apus_count_byte(const uint8_t *bytes, size_t count, uint8_t byte);

#endif
