/*
 * vmh_bytes: a borrowed pointer and length. `data` may be NULL when size is 0.
 * Who owns the memory, and for how long, is said where a vmh_bytes is handed on.
 */
#ifndef VMH_BASE_BYTES_H
#define VMH_BASE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct vmh_bytes {
    const uint8_t *data;
    size_t size;
} vmh_bytes;

typedef struct vmh_hash32 {
    uint8_t bytes[32];
} vmh_hash32;

typedef struct vmh_address {
    uint8_t bytes[20];
} vmh_address;

/* The bytes of a string literal, without its terminator. */
#define VMH_LITERAL(text) ((vmh_bytes){(const uint8_t *)("" text), sizeof(text) - 1})

/* For printf("%.*s"): a precision and a pointer. */
#define VMH_PRINT(b) (int)((b).size > 512 ? 512 : (b).size), (b).data ? (const char *)(b).data : ""

static inline vmh_bytes vmh_bytes_of(const void *data, size_t size)
{
    return (vmh_bytes){(const uint8_t *)data, size};
}

static inline vmh_bytes vmh_bytes_text(const char *text)
{
    return (vmh_bytes){(const uint8_t *)text, strlen(text)};
}

static inline vmh_bytes vmh_bytes_hash(const vmh_hash32 *hash)
{
    return (vmh_bytes){hash->bytes, sizeof hash->bytes};
}

static inline vmh_bytes vmh_bytes_address(const vmh_address *address)
{
    return (vmh_bytes){address->bytes, sizeof address->bytes};
}

static inline bool vmh_bytes_equal(vmh_bytes a, vmh_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Order of byte strings: by byte value, a prefix before what it begins. */
static inline int vmh_bytes_compare(vmh_bytes a, vmh_bytes b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);

    if (order != 0)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

static inline bool vmh_bytes_begins(vmh_bytes bytes, vmh_bytes prefix)
{
    return bytes.size >= prefix.size &&
           (prefix.size == 0 || memcmp(bytes.data, prefix.data, prefix.size) == 0);
}

/*
 * Fixed-width integers in the two orders that our formats use. Each is a single
 * move: byte by byte, a word in memory would wait for its own parts.
 */
static inline void vmh_put_u32_le(uint8_t *out, uint32_t value)
{
    value = htole32(value);
    memcpy(out, &value, sizeof value);
}

static inline void vmh_put_u32_be(uint8_t *out, uint32_t value)
{
    value = htobe32(value);
    memcpy(out, &value, sizeof value);
}

static inline void vmh_put_u64_le(uint8_t *out, uint64_t value)
{
    value = htole64(value);
    memcpy(out, &value, sizeof value);
}

static inline void vmh_put_u64_be(uint8_t *out, uint64_t value)
{
    value = htobe64(value);
    memcpy(out, &value, sizeof value);
}

static inline uint16_t vmh_get_u16_le(const uint8_t *in)
{
    uint16_t value;

    memcpy(&value, in, sizeof value);
    return le16toh(value);
}

static inline uint32_t vmh_get_u32_le(const uint8_t *in)
{
    uint32_t value;

    memcpy(&value, in, sizeof value);
    return le32toh(value);
}

static inline uint64_t vmh_get_u64_le(const uint8_t *in)
{
    uint64_t value;

    memcpy(&value, in, sizeof value);
    return le64toh(value);
}

static inline uint32_t vmh_get_u32_be(const uint8_t *in)
{
    uint32_t value;

    memcpy(&value, in, sizeof value);
    return be32toh(value);
}

static inline uint64_t vmh_get_u64_be(const uint8_t *in)
{
    uint64_t value;

    memcpy(&value, in, sizeof value);
    return be64toh(value);
}

#endif
