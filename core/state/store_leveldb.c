#include "state/store_backends.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <leveldb/c.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/*
 * Sizes are modest on purpose: a process may hold many chains. The number of
 * open tables is bounded because each is mapped into memory while it is open.
 */
enum {
    WRITE_BUFFER_SIZE = 4 * 1024 * 1024,
    BLOCK_CACHE_SIZE = 8 * 1024 * 1024,
    OPEN_FILES_MAX = 64,
    BLOOM_BITS = 10,
};

typedef struct leveldb_store {
    vmh_store base;
    struct leveldb_store *next_open; /* in open_stores */
    dev_t device;                    /* of the folder, with inode */
    ino_t inode;
    leveldb_t *db; /* NULL after a failed write, until it is opened again */
    leveldb_options_t *options;
    leveldb_cache_t *cache;
    leveldb_filterpolicy_t *filter;
    leveldb_readoptions_t *point_reads;
    leveldb_readoptions_t *walks; /* do not push hot blocks out of the cache */
    leveldb_writeoptions_t *writes;
    size_t cursor_count;
    char path[];
} leveldb_store;

/*
 * The stores that this process has open. LevelDB keeps others out with a lock of
 * the process on a file; but when it refuses a second open of the same process
 * it closes that file once, and with that, as the system has it, the lock of the
 * first is gone. So a second open must not get that far.
 */
static pthread_mutex_t open_stores_mutex = PTHREAD_MUTEX_INITIALIZER;
static leveldb_store *open_stores;

typedef struct leveldb_cursor {
    vmh_store_cursor base;
    leveldb_store *store;
    leveldb_iterator_t *iterator;
} leveldb_cursor;

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * Turns the text of a LevelDB error into a failure and frees it. The C
 * interface gives no codes; these prefixes are those of leveldb::Status.
 */
static vmh_status fail_leveldb(const char *path, char *error, vmh_failure *why)
{
    vmh_status code = VMH_E_STORE_IO;

    if (begins(error, "IO error: lock "))
        code = VMH_E_STORE_LOCKED;
    else if (begins(error, "Corruption"))
        code = VMH_E_STORE_CORRUPT;
    if (code == VMH_E_STORE_LOCKED)
        vmh_fail(why, code, "store %s is open elsewhere: %s", path, error);
    else
        vmh_fail(why, code, "store %s: %s", path, error);
    leveldb_free(error);
    return code;
}

static vmh_status open_db(leveldb_store *store, vmh_failure *why)
{
    char *error = NULL;

    store->db = leveldb_open(store->options, store->path, &error);
    if (error != NULL)
        return fail_leveldb(store->path, error, why);
    return VMH_OK;
}

/*
 * After a failed write the log on disk may end in half a record, and whether
 * the batch is in it is unknown. Opening again replays the log, drops the half
 * record, and so decides: the batch is there whole, or it is not.
 */
static vmh_status check_open(leveldb_store *store, vmh_failure *why)
{
    if (store->db != NULL)
        return VMH_OK;
    return open_db(store, why);
}

static vmh_status get(vmh_store *base, vmh_bytes key, vmh_buffer *value, bool *found,
                      vmh_failure *why)
{
    leveldb_store *store = (leveldb_store *)base;
    vmh_status status = check_open(store, why);
    char *error = NULL, *data;
    size_t size;

    vmh_buffer_reset(value);
    *found = false;
    if (status != VMH_OK)
        return status;
    data = leveldb_get(store->db, store->point_reads, (const char *)key.data, key.size, &size,
                       &error);
    if (error != NULL)
        return fail_leveldb(store->path, error, why);
    if (data == NULL)
        return VMH_OK;
    vmh_buffer_append(value, vmh_bytes_of(data, size));
    leveldb_free(data);
    *found = true;
    return vmh_buffer_check(value, why);
}

static vmh_status write(vmh_store *base, const vmh_store_operation *operations, size_t count,
                        bool sync, vmh_failure *why)
{
    leveldb_store *store = (leveldb_store *)base;
    vmh_status status = check_open(store, why);
    leveldb_writebatch_t *batch;
    char *error = NULL;

    if (status != VMH_OK)
        return status;
    batch = leveldb_writebatch_create();
    for (size_t i = 0; i < count; i++) {
        const vmh_store_operation *operation = &operations[i];
        const char *key = (const char *)operation->key.data;

        if (operation->is_delete)
            leveldb_writebatch_delete(batch, key, operation->key.size);
        else
            leveldb_writebatch_put(batch, key, operation->key.size,
                                   (const char *)operation->value.data, operation->value.size);
    }
    leveldb_writeoptions_set_sync(store->writes, sync);
    leveldb_write(store->db, store->writes, batch, &error);
    leveldb_writebatch_destroy(batch);
    if (error == NULL)
        return VMH_OK;
    if (store->cursor_count == 0) {
        leveldb_close(store->db);
        store->db = NULL;
    }
    return fail_leveldb(store->path, error, why);
}

