/*
 * What state storage asks of a backend: an ordered map from bytes to bytes
 * with atomic batches.
 *
 * A backend is a struct that begins with a vmh_store. Bytes that a function
 * gives out are copied into the caller's buffer; nothing is borrowed.
 */
#ifndef VMH_PORTS_STORE_H
#define VMH_PORTS_STORE_H

#include "base/buffer.h"

typedef struct vmh_store vmh_store;
typedef struct vmh_store_cursor vmh_store_cursor;

typedef struct vmh_store_operation {
    vmh_bytes key;
    vmh_bytes value;
    bool is_delete;
} vmh_store_operation;

struct vmh_store {
    /* Replaces the content of `value`; an absent key leaves it empty and sets `*found` false. */
    vmh_status (*get)(vmh_store *store, vmh_bytes key, vmh_buffer *value, bool *found,
                      vmh_failure *why);

    /*
     * Applies all operations, in order, or none. With `sync` they survive a
     * crash of the machine once this returns; without it, of the process.
     */
    vmh_status (*write)(vmh_store *store, const vmh_store_operation *operations, size_t count,
                        bool sync, vmh_failure *why);

    /* A cursor on the first key that is not less than `from`; ascending by byte value. */
    vmh_status (*seek)(vmh_store *store, vmh_bytes from, vmh_store_cursor **cursor,
                       vmh_failure *why);

    /* Releases the backend and what it holds. */
    void (*close)(vmh_store *store);
};

/* A write to the store ends the validity of its cursors. */
struct vmh_store_cursor {
    bool at_end;
    vmh_bytes key;   /* borrowed until the next call on the cursor */
    vmh_bytes value; /* the same */
    vmh_status (*next)(vmh_store_cursor *cursor, vmh_failure *why);
    void (*free)(vmh_store_cursor *cursor);
};

#endif
