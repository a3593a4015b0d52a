#include "vite/memory_ledger.h"

#include <stdlib.h>

#include "crypto/digest.h"

enum { ADDRESS = sizeof(vmh_vite_address), TOKEN = sizeof(vmh_vite_token) };

/* Rows of one size under byte keys, in the order of first writing. */
typedef struct table {
    vmh_ordmap map;
    uint8_t *rows;
    size_t capacity;
    size_t row_size;
} table;

typedef struct contract_row {
    vmh_vite_contract contract;
    vmh_bytes code; /* with the type byte */
    vmh_hash32 code_hash;
} contract_row;

typedef struct request_row {
    vmh_vite_request request;
    uint32_t depth;
} request_row;

struct vmh_vite_memory_ledger {
    vmh_vite_ledger port;
    vmh_arena arena;
    vmh_vite_surroundings surroundings;
    table storage;   /* address, key -> word */
    table balances;  /* address, token -> word */
    table contracts; /* address -> contract_row */
    table requests;  /* hash -> request_row */
    table contexts;  /* hash -> bytes */
    table places;    /* address -> vmh_vite_place */
};

static void table_init(table *rows, vmh_arena *arena, size_t row_size)
{
    vmh_ordmap_init(&rows->map, arena);
    rows->row_size = row_size;
}

static const void *table_find(const table *rows, vmh_bytes key)
{
    size_t number = vmh_ordmap_find(&rows->map, key);

    return number == VMH_ORDMAP_ABSENT ? NULL : rows->rows + number * rows->row_size;
}

/* The row of a key, a zeroed one where it is new; NULL when memory is short. */
static void *table_open(table *rows, vmh_bytes key, vmh_failure *why)
{
    size_t number = vmh_ordmap_find(&rows->map, key);
    vmh_bytes kept;
    uint8_t *grown;

    if (number != VMH_ORDMAP_ABSENT)
        return rows->rows + number * rows->row_size;
    number = rows->map.count;
    if (vmh_arena_copy(rows->map.arena, key, &kept, why) != VMH_OK)
        return NULL;
    grown = vmh_arena_grow(rows->map.arena, rows->rows, &rows->capacity, number + 1,
                           rows->row_size);
    if (grown == NULL) {
        vmh_fail_memory(why);
        return NULL;
    }
    rows->rows = grown;
    if (vmh_ordmap_add(&rows->map, kept, why) != VMH_OK)
        return NULL;
    return rows->rows + number * rows->row_size;
}

static vmh_vite_memory_ledger *ledger_of(vmh_vite_environment *environment)
{
    return (vmh_vite_memory_ledger *)environment;
}

static vmh_bytes address_key(const vmh_vite_address *account)
{
    return vmh_bytes_of(account->bytes, sizeof account->bytes);
}

static void storage_key(const vmh_vite_address *account, const vmh_word *key,
                        uint8_t out[ADDRESS + 32])
{
    memcpy(out, account->bytes, ADDRESS);
    vmh_word_to_bytes(key, out + ADDRESS);
}

static void balance_key(const vmh_vite_address *account, const vmh_vite_token *token,
                        uint8_t out[ADDRESS + TOKEN])
{
    memcpy(out, account->bytes, ADDRESS);
    memcpy(out + ADDRESS, token->bytes, TOKEN);
}

static vmh_word find_word(const table *rows, vmh_bytes key)
{
    const vmh_word *word = table_find(rows, key);

    return word != NULL ? *word : vmh_word_of(0);
}

static vmh_status put_word(table *rows, vmh_bytes key, const vmh_word *value, vmh_failure *why)
{
    vmh_word *word = table_open(rows, key, why);

    if (word == NULL)
        return VMH_E_NO_MEMORY;
    *word = *value;
    return VMH_OK;
}

static vmh_status get_storage(vmh_vite_environment *environment, const vmh_vite_address *account,
                              const vmh_word *key, vmh_word *value, vmh_vite_error *error,
                              vmh_failure *why)
{
    uint8_t bytes[ADDRESS + 32];

    (void)error;
    (void)why;
    storage_key(account, key, bytes);
    *value = find_word(&ledger_of(environment)->storage, vmh_bytes_of(bytes, sizeof bytes));
    return VMH_OK;
}

