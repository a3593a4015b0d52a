#include "vite/block.h"

#include "crypto/digest.h"

/* Kind, place, accounts, value, data hash, fee, nonce; and of a triggered one its host. */
enum { REQUEST_SOURCE = 1 + 32 + 8 + 21 + 21 + 32 + 10 + 32 + 32 + 8, HOST_SOURCE = 32 + 8 + 1 };

const char *vmh_vite_kind_name(uint32_t kind)
{
    switch (kind) {
#define KIND_NAME(name, number, text) \
    case number:                      \
        return text;
        VMH_VITE_KIND_LIST(KIND_NAME)
#undef KIND_NAME
    default:
        return NULL;
    }
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value)
{
    vmh_put_u64_be(at, value);
    return at + 8;
}

static uint8_t *put_word(uint8_t *at, const vmh_word *word)
{
    vmh_word_to_bytes(word, at);
    return at + 32;
}

static void hash_bytes(vmh_bytes bytes, vmh_hash32 *out)
{
    vmh_blake2b(bytes, out->bytes, sizeof out->bytes);
}

/* `data_hash` is NULL where there is no data. */
static size_t put_request(uint8_t *out, const vmh_vite_request *request,
                          const vmh_vite_place *place, const uint8_t nonce[8],
                          const vmh_hash32 *data_hash)
{
    uint8_t *at = out;

    *at++ = (uint8_t)request->kind;
    at = put(at, place->previous_hash.bytes, 32);
    at = put_u64(at, place->height);
    at = put(at, request->from.bytes, sizeof request->from.bytes);
    at = put(at, request->to.bytes, sizeof request->to.bytes);
    at = put_word(at, &request->amount);
    at = put(at, request->token.bytes, sizeof request->token.bytes);
    if (data_hash != NULL)
        at = put(at, data_hash->bytes, sizeof data_hash->bytes);
    at = put_word(at, &request->fee);
    at = put(at, nonce, 8);
    return (size_t)(at - out);
}

void vmh_vite_request_hash_of_data_hash(const vmh_vite_request *request,
                                        const vmh_vite_place *place, const uint8_t nonce[8],
                                        const vmh_hash32 *data_hash, vmh_hash32 *out)
{
    uint8_t source[REQUEST_SOURCE];

    hash_bytes(vmh_bytes_of(source, put_request(source, request, place, nonce, data_hash)), out);
}

void vmh_vite_request_hash(const vmh_vite_request *request, const vmh_vite_place *place,
                           const uint8_t nonce[8], vmh_hash32 *out)
{
    vmh_hash32 data_hash;

    hash_bytes(request->data, &data_hash);
    vmh_vite_request_hash_of_data_hash(request, place, nonce,
                                       request->data.size > 0 ? &data_hash : NULL, out);
}

void vmh_vite_triggered_hash(const vmh_vite_request *request, const vmh_vite_place *host,
                             uint8_t index, vmh_hash32 *out)
{
    static const vmh_vite_place nowhere;
    static const uint8_t no_nonce[8];
    uint8_t source[REQUEST_SOURCE + HOST_SOURCE];
    vmh_hash32 data_hash;
    uint8_t *at;

    hash_bytes(request->data, &data_hash);
    at = source + put_request(source, request, &nowhere, no_nonce,
                              request->data.size > 0 ? &data_hash : NULL);
    at = put(at, host->previous_hash.bytes, 32);
    at = put_u64(at, host->height);
    *at++ = index;
    hash_bytes(vmh_bytes_of(source, (size_t)(at - source)), out);
}

vmh_status vmh_vite_logs_hash(const vmh_vite_log *logs, size_t count,
                              const vmh_vite_address *account, const vmh_hash32 *previous_hash,
                              vmh_buffer *scratch, vmh_hash32 *out, vmh_failure *why)
{
    vmh_buffer_reset(scratch);
    for (size_t i = 0; i < count; i++) {
        for (size_t topic = 0; topic < logs[i].topic_count; topic++) {
            uint8_t bytes[32];

            vmh_word_to_bytes(&logs[i].topics[topic], bytes);
            vmh_buffer_append(scratch, vmh_bytes_of(bytes, sizeof bytes));
        }
        vmh_buffer_append(scratch, logs[i].data);
    }
    if (account != NULL) {
        vmh_buffer_append(scratch, vmh_bytes_of(account->bytes, sizeof account->bytes));
        vmh_buffer_append(scratch, vmh_bytes_hash(previous_hash));
    }
    hash_bytes(vmh_buffer_bytes(scratch), out);
    return vmh_buffer_check(scratch, why);
}

vmh_status vmh_vite_response_hash(const vmh_vite_response_block *block, vmh_buffer *scratch,
                                  vmh_hash32 *out, vmh_failure *why)
{
    vmh_hash32 data_hash;

    vmh_buffer_reset(scratch);
    vmh_buffer_append_u8(scratch, (uint8_t)block->kind);
    vmh_buffer_append(scratch, vmh_bytes_hash(&block->place.previous_hash));
    vmh_buffer_append_u64_be(scratch, block->place.height);
    vmh_buffer_append(scratch, vmh_bytes_of(block->account.bytes, sizeof block->account.bytes));
    vmh_buffer_append(scratch, vmh_bytes_hash(&block->request_hash));
    if (block->data.size > 0) {
        hash_bytes(block->data, &data_hash);
        vmh_buffer_append(scratch, vmh_bytes_hash(&data_hash));
    }
    vmh_buffer_extend(scratch, 32); /* fee */
    if (block->log_hash != NULL)
        vmh_buffer_append(scratch, vmh_bytes_hash(block->log_hash));
    vmh_buffer_extend(scratch, 8); /* nonce */
    for (size_t i = 0; i < block->triggered_count; i++)
        vmh_buffer_append(scratch, vmh_bytes_hash(&block->triggered[i].request.hash));
    hash_bytes(vmh_buffer_bytes(scratch), out);
    return vmh_buffer_check(scratch, why);
}