/*
 * An iterator steps over a block that it cannot read and shows what older
 * tables have for its keys, so it is asked for its error at every step.
 */
static vmh_status show(leveldb_cursor *cursor, vmh_failure *why)
{
    char *error = NULL;
    size_t size;

    leveldb_iter_get_error(cursor->iterator, &error);
    cursor->base.at_end = error != NULL || !leveldb_iter_valid(cursor->iterator);
    cursor->base.key = cursor->base.value = (vmh_bytes){0};
    if (error != NULL)
        return fail_leveldb(cursor->store->path, error, why);
    if (cursor->base.at_end)
        return VMH_OK;
    cursor->base.key.data = (const uint8_t *)leveldb_iter_key(cursor->iterator, &size);
    cursor->base.key.size = size;
    cursor->base.value.data = (const uint8_t *)leveldb_iter_value(cursor->iterator, &size);
    cursor->base.value.size = size;
    return VMH_OK;
}

static vmh_status cursor_next(vmh_store_cursor *base, vmh_failure *why)
{
    leveldb_cursor *cursor = (leveldb_cursor *)base;

    if (cursor->base.at_end)
        return VMH_OK;
    leveldb_iter_next(cursor->iterator);
    return show(cursor, why);
}

static void cursor_free(vmh_store_cursor *base)
{
    leveldb_cursor *cursor = (leveldb_cursor *)base;

    leveldb_iter_destroy(cursor->iterator);
    cursor->store->cursor_count--;
    free(cursor);
}

static vmh_status seek(vmh_store *base, vmh_bytes from, vmh_store_cursor **out, vmh_failure *why)
{
    leveldb_store *store = (leveldb_store *)base;
    vmh_status status = check_open(store, why);
    leveldb_cursor *cursor;

    *out = NULL;
    if (status != VMH_OK)
        return status;
    cursor = malloc(sizeof *cursor);
    if (cursor == NULL)
        return vmh_fail_memory(why);
    cursor->base.next = cursor_next;
    cursor->base.free = cursor_free;
    cursor->store = store;
    cursor->iterator = leveldb_create_iterator(store->db, store->walks);
    store->cursor_count++;
    leveldb_iter_seek(cursor->iterator, from.size == 0 ? "" : (const char *)from.data, from.size);
    status = show(cursor, why);
    if (status != VMH_OK) {
        cursor_free(&cursor->base);
        return status;
    }
    *out = &cursor->base;
    return VMH_OK;
}

static void free_store(leveldb_store *store)
{
    if (store->db != NULL)
        leveldb_close(store->db);
    leveldb_options_destroy(store->options);
    leveldb_cache_destroy(store->cache);
    leveldb_filterpolicy_destroy(store->filter);
    leveldb_readoptions_destroy(store->point_reads);
    leveldb_readoptions_destroy(store->walks);
    leveldb_writeoptions_destroy(store->writes);
    free(store);
}

static void close_store(vmh_store *base)
{
    leveldb_store *store = (leveldb_store *)base;
    leveldb_store **link = &open_stores;

    pthread_mutex_lock(&open_stores_mutex);
    while (*link != store)
        link = &(*link)->next_open;
    *link = store->next_open;
    free_store(store);
    pthread_mutex_unlock(&open_stores_mutex);
}

static leveldb_store *new_store(const char *path)
{
    leveldb_store *store = calloc(1, sizeof *store + strlen(path) + 1);

    if (store == NULL)
        return NULL;
    memcpy(store->path, path, strlen(path) + 1);
    store->base.get = get;
    store->base.write = write;
    store->base.seek = seek;
    store->base.close = close_store;
    store->cache = leveldb_cache_create_lru(BLOCK_CACHE_SIZE);
    store->filter = leveldb_filterpolicy_create_bloom(BLOOM_BITS);
    store->options = leveldb_options_create();
    leveldb_options_set_create_if_missing(store->options, 1);
    leveldb_options_set_paranoid_checks(store->options, 1);
    leveldb_options_set_write_buffer_size(store->options, WRITE_BUFFER_SIZE);
    leveldb_options_set_max_open_files(store->options, OPEN_FILES_MAX);
    leveldb_options_set_cache(store->options, store->cache);
    leveldb_options_set_filter_policy(store->options, store->filter);
    leveldb_options_set_compression(store->options, leveldb_no_compression);
    store->point_reads = leveldb_readoptions_create();
    leveldb_readoptions_set_verify_checksums(store->point_reads, 1);
    store->walks = leveldb_readoptions_create();
    leveldb_readoptions_set_verify_checksums(store->walks, 1);
    leveldb_readoptions_set_fill_cache(store->walks, 0);
    store->writes = leveldb_writeoptions_create();
    return store;
}

