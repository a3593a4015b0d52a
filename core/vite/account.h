/*
 * Accounts and tokens of the Vite chain (spec/vite-vm.md 6.1, 6.2).
 *
 *     address   20 bytes, then 00 of a user or 01 of a contract
 *     token     10 bytes
 *
 * In a word both are right-aligned. A word with more bits than the address or
 * the token has names none of them and reads as all zero, as the Vite node does.
 */
#ifndef VMH_VITE_ACCOUNT_H
#define VMH_VITE_ACCOUNT_H

#include "base/status.h"
#include "base/word.h"

typedef struct vmh_vite_address {
    uint8_t bytes[21];
} vmh_vite_address;

typedef struct vmh_vite_token {
    uint8_t bytes[10];
} vmh_vite_token;

/* The token VITE, which answers carry with the amount 0. */
extern const vmh_vite_token vmh_vite_token_vite;

vmh_vite_address vmh_vite_address_of_word(const vmh_word *word);
vmh_vite_token vmh_vite_token_of_word(const vmh_word *word);
vmh_word vmh_vite_address_word(const vmh_vite_address *address);
vmh_word vmh_vite_token_word(const vmh_vite_token *token);

static inline bool vmh_vite_address_equal(const vmh_vite_address *a, const vmh_vite_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static inline bool vmh_vite_address_is_contract(const vmh_vite_address *address)
{
    return address->bytes[20] == 1;
}

/* Where a request of that sender, height and previous hash creates its contract. */
vmh_vite_address vmh_vite_address_of_contract(const vmh_vite_address *from, uint64_t height,
                                              const vmh_hash32 *previous_hash);

#define VMH_VITE_ADDRESS_TEXT_SIZE 56
#define VMH_VITE_TOKEN_TEXT_SIZE 29

/* vite_ and 50 hex digits; tti_ and 24. With terminator. */
void vmh_vite_address_text(const vmh_vite_address *address, char out[VMH_VITE_ADDRESS_TEXT_SIZE]);
void vmh_vite_token_text(const vmh_vite_token *token, char out[VMH_VITE_TOKEN_TEXT_SIZE]);

/* Read what was printed, digits of either case; VMH_E_MALFORMED names text and fault. */
vmh_status vmh_vite_address_parse(vmh_bytes text, vmh_vite_address *out, vmh_failure *why);
vmh_status vmh_vite_token_parse(vmh_bytes text, vmh_vite_token *out, vmh_failure *why);

#endif
