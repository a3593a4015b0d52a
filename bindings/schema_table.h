/*
 * Messages of any schema <-> Lua tables.
 *
 *     uint32, uint64        integer; on input also decimal text for uint64
 *     enum                  name, or the number where it has none
 *     bytes20/32, bytes     byte string
 *     uint256               vmhost.word
 *     message               table, nil when absent (size 0)
 *     repeated message      list of tables
 *     argument array        list of arguments, or the packed bytes
 *     events array          list of tables as of Event, or the packed bytes
 *     union                 the key of the chosen alternative, in the table itself
 *
 * A field that is nil on input is written as zero or empty.
 */
#ifndef VMH_BINDINGS_SCHEMA_TABLE_H
#define VMH_BINDINGS_SCHEMA_TABLE_H

#include "base/buffer.h"
#include "codec/schema.h"
#include "path.h"

/* Appends the canonical message of the table at `index`; raises with a path. */
void vmh_encode_table(lua_State *L, int index, const vmh_schema *schema, const vmh_path *path,
                      vmh_buffer *out);

/*
 * Pushes the table of a message; of an invalid one its zero and empty fields.
 * Argument and events arrays that a list would not give again byte for byte stay
 * packed bytes. Fields that may be left out and are, are nil.
 */
void vmh_push_message(lua_State *L, const vmh_schema *schema, vmh_bytes message);

/* Pushes a list of the tables of messages, each with its bytes as `message`. */
void vmh_push_messages(lua_State *L, const vmh_schema *schema, const vmh_bytes *messages,
                       size_t count);

#endif
