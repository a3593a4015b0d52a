/*
 * A ledger in memory: accounts of the Vite chain without a chain around them,
 * for the conformance command and for trying contracts out. Nothing is ever
 * taken out of it; it lives as long as one scenario.
 */
#ifndef VMH_VITE_MEMORY_LEDGER_H
#define VMH_VITE_MEMORY_LEDGER_H

#include "base/ordmap.h"
#include "vite/account_chain.h"

typedef struct vmh_vite_memory_ledger vmh_vite_memory_ledger;

/* What every run sees of the world beyond the accounts. */
typedef struct vmh_vite_surroundings {
    vmh_vite_place host;   /* the block that the next response will be: CALL2 asks */
    uint64_t seed;
    bool has_status;       /* a snapshot block is known: an unknown contract is surely absent */
    bool knows_all;        /* every contract counts as known, of ratio 10 */
} vmh_vite_surroundings;

vmh_status vmh_vite_memory_ledger_new(vmh_vite_memory_ledger **out, vmh_failure *why);
void vmh_vite_memory_ledger_free(vmh_vite_memory_ledger *ledger);

/* The ledger as others see it; borrowed. */
vmh_vite_ledger *vmh_vite_memory_ledger_port(vmh_vite_memory_ledger *ledger);

/* To be set by the caller before each run. */
vmh_vite_surroundings *vmh_vite_memory_ledger_surroundings(vmh_vite_memory_ledger *ledger);

vmh_status vmh_vite_memory_ledger_set_balance(vmh_vite_memory_ledger *ledger,
                                              const vmh_vite_address *account,
                                              const vmh_vite_token *token,
                                              const vmh_word *amount, vmh_failure *why);

/* Height and hash of the account's last block; zero at first. */
vmh_vite_place vmh_vite_memory_ledger_place(const vmh_vite_memory_ledger *ledger,
                                            const vmh_vite_address *account);
vmh_status vmh_vite_memory_ledger_set_place(vmh_vite_memory_ledger *ledger,
                                            const vmh_vite_address *account,
                                            const vmh_vite_place *place, vmh_failure *why);

/* A request that was sent, with its depth; data is copied. */
vmh_status vmh_vite_memory_ledger_put_request(vmh_vite_memory_ledger *ledger,
                                              const vmh_vite_request *request, uint32_t depth,
                                              vmh_failure *why);

/* False where no request has that hash. */
bool vmh_vite_memory_ledger_find_request(const vmh_vite_memory_ledger *ledger,
                                         const vmh_hash32 *hash, vmh_vite_request *request,
                                         uint32_t *depth);

/* A row of one of the tables, in the order of first writing. */
typedef struct vmh_vite_ledger_row {
    vmh_vite_address account;
    vmh_word key;         /* of storage */
    vmh_vite_token token; /* of balances */
    vmh_word value;
} vmh_vite_ledger_row;

size_t vmh_vite_memory_ledger_storage_count(const vmh_vite_memory_ledger *ledger);
vmh_vite_ledger_row vmh_vite_memory_ledger_storage(const vmh_vite_memory_ledger *ledger,
                                                   size_t number);
size_t vmh_vite_memory_ledger_balance_count(const vmh_vite_memory_ledger *ledger);
vmh_vite_ledger_row vmh_vite_memory_ledger_balance(const vmh_vite_memory_ledger *ledger,
                                                   size_t number);

#endif