static vmh_status get_balance(vmh_vite_environment *environment, const vmh_vite_address *account,
                              const vmh_vite_token *token, vmh_word *balance, vmh_failure *why)
{
    uint8_t bytes[ADDRESS + TOKEN];

    (void)why;
    balance_key(account, token, bytes);
    *balance = find_word(&ledger_of(environment)->balances, vmh_bytes_of(bytes, sizeof bytes));
    return VMH_OK;
}

static vmh_status get_code(vmh_vite_environment *environment, const vmh_vite_address *account,
                           vmh_vite_code *code, vmh_failure *why)
{
    const contract_row *row = table_find(&ledger_of(environment)->contracts, address_key(account));

    (void)why;
    *code = (vmh_vite_code){0};
    if (row != NULL && row->code.size > 0) {
        code->bytes = vmh_bytes_of(row->code.data + 1, row->code.size - 1);
        code->hash = row->code_hash;
    }
    return VMH_OK;
}

static vmh_status get_quota_ratio(vmh_vite_environment *environment,
                                  const vmh_vite_address *account, uint32_t *ratio,
                                  vmh_vite_error *error, vmh_failure *why)
{
    const vmh_vite_memory_ledger *ledger = ledger_of(environment);
    const contract_row *row = table_find(&ledger->contracts, address_key(account));

    (void)why;
    *ratio = 10;
    if (row != NULL && row->contract.is_known)
        *ratio = row->contract.quota_ratio;
    else if (vmh_vite_address_is_contract(account) && !ledger->surroundings.knows_all)
        *error = ledger->surroundings.has_status ? VMH_VITE_ERROR_NO_CONTRACT
                                                 : VMH_VITE_ERROR_NO_STATUS;
    return VMH_OK;
}

static vmh_status find_request(vmh_vite_environment *environment, const vmh_hash32 *hash,
                               vmh_vite_request *request, bool *found, vmh_failure *why)
{
    uint32_t depth;

    (void)why;
    *found = vmh_vite_memory_ledger_find_request(ledger_of(environment), hash, request, &depth);
    return VMH_OK;
}

static vmh_status find_context(vmh_vite_environment *environment, const vmh_hash32 *request_hash,
                               vmh_bytes *context, bool *found, vmh_failure *why)
{
    const vmh_bytes *row = table_find(&ledger_of(environment)->contexts,
                                      vmh_bytes_hash(request_hash));

    (void)why;
    *found = row != NULL;
    *context = row != NULL ? *row : (vmh_bytes){0};
    return VMH_OK;
}

static vmh_status get_request_hash(vmh_vite_environment *environment,
                                   const vmh_vite_request *request, size_t index,
                                   vmh_hash32 *hash, vmh_failure *why)
{
    (void)why;
    vmh_vite_triggered_hash(request, &ledger_of(environment)->surroundings.host, (uint8_t)index,
                            hash);
    return VMH_OK;
}

static vmh_status get_seed(vmh_vite_environment *environment, uint64_t *seed, vmh_failure *why)
{
    (void)why;
    *seed = ledger_of(environment)->surroundings.seed;
    return VMH_OK;
}

/* The numbers of spec/joins.md 2: a digest of seed and index. */
static vmh_status get_random(vmh_vite_environment *environment, uint64_t index, uint64_t *number,
                             vmh_failure *why)
{
    uint8_t source[16];
    vmh_hash32 hash;

    (void)why;
    vmh_put_u64_be(source, ledger_of(environment)->surroundings.seed);
    vmh_put_u64_be(source + 8, index);
    vmh_sha256(vmh_bytes_of(source, sizeof source), &hash);
    *number = vmh_get_u64_be(hash.bytes);
    return VMH_OK;
}

static vmh_status get_contract(vmh_vite_ledger *port, const vmh_vite_address *account,
                               vmh_vite_contract *contract, vmh_failure *why)
{
    const contract_row *row = table_find(&ledger_of(&port->environment)->contracts,
                                         address_key(account));

    (void)why;
    *contract = row != NULL ? row->contract : (vmh_vite_contract){.quota_ratio = 10};
    return VMH_OK;
}

