// The growing list of addresses that every source fills.
#include "resolver.h"

#include <stdlib.h>
#include <string.h>

#include "CAres.h"

static apus_address *next_slot(apus_addresses *list) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        apus_address *grown = realloc(list->items, capacity * sizeof *grown);
        if (!grown) return NULL;
        list->items = grown;
        list->capacity = capacity;
    }
    apus_address *slot = &list->items[list->count++];
    memset(slot, 0, sizeof *slot);
    return slot;
}

bool apus_addresses_add_v4(apus_addresses *list, struct in_addr address) {
    if (list->count >= APUS_RESOLVE_MAXIMUM_ADDRESSES) return true;
    apus_address *slot = next_slot(list);
    if (!slot) return false;
    slot->v4.sin_family = AF_INET;
    slot->v4.sin_addr = address;
    return true;
}

bool apus_addresses_add_v6(apus_addresses *list, struct in6_addr address, uint32_t scope) {
    if (list->count >= APUS_RESOLVE_MAXIMUM_ADDRESSES) return true;
    apus_address *slot = next_slot(list);
    if (!slot) return false;
    slot->v6.sin6_family = AF_INET6;
    slot->v6.sin6_addr = address;
    slot->v6.sin6_scope_id = scope;
    return true;
}

void apus_addresses_free(apus_addresses *list) {
    free(list->items);
    free(list->canonical);
    memset(list, 0, sizeof *list);
}
