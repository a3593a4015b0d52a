#include "contractlua/names.h"

#include "base/siphash.h"
#include "base/word.h"

enum { FIRST_SLOTS = 128, GROWTH = 4, SHORT_SIZE = 8 };

static vmh_lua_names_slot *new_slots(vmh_lua_names *names, size_t count)
{
    size_t size = count * sizeof(vmh_lua_names_slot);
    vmh_lua_names_slot *slots = vmh_lua_parts_alloc(names->parts, size);

    if (slots != NULL)
        memset(slots, 0, size);
    return slots;
}

bool vmh_lua_names_init(vmh_lua_names *names, vmh_lua_parts *parts)
{
    *names = (vmh_lua_names){
        .parts = parts,
        .mask = FIRST_SLOTS - 1,
        .secret = {vmh_siphash(VMH_LITERAL("names, added")),
                   vmh_siphash(VMH_LITERAL("names, multiplied")) | 1},
    };
    names->slots = new_slots(names, FIRST_SLOTS);
    return names->slots != NULL;
}

static inline uint64_t key_of(vmh_bytes bytes)
{
    uint64_t key = 0;

    if (bytes.size > SHORT_SIZE)
        return vmh_siphash(bytes);
    for (size_t i = 0; i < bytes.size; i++)
        key |= (uint64_t)bytes.data[i] << (8 * i);
    return key;
}

/* Where to look first. Without the secrets nobody can tell which keys meet. */
static inline size_t hash_of(const vmh_lua_names *names, uint64_t key)
{
    vmh_double_limb product = (vmh_double_limb)(key ^ names->secret[0]) * names->secret[1];

    return (size_t)(product >> 64) ^ (size_t)product;
}

static bool grow(vmh_lua_names *names)
{
    size_t mask = names->mask * GROWTH + GROWTH - 1;
    vmh_lua_names_slot *slots = new_slots(names, mask + 1);

    if (slots == NULL)
        return false;
    for (size_t i = 0; i <= names->mask; i++) {
        vmh_lua_names_slot slot = names->slots[i];
        size_t at = hash_of(names, slot.key) & mask;

        if (slot.name == NULL)
            continue;
        while (slots[at].name != NULL)
            at = (at + 1) & mask;
        slots[at] = slot;
    }
    names->slots = slots;
    names->mask = mask;
    return true;
}

/* A name that is absent, into the free slot that was found. */
static vmh_lua_name *add(vmh_lua_names *names, vmh_bytes bytes, uint64_t key,
                         vmh_lua_names_slot *slot)
{
    vmh_lua_name *name = vmh_lua_parts_alloc(names->parts, sizeof *name);

    if (name == NULL)
        return NULL;
    *name = (vmh_lua_name){.bytes = bytes};
    *slot = (vmh_lua_names_slot){.key = key, .name = name};
    names->count++;
    return names->count <= names->mask / 3 * 2 || grow(names) ? name : NULL;
}

vmh_lua_name *vmh_lua_names_intern(vmh_lua_names *names, vmh_bytes bytes)
{
    uint64_t key = key_of(bytes);
    size_t at = hash_of(names, key);

    for (;; at++) {
        vmh_lua_names_slot *slot = &names->slots[at & names->mask];

        if (slot->name == NULL)
            return add(names, bytes, key, slot);
        /* A short name is its key, since no byte of a name is zero. */
        if (slot->key == key && (bytes.size <= SHORT_SIZE ? slot->name->bytes.size <= SHORT_SIZE
                                                          : vmh_bytes_equal(slot->name->bytes, bytes)))
            return slot->name;
    }
}
