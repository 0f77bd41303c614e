#include <malloc.h>

#include "CLinux.h"

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
