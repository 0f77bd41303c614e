// What Swift cannot do itself: code that runs inside a signal handler, and declarations that no Swift module imports.
#ifndef APUS_CLINUX_H
#define APUS_CLINUX_H

#include <stddef.h>
#include <stdint.h>

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

/// The demangler of the Swift runtime. With a NULL buffer the result is malloc'd; NULL when the name is not Swift's.
char *swift_demangle(const char *mangled, size_t length, char *buffer, size_t *buffer_size, uint32_t flags);

#endif
