#include "contractlua/tree_room.h"

#include <pthread.h>

#include "contractlua/parser.h"
#include "contractlua/parts.h"

/* Smaller trees have room anywhere. */
enum { LARGE_SOURCE = 64 * 1024 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static vmh_arena kept;

static bool is_kept(size_t source_size)
{
    return source_size >= LARGE_SOURCE && source_size <= VMH_LUA_MAX_SOURCE;
}

/* Keeps `other` in the place of what is kept. */
static vmh_arena exchange(vmh_arena other)
{
    vmh_arena room;

    pthread_mutex_lock(&mutex);
    room = kept;
    kept = other;
    pthread_mutex_unlock(&mutex);
    return room;
}

vmh_arena vmh_lua_tree_room_take(size_t source_size)
{
    vmh_arena room, none;

    vmh_arena_init(&none);
    room = is_kept(source_size) ? exchange(none) : none;
    if (vmh_arena_size(&room) < source_size * VMH_LUA_ROOM_PER_BYTE)
        vmh_arena_clear(&room);
    return room;
}

/* What was there first is all that most trees take. */
void vmh_lua_tree_room_leave(vmh_arena room, size_t source_size)
{
    if (is_kept(source_size)) {
        vmh_arena_reset(&room);
        room = exchange(room);
    }
    vmh_arena_clear(&room);
}

void vmh_lua_tree_room_clear(void)
{
    vmh_arena none;

    vmh_arena_init(&none);
    none = exchange(none);
    vmh_arena_clear(&none);
}
