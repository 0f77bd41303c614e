#include <malloc.h>

#include "CLinux.h"

void apus_heap_prepare(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

void apus_heap_prepare_stream(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 1280 * 1024);
    mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
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
