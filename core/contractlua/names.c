#include "contractlua/names.h"

#include "base/siphash.h"
#include "base/word.h"

enum {
    FIRST_SLOTS = 512,
    GROWTH = 4,
    FIRST_BLOCK_BITS = 6, /* 64 names are in the first block */
    NUMBER_BITS = 21,     /* more names than a source has bytes */
};

static const uint32_t number_mask = (1u << NUMBER_BITS) - 1;

static bool renew_slots(vmh_lua_names *names, size_t count)
{
    size_t size = count * sizeof *names->slots;

    names->slots = vmh_lua_parts_alloc(names->parts, size);
    if (names->slots == NULL)
        return false;
    memset(names->slots, 0, size);
    names->mask = count - 1;
    return true;
}

bool vmh_lua_names_init(vmh_lua_names *names, vmh_lua_parts *parts)
{
    *names = (vmh_lua_names){
        .parts = parts,
        .secret = {vmh_siphash(VMH_LITERAL("names, added")),
                   vmh_siphash(VMH_LITERAL("names, multiplied")) | 1},
    };
    return renew_slots(names, FIRST_SLOTS);
}

/* The block that has the name of that number, and where: blocks begin at 0, 64, 192, 448, ... */
static inline vmh_lua_name **block_of(vmh_lua_names *names, uint32_t number, uint32_t *at)
{
    uint32_t shifted = number + (1u << FIRST_BLOCK_BITS);
    int bits = 31 - __builtin_clz(shifted);

    *at = shifted - (1u << bits);
    return &names->blocks[bits - FIRST_BLOCK_BITS];
}

static inline vmh_lua_name *name_at(vmh_lua_names *names, uint32_t number)
{
    uint32_t at;
    vmh_lua_name **block = block_of(names, number, &at);

    return *block + at;
}

static inline uint64_t key_of(vmh_bytes bytes)
{
    const uint8_t *data = bytes.data;
    size_t size = bytes.size;

    if (size > VMH_LUA_SHORT_NAME)
        return vmh_siphash(bytes);
    if (size >= 4) /* the two may have bytes in common */
        return vmh_get_u32_le(data) | (uint64_t)vmh_get_u32_le(data + size - 4) << 8 * (size - 4);
    if (size >= 2)
        return data[0] | (uint64_t)data[1] << 8 | (uint64_t)data[size - 1] << 8 * (size - 1);
    return size == 0 ? 0 : data[0];
}

/* Where to look first. Without the secrets nobody can tell which keys meet. */
static inline uint64_t hash_of(const vmh_lua_names *names, uint64_t key)
{
    vmh_double_limb product = (vmh_double_limb)(key ^ names->secret[0]) * names->secret[1];

    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* The bits of the hash that stand in a slot. */
static inline uint32_t mark_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~number_mask;
}

static bool grow(vmh_lua_names *names)
{
    if (!renew_slots(names, (names->mask + 1) * GROWTH))
        return false;
    for (uint32_t i = 0; i < names->count; i++) {
        uint64_t hash = hash_of(names, name_at(names, i)->key);
        size_t at = hash & names->mask;

        while (names->slots[at] != 0)
            at = (at + 1) & names->mask;
        names->slots[at] = mark_of(hash) | (i + 1);
    }
    return true;
}

static vmh_lua_name *make_block(vmh_lua_names *names, size_t count)
{
    uint8_t *memory = vmh_lua_parts_alloc(names->parts,
                                          count * sizeof(vmh_lua_name) + VMH_LUA_NAME_SIZE);

    return memory == NULL
               ? NULL
               : (void *)(memory + (0 - (uintptr_t)memory) % VMH_LUA_NAME_SIZE);
}

/* A name that is absent, into the free slot that was found. */
static vmh_lua_name *add(vmh_lua_names *names, vmh_bytes bytes, uint64_t key, uint32_t mark,
                         uint32_t *slot)
{
    uint32_t at;
    vmh_lua_name **block = block_of(names, names->count, &at);
    vmh_lua_name *name;

    if (at == 0)
        *block = make_block(names, names->count + ((size_t)1 << FIRST_BLOCK_BITS));
    if (*block == NULL)
        return NULL;
    name = *block + at;
    *name = (vmh_lua_name){.key = key, .bytes = bytes};
    *slot = mark | ++names->count;
    return names->count <= names->mask / 3 || grow(names) ? name : NULL;
}

vmh_lua_name *vmh_lua_names_find(vmh_lua_names *names, vmh_bytes bytes)
{
    uint64_t key = key_of(bytes);
    uint64_t hash = hash_of(names, key);
    uint32_t mark = mark_of(hash);

    for (size_t at = hash;; at++) {
        uint32_t *slot = &names->slots[at & names->mask];
        vmh_lua_name *name;

        if (*slot == 0)
            return add(names, bytes, key, mark, slot);
        if ((*slot & ~number_mask) != mark)
            continue;
        name = name_at(names, (*slot & number_mask) - 1);
        /* A short name is its key and its size. */
        if (name->key == key && name->bytes.size == bytes.size &&
            (bytes.size <= VMH_LUA_SHORT_NAME || memcmp(name->bytes.data, bytes.data, bytes.size) == 0))
            return name;
    }
}

uint64_t vmh_lua_names_expect(const vmh_lua_names *names, vmh_bytes bytes)
{
    uint64_t hash = hash_of(names, key_of(bytes));

    __builtin_prefetch(&names->slots[hash & names->mask]);
    return hash;
}

void vmh_lua_names_expect_more(vmh_lua_names *names, uint64_t hash)
{
    uint32_t mark = mark_of(hash), slot;

    do {
        slot = names->slots[hash++ & names->mask];
    } while (slot != 0 && (slot & ~number_mask) != mark);
    if (slot != 0)
        __builtin_prefetch(name_at(names, (slot & number_mask) - 1));
}

bool vmh_lua_trail_begin(vmh_lua_trail *trail, vmh_lua_parts *parts, size_t source_size)
{
    trail->capacity = (uint32_t)(source_size / 2 + 1); /* `''`, and again */
    trail->names = vmh_lua_parts_alloc(parts, trail->capacity * sizeof(vmh_lua_name *));
    return trail->names != NULL;
}

vmh_lua_rare *vmh_lua_name_rare(vmh_lua_parts *parts, vmh_lua_name *name)
{
    if (name->rare == NULL) {
        name->rare = vmh_lua_parts_alloc(parts, sizeof *name->rare);
        if (name->rare != NULL)
            *name->rare = (vmh_lua_rare){0};
    }
    return name->rare;
}