static vmh_status put_contract(vmh_vite_ledger *port, const vmh_vite_address *account,
                               const vmh_vite_contract *contract, vmh_failure *why)
{
    contract_row *row = table_open(&ledger_of(&port->environment)->contracts,
                                   address_key(account), why);

    if (row == NULL)
        return VMH_E_NO_MEMORY;
    row->contract = *contract;
    row->contract.has_code = row->code.size > 0;
    return VMH_OK;
}

static vmh_status put_code(vmh_vite_ledger *port, const vmh_vite_address *account, vmh_bytes code,
                           vmh_failure *why)
{
    vmh_vite_memory_ledger *ledger = ledger_of(&port->environment);
    contract_row *row = table_open(&ledger->contracts, address_key(account), why);

    if (row == NULL)
        return VMH_E_NO_MEMORY;
    vmh_blake2b(code, row->code_hash.bytes, sizeof row->code_hash.bytes);
    row->contract.has_code = code.size > 0;
    return vmh_arena_copy(&ledger->arena, code, &row->code, why);
}

static vmh_status put_storage(vmh_vite_ledger *port, const vmh_vite_address *account,
                              const vmh_word *key, const vmh_word *value, vmh_failure *why)
{
    uint8_t bytes[ADDRESS + 32];

    storage_key(account, key, bytes);
    return put_word(&ledger_of(&port->environment)->storage, vmh_bytes_of(bytes, sizeof bytes),
                    value, why);
}

static vmh_status put_context(vmh_vite_ledger *port, const vmh_hash32 *request_hash,
                              vmh_bytes context, vmh_failure *why)
{
    vmh_vite_memory_ledger *ledger = ledger_of(&port->environment);
    vmh_bytes *row = table_open(&ledger->contexts, vmh_bytes_hash(request_hash), why);

    return row != NULL ? vmh_arena_copy(&ledger->arena, context, row, why) : VMH_E_NO_MEMORY;
}

static vmh_status add_balance(vmh_vite_ledger *port, const vmh_vite_address *account,
                              const vmh_vite_token *token, const vmh_word *amount,
                              vmh_failure *why)
{
    vmh_word balance;

    get_balance(&port->environment, account, token, &balance, why);
    vmh_word_add(&balance, amount, &balance);
    return vmh_vite_memory_ledger_set_balance(ledger_of(&port->environment), account, token,
                                              &balance, why);
}

static vmh_status subtract_balance(vmh_vite_ledger *port, const vmh_vite_address *account,
                                   const vmh_vite_token *token, const vmh_word *amount,
                                   bool *is_enough, vmh_failure *why)
{
    vmh_word balance;

    get_balance(&port->environment, account, token, &balance, why);
    *is_enough = !vmh_word_sub(&balance, amount, &balance);
    if (!*is_enough)
        return VMH_OK;
    return vmh_vite_memory_ledger_set_balance(ledger_of(&port->environment), account, token,
                                              &balance, why);
}

vmh_status vmh_vite_memory_ledger_new(vmh_vite_memory_ledger **out, vmh_failure *why)
{
    vmh_vite_memory_ledger *ledger = calloc(1, sizeof *ledger);

    if (ledger == NULL)
        return vmh_fail_memory(why);
    ledger->port = (vmh_vite_ledger){
        .environment = {get_storage, get_balance, get_code, get_quota_ratio, find_request,
                        find_context, get_request_hash, get_seed, get_random},
        .get_contract = get_contract,
        .put_contract = put_contract,
        .put_code = put_code,
        .put_storage = put_storage,
        .put_context = put_context,
        .add_balance = add_balance,
        .subtract_balance = subtract_balance,
    };
    vmh_arena_init(&ledger->arena);
    table_init(&ledger->storage, &ledger->arena, sizeof(vmh_word));
    table_init(&ledger->balances, &ledger->arena, sizeof(vmh_word));
    table_init(&ledger->contracts, &ledger->arena, sizeof(contract_row));
    table_init(&ledger->requests, &ledger->arena, sizeof(request_row));
    table_init(&ledger->contexts, &ledger->arena, sizeof(vmh_bytes));
    table_init(&ledger->places, &ledger->arena, sizeof(vmh_vite_place));
    *out = ledger;
    return VMH_OK;
}