static bool ends(const char *name, const char *suffix)
{
    size_t name_size = strlen(name), suffix_size = strlen(suffix);

    return name_size > suffix_size && strcmp(name + name_size - suffix_size, suffix) == 0;
}

/* Whether the folder holds tables or logs of LevelDB. */
static vmh_status find_data(const char *path, bool *found, vmh_failure *why)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    *found = false;
    if (folder == NULL) {
        if (errno == ENOENT)
            return VMH_OK;
        return vmh_fail(why, VMH_E_STORE_IO, "store %s: cannot read the folder (errno %d)", path,
                        errno);
    }
    while ((entry = readdir(folder)) != NULL) {
        if (ends(entry->d_name, ".ldb") || ends(entry->d_name, ".sst") ||
            ends(entry->d_name, ".log"))
            *found = true;
    }
    closedir(folder);
    return VMH_OK;
}

/*
 * LevelDB itself makes the folder and its lock file before it looks whether a
 * store is there, and makes a new one over the tables of a store that lost its
 * CURRENT file. Both are refused here, before it touches anything.
 */
static vmh_status check_folder(const char *path, bool create, vmh_failure *why)
{
    char current[PATH_MAX];
    struct stat info;
    bool has_data;
    vmh_status status;

    if ((size_t)snprintf(current, sizeof current, "%s/CURRENT", path) >= sizeof current)
        return vmh_fail(why, VMH_E_STORE_IO, "store path of %zu bytes is too long", strlen(path));
    if (stat(current, &info) == 0)
        return VMH_OK;
    if (errno != ENOENT)
        return vmh_fail(why, VMH_E_STORE_IO, "store %s: cannot be read (errno %d)", path, errno);
    if (!create)
        return vmh_fail(why, VMH_E_NOT_FOUND, "no store in %s", path);
    status = find_data(path, &has_data, why);
    if (status == VMH_OK && has_data)
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "store %s has data but no CURRENT file", path);
    return status;
}

/* Refuses a folder that a store of this process is in; there is none where nothing is yet. */
static vmh_status check_unused(const char *path, vmh_failure *why)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return VMH_OK;
    for (const leveldb_store *open = open_stores; open != NULL; open = open->next_open) {
        if (open->device == info.st_dev && open->inode == info.st_ino)
            return vmh_fail(why, VMH_E_STORE_LOCKED, "store %s is open in this process", path);
    }
    return VMH_OK;
}

static vmh_status open_listed(leveldb_store *store, vmh_failure *why)
{
    struct stat info;
    vmh_status status = check_unused(store->path, why);

    if (status == VMH_OK)
        status = open_db(store, why);
    if (status != VMH_OK)
        return status;
    if (stat(store->path, &info) != 0)
        return vmh_fail(why, VMH_E_STORE_IO, "store %s: the folder is gone (errno %d)",
                        store->path, errno);
    store->device = info.st_dev;
    store->inode = info.st_ino;
    store->next_open = open_stores;
    open_stores = store;
    return VMH_OK;
}

/*
 * LevelDB's own thread runs until the process ends: its library stays loaded
 * though Lua unloads ours when it closes. Without that it is only less safe.
 */
static void keep_library_loaded(void)
{
    static void *library; /* never closed */
    Dl_info info;

    if (dladdr((void *)(uintptr_t)leveldb_open, &info) != 0)
        library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    (void)library;
}

vmh_status vmh_store_leveldb_open(const char *path, bool create, vmh_store **out, vmh_failure *why)
{
    static pthread_once_t library_kept = PTHREAD_ONCE_INIT;
    leveldb_store *store;
    vmh_status status = check_folder(path, create, why);

    *out = NULL;
    if (status != VMH_OK)
        return status;
    pthread_once(&library_kept, keep_library_loaded);
    store = new_store(path);
    if (store == NULL)
        return vmh_fail_memory(why);
    pthread_mutex_lock(&open_stores_mutex);
    status = open_listed(store, why);
    if (status != VMH_OK)
        free_store(store);
    pthread_mutex_unlock(&open_stores_mutex);
    if (status != VMH_OK)
        return status;
    /* From here on the store exists; opening again must not make an empty one. */
    leveldb_options_set_create_if_missing(store->options, 0);
    *out = &store->base;
    return VMH_OK;
}
