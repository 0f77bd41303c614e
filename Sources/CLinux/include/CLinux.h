// What Swift cannot do itself: code that runs inside a signal handler or between fork and exit, and declarations that no
// Swift module imports.
#ifndef APUS_CLINUX_H
#define APUS_CLINUX_H

#include "events.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "storage.h"

/// The deepest stack that one sample keeps; callers beyond it are cut off.
#define APUS_SAMPLE_DEPTH 64

/// One interrupted thread: `frames[0]` is the instruction, the rest are return addresses, innermost first.
typedef struct {
    uint32_t depth;
    uintptr_t frames[APUS_SAMPLE_DEPTH];
} apus_cpu_sample;

/// Starts sampling the CPU time of this process, `frequency` times a CPU second, over all threads.
///
/// Storage for `capacity` samples is mapped now and touched only as samples come; what comes after is counted as dropped.
/// Returns 0 or an errno value: EBUSY when sampling is on already, EINVAL for a frequency of 0 or above 1000.
int apus_cpu_sampler_start(unsigned int frequency, size_t capacity);

/// Stops the timer, restores the signal's former handler and waits for handlers that still run (microseconds).
/// The samples stay readable until `apus_cpu_sampler_release`.
void apus_cpu_sampler_stop(void);

/// The samples that were taken; call it between stop and release.
const apus_cpu_sample *apus_cpu_sampler_samples(size_t *count, size_t *dropped);

/// Gives the storage back, after which sampling can start again.
void apus_cpu_sampler_release(void);

/// glibc's account of the heap, in bytes (mallinfo2(3)), over all arenas.
typedef struct {
    size_t arena_bytes;
    size_t mapped_bytes;
    size_t used_bytes;
    size_t free_bytes;
} apus_heap_summary;
apus_heap_summary apus_heap_read(void);

/// For a process that runs for months: two arenas instead of eight a core, and large blocks that go back to the kernel as
/// soon as they are freed (glibc would raise that threshold with each large block, and keep them). Call it once, early.
void apus_heap_prepare(void);

/// For a command that seals and sends: two arenas instead of eight a core, each of which would keep what it once needed;
/// parts and frames go back to the kernel as soon as they are freed; segments of 1 MiB, which a cipher wants three at a time,
/// are used again. Call it before there are threads.
void apus_heap_prepare_stream(void);

/// What statfs(2) tells of a file system, in blocks of `block_bytes` (the fragment size, not the preferred size of a
/// transfer).
typedef struct {
    uint64_t block_bytes;
    uint64_t blocks;
    uint64_t free_blocks;
    uint64_t available_blocks;
    uint64_t inodes;
    uint64_t free_inodes;
} apus_file_system;

/// Asks on the calling thread, for as long as the kernel takes. Returns 0 or an errno value.
int apus_file_system_read(const char *path, apus_file_system *result);

typedef enum {
    /// How full the file system of the path is; the answer is `file_system`.
    APUS_PROBE_FILE_SYSTEM,
    /// The path without symbolic links; it follows the answer, `path_length` bytes that no NUL ends.
    APUS_PROBE_RESOLVE,
} apus_probe_question;

/// What a probe writes, once and whole. After an `error_number` other than 0 the rest means nothing.
typedef struct {
    int32_t error_number;
    /// At most PATH_MAX.
    uint32_t path_length;
    apus_file_system file_system;
} apus_probe_answer;

/// Asks in a child process, which ends by itself after its answer. The caller reads one `apus_probe_answer`, and what
/// follows it, from `answers` (its end without one: the child was killed), closes it and reaps `child`.
/// Returns 0, or an errno value: then there is nothing to close and nobody to reap.
int apus_probe_start(apus_probe_question question, const char *path, pid_t *child, int *answers);

/// The demangler of the Swift runtime. With a NULL buffer the result is malloc'd; NULL when the name is not Swift's.
char *swift_demangle(const char *mangled, size_t length, char *buffer, size_t *buffer_size, uint32_t flags);

#endif
