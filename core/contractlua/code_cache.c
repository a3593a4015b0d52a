#include "contractlua/code_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "contractlua/room.h"

enum { BUCKET_COUNT = 1024 };

/* Bytes of compiled forms: so many that codes which are in use are rarely compiled again. */
static const uint64_t KEPT_SIZE = 512u * 1024 * 1024;

struct vmh_lua_contract {
    vmh_hash32 hash;
    vmh_lua_code *code;
    vmh_lua_interface *interface;
    uint64_t size; /* of code and interface */
    bool has_details; /* in that size */
    uint32_t holder_count;
    vmh_lua_contract *next;               /* of its bucket */
    vmh_lua_contract *older, *newer;      /* by last use */
};

/* One per process. All of it is behind the mutex. */
static struct {
    pthread_mutex_t mutex;
    uint32_t user_count;
    vmh_lua_library *library;
    vmh_lua_contract *buckets[BUCKET_COUNT];
    vmh_lua_contract *oldest, *newest;
    uint64_t size;
} cache = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void free_contract(vmh_lua_contract *contract)
{
    vmh_lua_code_free(contract->code);
    vmh_lua_interface_free(contract->interface);
    free(contract);
}

/* ---- order of use ---- */

static void unlink_used(vmh_lua_contract *contract)
{
    *(contract->older != NULL ? &contract->older->newer : &cache.oldest) = contract->newer;
    *(contract->newer != NULL ? &contract->newer->older : &cache.newest) = contract->older;
    contract->older = contract->newer = NULL;
}

static void link_used(vmh_lua_contract *contract)
{
    contract->older = cache.newest;
    contract->newer = NULL;
    *(cache.newest != NULL ? &cache.newest->newer : &cache.oldest) = contract;
    cache.newest = contract;
}

/* ---- buckets ---- */

static vmh_lua_contract **bucket_of(const vmh_hash32 *hash)
{
    return &cache.buckets[vmh_get_u32_le(hash->bytes) % BUCKET_COUNT];
}

static vmh_lua_contract *find(const vmh_hash32 *hash)
{
    vmh_lua_contract *contract = *bucket_of(hash);

    while (contract != NULL && memcmp(&contract->hash, hash, sizeof *hash) != 0)
        contract = contract->next;
    return contract;
}

static void drop(vmh_lua_contract *contract)
{
    vmh_lua_contract **at = bucket_of(&contract->hash);

    while (*at != contract)
        at = &(*at)->next;
    *at = contract->next;
    unlink_used(contract);
    cache.size -= contract->size;
    free_contract(contract);
}

/* Makes room: what is held cannot go. */
static void trim(uint64_t size)
{
    vmh_lua_contract *contract = cache.oldest;

    while (cache.size > size && contract != NULL) {
        vmh_lua_contract *newer = contract->newer;

        if (contract->holder_count == 0)
            drop(contract);
        contract = newer;
    }
}

/* ---- use ---- */

vmh_status vmh_lua_cache_open(vmh_failure *why)
{
    vmh_status status = VMH_OK;

    pthread_mutex_lock(&cache.mutex);
    if (cache.user_count == 0)
        status = vmh_lua_library_new(true, &cache.library, why);
    if (status == VMH_OK)
        cache.user_count++;
    pthread_mutex_unlock(&cache.mutex);
    return status;
}

void vmh_lua_cache_close(void)
{
    pthread_mutex_lock(&cache.mutex);
    if (--cache.user_count == 0) {
        trim(0);
        vmh_lua_room_clear();
        vmh_lua_library_free(cache.library);
        cache.library = NULL;
    }
    pthread_mutex_unlock(&cache.mutex);
}

const vmh_lua_library *vmh_lua_cache_library(void)
{
    return cache.library;
}

static vmh_lua_contract *hold(vmh_lua_contract *contract)
{
    contract->holder_count++;
    unlink_used(contract);
    link_used(contract);
    return contract;
}

vmh_lua_contract *vmh_lua_cache_hold(const vmh_hash32 *hash)
{
    vmh_lua_contract *contract;

    pthread_mutex_lock(&cache.mutex);
    contract = find(hash);
    if (contract != NULL)
        hold(contract);
    pthread_mutex_unlock(&cache.mutex);
    return contract;
}

/* What a code was given while it was held. */
static void count_details(vmh_lua_contract *contract)
{
    uint64_t size = contract->has_details ? 0 : vmh_lua_code_details_size(contract->code);

    contract->has_details |= size > 0;
    contract->size += size;
    cache.size += size;
}

void vmh_lua_cache_release(vmh_lua_contract *contract)
{
    if (contract == NULL)
        return;
    pthread_mutex_lock(&cache.mutex);
    contract->holder_count--;
    count_details(contract);
    trim(KEPT_SIZE);
    pthread_mutex_unlock(&cache.mutex);
}

/* Keeps what was compiled, unless another thread was faster. */
static vmh_lua_contract *keep(vmh_lua_contract *made)
{
    vmh_lua_contract *known;

    pthread_mutex_lock(&cache.mutex);
    known = find(&made->hash);
    if (known == NULL) {
        vmh_lua_contract **bucket = bucket_of(&made->hash);

        made->next = *bucket;
        *bucket = made;
        made->holder_count = 1;
        link_used(made);
        cache.size += made->size;
        trim(KEPT_SIZE);
    } else {
        hold(known);
    }
    pthread_mutex_unlock(&cache.mutex);
    if (known == NULL)
        return made;
    free_contract(made);
    return known;
}

vmh_status vmh_lua_cache_add(const vmh_hash32 *hash, vmh_bytes name, vmh_bytes source,
                             vmh_arena *arena, vmh_lua_contract **out, vmh_bytes *refusal,
                             vmh_failure *why)
{
    vmh_lua_contract *made = calloc(1, sizeof *made);
    vmh_lua_refusal found;
    vmh_arena tree;
    vmh_status status;

    *out = NULL;
    *refusal = (vmh_bytes){0};
    if (made == NULL)
        return vmh_fail_memory(why);
    made->hash = *hash;
    tree = vmh_lua_room_take_tree(source.size);
    status = vmh_lua_compile(name, source, cache.library->names, cache.library->global_count,
                             &tree, &made->code, &found, why);
    if (status == VMH_OK && made->code == NULL)
        status = vmh_lua_refusal_format(name, source, &found, arena, refusal, why);
    vmh_lua_room_leave_tree(tree, source.size);
    if (status != VMH_OK || made->code == NULL) {
        free(made);
        return status;
    }
    made->size = vmh_lua_code_size(made->code);
    *out = keep(made);
    return VMH_OK;
}

const vmh_lua_code *vmh_lua_contract_code(const vmh_lua_contract *contract)
{
    return contract->code;
}

const vmh_lua_interface *vmh_lua_contract_interface(const vmh_lua_contract *contract)
{
    const vmh_lua_interface *interface;

    pthread_mutex_lock(&cache.mutex);
    interface = contract->interface;
    pthread_mutex_unlock(&cache.mutex);
    return interface;
}

void vmh_lua_contract_declare(vmh_lua_contract *contract, vmh_lua_interface *interface)
{
    pthread_mutex_lock(&cache.mutex);
    if (contract->interface == NULL) {
        uint64_t size = vmh_arena_size(&interface->arena);

        contract->interface = interface;
        contract->size += size;
        cache.size += size;
        interface = NULL;
    }
    pthread_mutex_unlock(&cache.mutex);
    vmh_lua_interface_free(interface);
}
