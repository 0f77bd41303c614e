#include <malloc.h>

#include "CLinux.h"

void apus_heap_prepare(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

#include <stdlib.h>
#include <sys/mman.h>
extern char __executable_start, etext;
void apus_heap_prepare_stream(void) {
    const char *a = getenv("X_ARENA"), *m = getenv("X_MMAP"), *t = getenv("X_TRIM");
    mallopt(M_ARENA_MAX, a ? atoi(a) : 2);
    mallopt(M_MMAP_THRESHOLD, (m ? atoi(m) : 1280) * 1024);
    mallopt(M_TRIM_THRESHOLD, (t ? atoi(t) : 4096) * 1024);
    if (getenv("X_DROP")) madvise(&__executable_start, ((size_t)&etext - (size_t)&__executable_start) & ~4095ul, MADV_DONTNEED);
}

apus_heap_summary apus_heap_read(void) {
    struct mallinfo2 info = mallinfo2();
    apus_heap_summary summary = {
        .arena_bytes = info.arena,
        .mapped_bytes = info.hblkhd,
        .used_bytes = info.uordblks + info.hblkhd,
        .free_bytes = info.fordblks,
    };
    return summary;
}
