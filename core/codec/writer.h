/*
 * vmh_writer: writes one membuffers message (spec/host.md 8.1) at the end of a
 * buffer. Fields follow each other in declaration order; padding is zero and
 * only in front of a field. Offsets count from the start of the message, so a
 * nested message opens a writer of its own with vmh_writer_begin/end.
 */
#ifndef VMH_CODEC_WRITER_H
#define VMH_CODEC_WRITER_H

#include "base/buffer.h"

typedef struct vmh_writer {
    vmh_buffer *out;
    size_t start; /* where the message begins in `out` */
} vmh_writer;

void vmh_writer_init(vmh_writer *writer, vmh_buffer *out);

void vmh_writer_bool(vmh_writer *writer, bool value);
void vmh_writer_u8(vmh_writer *writer, uint8_t value);
void vmh_writer_u16(vmh_writer *writer, uint16_t value); /* enums and selectors */
void vmh_writer_u32(vmh_writer *writer, uint32_t value);
void vmh_writer_u64(vmh_writer *writer, uint64_t value);
void vmh_writer_fixed(vmh_writer *writer, vmh_bytes bytes); /* bytes20, bytes32, uint256 */
void vmh_writer_bytes(vmh_writer *writer, vmh_bytes bytes); /* bytes, string, finished message */

/*
 * A field whose size is known only afterwards: a nested message or an array.
 * begin writes the length to be filled in and returns its place; end fills it.
 * Between them, `nested` writes the content, offsets from its own start.
 */
size_t vmh_writer_begin(vmh_writer *writer, vmh_writer *nested);
void vmh_writer_end(vmh_writer *writer, size_t place);

#endif