void vmh_vite_memory_ledger_free(vmh_vite_memory_ledger *ledger)
{
    if (ledger == NULL)
        return;
    vmh_arena_clear(&ledger->arena);
    free(ledger);
}

vmh_vite_ledger *vmh_vite_memory_ledger_port(vmh_vite_memory_ledger *ledger)
{
    return &ledger->port;
}

vmh_vite_surroundings *vmh_vite_memory_ledger_surroundings(vmh_vite_memory_ledger *ledger)
{
    return &ledger->surroundings;
}

vmh_status vmh_vite_memory_ledger_set_balance(vmh_vite_memory_ledger *ledger,
                                              const vmh_vite_address *account,
                                              const vmh_vite_token *token,
                                              const vmh_word *amount, vmh_failure *why)
{
    uint8_t bytes[ADDRESS + TOKEN];

    balance_key(account, token, bytes);
    return put_word(&ledger->balances, vmh_bytes_of(bytes, sizeof bytes), amount, why);
}

vmh_vite_place vmh_vite_memory_ledger_place(const vmh_vite_memory_ledger *ledger,
                                            const vmh_vite_address *account)
{
    const vmh_vite_place *place = table_find(&ledger->places, address_key(account));

    return place != NULL ? *place : (vmh_vite_place){0};
}

vmh_status vmh_vite_memory_ledger_set_place(vmh_vite_memory_ledger *ledger,
                                            const vmh_vite_address *account,
                                            const vmh_vite_place *place, vmh_failure *why)
{
    vmh_vite_place *row = table_open(&ledger->places, address_key(account), why);

    if (row == NULL)
        return VMH_E_NO_MEMORY;
    *row = *place;
    return VMH_OK;
}

vmh_status vmh_vite_memory_ledger_put_request(vmh_vite_memory_ledger *ledger,
                                              const vmh_vite_request *request, uint32_t depth,
                                              vmh_failure *why)
{
    request_row *row = table_open(&ledger->requests, vmh_bytes_hash(&request->hash), why);

    if (row == NULL)
        return VMH_E_NO_MEMORY;
    *row = (request_row){*request, depth};
    return vmh_arena_copy(&ledger->arena, request->data, &row->request.data, why);
}

bool vmh_vite_memory_ledger_find_request(const vmh_vite_memory_ledger *ledger,
                                         const vmh_hash32 *hash, vmh_vite_request *request,
                                         uint32_t *depth)
{
    const request_row *row = table_find(&ledger->requests, vmh_bytes_hash(hash));

    if (row == NULL)
        return false;
    *request = row->request;
    *depth = row->depth;
    return true;
}

size_t vmh_vite_memory_ledger_storage_count(const vmh_vite_memory_ledger *ledger)
{
    return ledger->storage.map.count;
}

static vmh_vite_ledger_row row_of(const table *rows, size_t number, vmh_bytes *rest)
{
    vmh_bytes key = vmh_ordmap_key(&rows->map, number);
    vmh_vite_ledger_row row = {0};

    memcpy(row.account.bytes, key.data, ADDRESS);
    memcpy(&row.value, rows->rows + number * rows->row_size, sizeof row.value);
    *rest = vmh_bytes_of(key.data + ADDRESS, key.size - ADDRESS);
    return row;
}

vmh_vite_ledger_row vmh_vite_memory_ledger_storage(const vmh_vite_memory_ledger *ledger,
                                                   size_t number)
{
    vmh_bytes rest;
    vmh_vite_ledger_row row = row_of(&ledger->storage, number, &rest);

    row.key = vmh_word_from_short(rest);
    return row;
}

size_t vmh_vite_memory_ledger_balance_count(const vmh_vite_memory_ledger *ledger)
{
    return ledger->balances.map.count;
}

vmh_vite_ledger_row vmh_vite_memory_ledger_balance(const vmh_vite_memory_ledger *ledger,
                                                   size_t number)
{
    vmh_bytes rest;
    vmh_vite_ledger_row row = row_of(&ledger->balances, number, &rest);

    memcpy(row.token.bytes, rest.data, TOKEN);
    return row;
}
