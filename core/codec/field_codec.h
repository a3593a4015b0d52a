/*
 * One field of any message, read and written by its schema. For the walks that
 * treat all messages alike; the codecs of single messages know their fields.
 */
#ifndef VMH_CODEC_FIELD_CODEC_H
#define VMH_CODEC_FIELD_CODEC_H

#include "codec/reader.h"
#include "codec/schema.h"
#include "codec/writer.h"

typedef struct vmh_field_value {
    uint64_t number;   /* BOOL, U16, U32, U64 */
    vmh_bytes bytes;   /* all others: the content, without length */
    uint16_t selector; /* UNION: number or bytes are of this alternative */
} vmh_field_value;

/*
 * A reader at the first field of a message. An empty or invalid one gives a
 * reader without content, so that all fields read as zero and empty; the
 * result tells which it was.
 */
bool vmh_message_open(const vmh_schema *schema, vmh_bytes message, vmh_reader *reader);

/* A union that is absent has the selector VMH_READER_NO_UNION. */
void vmh_field_read(const vmh_field *field, vmh_reader *reader, vmh_field_value *out);

/* Any field but a union; of messages and arrays the finished content. */
void vmh_field_write(const vmh_field *field, const vmh_field_value *value, vmh_writer *writer);

#endif
