/*
 * Methods of bytecode that are named by an ABI signature (spec/joins.md 2):
 * packed arguments to call data, output to packed results.
 *
 *     add(uint256,uint256)(uint256)   a result part: the output is converted
 *     add(uint256,uint256)            none: the output is one argument of bytes
 */
#ifndef VMH_VITE_ABI_CALL_H
#define VMH_VITE_ABI_CALL_H

#include "codec/abi_type.h"
#include "vite/service_world.h"

/* Reads the running method's name; `*valid` is false where it is no signature. */
vmh_status vmh_vite_abi_call_open(const vmh_vite_service_world *world,
                                  vmh_abi_signature *signature, bool *valid, vmh_failure *why);

/*
 * Makes the call data of the run's arguments, in the arena. `refusal`, else
 * empty, says why there are none: arguments of another number, type or range,
 * or a type that no argument carries. `world->trouble` may be set by look-ups of
 * addresses.
 */
vmh_status vmh_vite_abi_call_data(vmh_vite_service_world *world,
                                  const vmh_abi_signature *signature, vmh_bytes *data,
                                  vmh_bytes *refusal, vmh_failure *why);

/* Makes packed results of the output; `refusal`, else empty, says why there are none. */
vmh_status vmh_vite_abi_call_results(const vmh_vite_service_world *world,
                                     const vmh_abi_signature *signature, vmh_bytes output,
                                     vmh_bytes *packed, vmh_bytes *refusal, vmh_failure *why);

#endif
