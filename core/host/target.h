/*
 * What stands behind a target (spec/joins.md 1): accounts, and peers. What has no
 * name is called `@` and the 42 hex digits of its 21 bytes.
 */
#ifndef VMH_HOST_TARGET_H
#define VMH_HOST_TARGET_H

#include "host/host.h"
#include "types/target.h"

/* The account that stands behind a target here: a service's, or the address in `@` + 42 hex. */
void vmh_target_address(vmh_bytes service, vmh_address *out);

/* Whether a target is the address of a client. */
bool vmh_target_is_client(vmh_bytes service);

/* What a service of any chain is known by here; of a peer, never one of ours. */
void vmh_sender_address(const vmh_genesis *genesis, uint32_t chain, vmh_bytes service,
                        vmh_address *out);

/* The peer of that chain; NULL for the own one and for chains that nobody knows. */
const vmh_genesis_peer *vmh_find_peer(const vmh_genesis *genesis, uint32_t chain);

#endif
