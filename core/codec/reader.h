/*
 * vmh_reader: a cursor over one membuffers message (spec/host.md 8.1).
 *
 * Fields are taken in declaration order. A message that ends before a field
 * gives zero or empty for it and all that follow. A length that runs past the
 * end, a cut field or an unknown selector makes the message invalid, and an
 * invalid message reads as all zero: a decoder asks vmh_reader_valid at its end
 * and clears what it filled in. Bytes given out are views into the message.
 */
#ifndef VMH_CODEC_READER_H
#define VMH_CODEC_READER_H

#include "base/bytes.h"

typedef struct vmh_reader {
    vmh_bytes message;
    size_t offset;
    bool invalid;
} vmh_reader;

void vmh_reader_init(vmh_reader *reader, vmh_bytes message);

/* False for an empty message and once anything did not fit. */
bool vmh_reader_valid(const vmh_reader *reader);

/* True when no field is left. */
bool vmh_reader_ended(const vmh_reader *reader);

bool vmh_reader_bool(vmh_reader *reader); /* true is 1, any other byte is false */
uint8_t vmh_reader_u8(vmh_reader *reader);
uint16_t vmh_reader_u16(vmh_reader *reader); /* and enums */
uint32_t vmh_reader_u32(vmh_reader *reader);
uint64_t vmh_reader_u64(vmh_reader *reader);

/* `size` raw bytes at 4-alignment: bytes20, bytes32, uint256. */
vmh_bytes vmh_reader_fixed(vmh_reader *reader, size_t size);

/* bytes, string, message, and the content of any array. */
vmh_bytes vmh_reader_bytes(vmh_reader *reader);

/*
 * Selector of a union with `alternatives` choices; the chosen field is read
 * next. VMH_READER_NO_UNION when the message has ended or the selector is
 * out of range (which makes it invalid).
 */
enum { VMH_READER_NO_UNION = 0xffff };
uint16_t vmh_reader_union(vmh_reader *reader, uint16_t alternatives);

/*
 * Walks the content of an array of bytes, strings or messages. An item that is
 * cut reads as empty and ends the walk.
 *
 *     vmh_items items = vmh_items_of(content);
 *     vmh_bytes item;
 *     while (vmh_items_next(&items, &item)) ...
 */
typedef struct vmh_items {
    vmh_bytes content;
    size_t offset;
} vmh_items;

vmh_items vmh_items_of(vmh_bytes content);
bool vmh_items_next(vmh_items *items, vmh_bytes *item);

/* Number of items that a walk gives. */
size_t vmh_items_count(vmh_bytes content);

#endif
