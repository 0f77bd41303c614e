#define _GNU_SOURCE
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <grp.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's setgroups(2) changes all threads of the process; the system call changes its own.
static int thread_groups(size_t count, const gid_t *groups) { return (int)syscall(SYS_setgroups, count, groups); }

int apus_identity_enter(uid_t user, gid_t group) {
    // Without CAP_SETGID (we are that user already) there is nothing to give up.
    if (geteuid() == 0 && thread_groups(1, &group) != 0) return errno;
    setfsgid(group);
    setfsuid(user);
    // Neither call reports a failure; asking with an impossible number answers the one in force.
    if ((gid_t)setfsgid((gid_t)-1) != group || (uid_t)setfsuid((uid_t)-1) != user) return EPERM;
    return 0;
}

int apus_identity_leave(uid_t user, gid_t group, const gid_t *groups, size_t group_count) {
    setfsuid(user);
    setfsgid(group);
    if (geteuid() == 0 && thread_groups(group_count, groups) != 0) return errno;
    return 0;
}

void apus_thread_priority(int nice_value, int io_class, int io_level) {
    pid_t thread = (pid_t)syscall(SYS_gettid);
    setpriority(PRIO_PROCESS, (id_t)thread, nice_value);
    syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, thread, (io_class << 13) | io_level);
}

int apus_first_extent(int descriptor, uint64_t *physical) {
    union {
        struct fiemap map;
        char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
    } query;
    memset(&query, 0, sizeof query);
    query.map.fm_length = 4096;
    query.map.fm_flags = FIEMAP_FLAG_SYNC;
    query.map.fm_extent_count = 1;
    if (ioctl(descriptor, FS_IOC_FIEMAP, &query.map) != 0) return errno;
    if (query.map.fm_mapped_extents < 1) return ENODATA;
    struct fiemap_extent *extent = &query.map.fm_extents[0];
    if (extent->fe_logical > 0 && extent->fe_logical >= 4096) return ENODATA;
    if (extent->fe_flags & (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_ENCODED)) return ENODATA;
    *physical = extent->fe_physical - extent->fe_logical;
    return 0;
}

int apus_collapse(int descriptor, int64_t length) {
    if (fallocate(descriptor, FALLOC_FL_COLLAPSE_RANGE, 0, length) == 0) return 0;
    return errno;
}

int apus_rename_new(int from_folder, const char *from, int to_folder, const char *to) {
    if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0) return 0;
    return errno;
}

/// Who opens a file under a lease makes the kernel send SIGIO, which would end the process; SIGURG is ignored by default.
static int take_lease(int descriptor, int kind) {
    if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return -1;
    return fcntl(descriptor, F_SETLEASE, kind);
}

int apus_keep_out(int descriptor) {
    return take_lease(descriptor, F_WRLCK) == 0;
}

int apus_keeps_out(int descriptor) {
    return fcntl(descriptor, F_GETLEASE) == F_WRLCK;
}

void apus_let_in(int descriptor) {
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
}

int apus_has_writers(int descriptor) {
    if (take_lease(descriptor, F_RDLCK) == 0) {
        fcntl(descriptor, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

static inline __attribute__((always_inline)) size_t count_byte(const uint8_t *bytes, size_t count, uint8_t byte) {
    size_t found = 0;
    while (count > 0) {
        // Counted in a byte for at most 255 rounds of 32, so that the compiler can use vectors of bytes.
        size_t rounds = count / 32 < 255 ? count / 32 : 255;
        uint8_t lanes[32] = {0};
        for (size_t round = 0; round < rounds; round++) {
            for (int lane = 0; lane < 32; lane++) lanes[lane] += bytes[lane] == byte;
            bytes += 32;
        }
        count -= rounds * 32;
        for (int lane = 0; lane < 32; lane++) found += lanes[lane];
        if (rounds == 0) {
            for (; count > 0; count--) found += *bytes++ == byte;
        }
    }
    return found;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t count_byte_avx2(const uint8_t *bytes, size_t count, uint8_t byte) {
    return count_byte(bytes, count, byte);
}
#endif

size_t apus_count_byte(const uint8_t *bytes, size_t count, uint8_t byte) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return count_byte_avx2(bytes, count, byte);
#endif
    return count_byte(bytes, count, byte);
}
