/* Functions of `sdk` that lie beside the list that names them, and what they share. */
#ifndef VMH_CONTRACTLUA_LIB_SDK_H
#define VMH_CONTRACTLUA_LIB_SDK_H

#include "contractlua/sdk.h"
#include "types/enums.h"

/* lib_service.c */
vmh_lua_step vmh_lua_sdk_service(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_call_service(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_call_with_value(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_await(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_await_with_value(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_send(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_send_with_value(vmh_lua_state *L, vmh_lua_frame *frame);

/* lib_amount.c */
vmh_lua_step vmh_lua_sdk_balance(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_transfer(vmh_lua_state *L, vmh_lua_frame *frame);

/* lib_await_all.c */
vmh_lua_step vmh_lua_sdk_await_all(vmh_lua_state *L, vmh_lua_frame *frame);

/* lib_crypto.c */
vmh_lua_step vmh_lua_sdk_sha256(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_keccak256(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_blake2b(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_ripemd160(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_ed25519_verify(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_secp256k1_verify(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_secp256k1_recover(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_address_of_service(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_address_of_key(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_address_text(vmh_lua_state *L, vmh_lua_frame *frame);
vmh_lua_step vmh_lua_sdk_address(vmh_lua_state *L, vmh_lua_frame *frame);

/*
 * Functions that declarations make. An event's keeps its number in the interface; a method's
 * three texts: service, name and types.
 */
extern const vmh_lua_native vmh_lua_event_native, vmh_lua_service_method;

/* A declared list of values, as texts name it. */
typedef struct vmh_lua_expected {
    const char *what;  /* "event", "method", "result" */
    vmh_bytes name;
    const vmh_argument_type *types;
    size_t count;
    const vmh_bytes *names; /* of each, empty where it has none; NULL: none has one */
    bool is_variadic;       /* the last takes zero or more */
} vmh_lua_expected;

/*
 * Values as an array in scratch. False, after raising what does not fit: return `*step`. It can
 * be many times as large as what it is made of: it is packed when that is paid.
 */
bool vmh_lua_check_values(vmh_lua_state *L, const vmh_lua_expected *expected,
                          const vmh_lua_value *values, uint32_t count, vmh_argument_array *out,
                          vmh_lua_step *step);

/*
 * What a service gave, packed and without header, as its signature says; charged by its bytes.
 * Where that lets results go, there are none. False: return `*step`; what does not fit the
 * signature is raised.
 */
bool vmh_lua_unpack_results(vmh_lua_state *L, vmh_bytes service,
                            const vmh_lua_signature *signature, vmh_bytes packed,
                            vmh_argument_array *out, vmh_lua_step *step);

/* Charges for packing or reading `size` bytes. */
bool vmh_lua_charge_packed(vmh_lua_state *L, uint64_t size);

/* Charges for packing an array of arguments or results; raises where it is too long for one. */
bool vmh_lua_pay_for_array(vmh_lua_state *L, vmh_argument_array array, vmh_lua_step *step);

/* Packs with header, in scratch; bytes of that, beforehand. */
uint64_t vmh_lua_size_with_header(vmh_argument_array array);
bool vmh_lua_pack(vmh_lua_state *L, vmh_argument_array array, vmh_bytes *packed,
                  vmh_lua_step *step);

#endif
