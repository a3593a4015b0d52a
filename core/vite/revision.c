#include "vite/revision.h"

static const vmh_vite_prices prices_a = {
    .memory_word = 3,
    .memory_divisor = 512,
    .hash_word = 6,
    .copy_word = 3,
    .exp_byte = 50,
    .log_byte = 8,
    .call_discount = 10000,
    .sstore_reset = 5000,
    .sstore_init = 20000,
    .sstore_clean = 100,
    .sstore_noop = 200,
    .sstore_memory = 200,
    .transaction = 21000,
    .transaction_byte = 68,
    .create_request = 21000,
    .create_response = 53000,
    .code_byte = 200,
    .snapshot = 200,
};

static const vmh_vite_prices prices_b = {
    .memory_word = 1,
    .memory_divisor = 1024,
    .hash_word = 1,
    .copy_word = 3,
    .exp_byte = 50,
    .log_byte = 12,
    .call_discount = 13500,
    .sstore_reset = 15000,
    .sstore_init = 15000,
    .sstore_clean = 0,
    .sstore_noop = 200,
    .sstore_memory = 200,
    .transaction = 21000,
    .transaction_byte = 68,
    .create_request = 31000,
    .create_response = 31000,
    .code_byte = 160,
    .snapshot = 40,
};

static vmh_vite_prices prices_of(uint32_t fork)
{
    vmh_vite_prices prices = fork >= VMH_VITE_FORK_DEX ? prices_b : prices_a;

    if (fork >= VMH_VITE_FORK_10) {
        prices.transaction_byte = 28;
        prices.code_byte = 16;
    }
    if (fork >= VMH_VITE_FORK_X) {
        prices.transaction_byte = 16;
        prices.sstore_reset = 7500;
        prices.sstore_init = 5000;
    }
    return prices;
}

/* The older form has the call instructions at every height. */
static bool has_opcode(const vmh_vite_opcode_info *info, uint8_t byte, uint32_t fork,
                       vmh_vite_form form, vmh_vite_mode mode)
{
    if (info->name == NULL)
        return false;
    if (mode == VMH_VITE_MODE_QUERY && byte == VMH_VITE_OP_DELEGATECALL)
        return false;
    if (form == VMH_VITE_FORM_METADATA && info->fork > VMH_VITE_FORK_SEED)
        return true;
    return fork >= info->fork;
}

vmh_vite_revision vmh_vite_revision_of(uint32_t newest_fork, vmh_vite_form form,
                                       vmh_vite_mode mode)
{
    bool x = newest_fork >= VMH_VITE_FORK_X;
    vmh_vite_revision revision = {
        .fork = newest_fork,
        .form = form,
        .mode = mode,
        .prices = prices_of(newest_fork),
        .code_limit = x ? 60557 : 24575,
        .storage_key_limit = newest_fork < VMH_VITE_FORK_EARTH ? UINT32_MAX : x ? 200 : 100,
        .creation_budget = x ? 2500000 : 1000000,
        .creation_has_degree = newest_fork >= VMH_VITE_FORK_SEED,
        .log_hash_has_place = newest_fork >= VMH_VITE_FORK_SEED,
    };

    for (unsigned byte = 0; byte < 256; byte++) {
        const vmh_vite_opcode_info *info = &vmh_vite_opcodes[byte];

        revision.has[byte] = has_opcode(info, (uint8_t)byte, newest_fork, form, mode);
        if (revision.has[byte])
            revision.quota[byte] = newest_fork >= VMH_VITE_FORK_DEX ? info->quota_b
                                                                    : info->quota_a;
    }
    return revision;
}
