#include "host/incoming.h"

/* Which fields a kind has beside the common ones (spec/joins.md 4). */
enum {
    METHOD = 1,
    INPUT = 2,
    AMOUNT = 4,
    GAS = 8,
    ANSWERED_ID = 16,
    CONTEXT_ID = 32,
    CODE = 64,
    CALL = METHOD | INPUT | AMOUNT | GAS, /* gas is checked: nobody paid for it here */
};

static const struct {
    vmh_message_kind kind;
    unsigned fields;
    bool is_call;
} kinds[] = {
    {VMH_MESSAGE_CALL, CALL, true},
    {VMH_MESSAGE_REFUND, AMOUNT | ANSWERED_ID, false},
    {VMH_MESSAGE_SYNC_CALL, CALL, true},
    {VMH_MESSAGE_SYNC_ANSWER, INPUT | GAS | ANSWERED_ID, false},
    {VMH_MESSAGE_SYNC_FAILURE, INPUT | GAS | ANSWERED_ID | CODE | AMOUNT, false},
    {VMH_MESSAGE_ASYNC_CALL, CALL | CONTEXT_ID | ANSWERED_ID, true},
    {VMH_MESSAGE_ASYNC_ANSWER, INPUT | GAS | ANSWERED_ID | CODE | AMOUNT | CONTEXT_ID, false},
};

static bool is_id(vmh_bytes bytes)
{
    return bytes.size == sizeof(vmh_hash32);
}

/* Of a context, with or without the index of the call in it: whoever sent it finds it by that. */
static bool is_context_id(vmh_bytes bytes)
{
    return is_id(bytes) || bytes.size == sizeof(vmh_hash32) + 4;
}

/* The fields that are there; ids only where they have their size. */
static unsigned fields_of(const vmh_message *message)
{
    return (message->method.size != 0 ? METHOD : 0u) | (message->input.size != 0 ? INPUT : 0u) |
           (vmh_word_is_zero(&message->amount) ? 0u : AMOUNT) | (message->gas != 0 ? GAS : 0u) |
           (message->answered_id.size != 0 ? ANSWERED_ID : 0u) |
           (message->context_id.size != 0 ? CONTEXT_ID : 0u) | (message->code != 0 ? CODE : 0u);
}

static bool lacks_field(const vmh_message *message, unsigned fields)
{
    return ((fields & ANSWERED_ID) != 0 && !is_id(message->answered_id)) ||
           ((fields & CONTEXT_ID) != 0 && !is_context_id(message->context_id)) ||
           (message->kind == VMH_MESSAGE_SYNC_FAILURE && message->code == 0) ||
           message->from_service.size == 0 || message->to_service.size == 0 ||
           message->token.size != VMH_TOKEN_SIZE;
}

const char *vmh_find_field_fault(const vmh_message *message, uint64_t gas_limit)
{
    size_t i = 0;

    while (i < sizeof kinds / sizeof kinds[0] && kinds[i].kind != message->kind)
        i++;
    if (i == sizeof kinds / sizeof kinds[0] || message->version != VMH_MESSAGE_VERSION)
        return VMH_REFUSAL_KIND;
    if ((fields_of(message) & ~kinds[i].fields) != 0)
        return VMH_REFUSAL_FIELD;
    if (lacks_field(message, kinds[i].fields))
        return VMH_REFUSAL_NO_FIELD;
    return kinds[i].is_call && message->gas > gas_limit ? VMH_REFUSAL_GAS : NULL;
}
