/* What functions of `sdk` that call other contracts have in common: see lib_service.c. */
#ifndef VMH_CONTRACTLUA_LIB_SERVICE_H
#define VMH_CONTRACTLUA_LIB_SERVICE_H

#include "contractlua/lib_sdk.h"

/* Gas that is not given. */
#define VMH_LUA_LEFT_TO_HOST UINT64_MAX

typedef struct vmh_lua_service_call vmh_lua_service_call;

/* A call that is to be made. What it holds lives in scratch. */
struct vmh_lua_service_call {
    vmh_lua_state *L;
    vmh_lua_frame *frame;
    vmh_bytes service;
    vmh_lua_signature signature;
    vmh_bytes packed; /* arguments, with header */
    bool has_value;
    vmh_bytes token;
    vmh_word amount;
    uint64_t gas, lock; /* VMH_LUA_LEFT_TO_HOST where they are not given */
    uint32_t place;     /* among those of a list, from 1 on; 0: it is in none */
    vmh_lua_step step;

    /* Takes a named field of a table that no other call has; NULL: there are none. */
    bool (*take_more)(vmh_lua_service_call *of, vmh_bytes name, vmh_lua_value value);
};

/* Each is false where the function is over: return `step`. */
bool vmh_lua_service_begin(vmh_lua_service_call *of, vmh_lua_state *L, vmh_lua_frame *frame);

/* A string: a number is not taken for one, as the other libraries do. */
bool vmh_lua_service_text(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t index,
                          vmh_lua_string **out, vmh_lua_step *step);

/* Refuses arguments behind that many. */
bool vmh_lua_service_no_more(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t most,
                             vmh_lua_step *step);

/* Takes service, signature and arguments, from `index` on. */
bool vmh_lua_service_take(vmh_lua_service_call *of, uint32_t index);

/* Takes a call as a table, the first argument: { service, signature, arguments..., gas = }. */
bool vmh_lua_service_take_table(vmh_lua_service_call *of);

/* Takes that table as a call, of a list where it has a place: then without a lock. */
bool vmh_lua_service_take_call(vmh_lua_service_call *of, const vmh_lua_table *call);

/* Takes the value of a field that is gas. */
bool vmh_lua_service_take_gas(vmh_lua_service_call *of, vmh_bytes name, vmh_lua_value value,
                              uint64_t *out);

/* Refuses the value of a field: says what it `is`, and what was given. */
bool vmh_lua_service_bad_field(vmh_lua_service_call *of, vmh_bytes name, const char *is,
                               vmh_lua_value value);

/* Refuses a field for its name, which there is not. */
bool vmh_lua_service_no_field(vmh_lua_service_call *of, vmh_bytes name);

/* An amount at `index`; a token, or the chain's where that is nil. */
bool vmh_lua_service_take_amount(vmh_lua_service_call *of, uint32_t index);
bool vmh_lua_service_take_token(vmh_lua_service_call *of, uint32_t index);

/* Takes types, "(uint64, string)", and values of them, as if they were a method's arguments. */
bool vmh_lua_service_take_values(vmh_lua_service_call *of, const char *name);

/* Sdk.Service.callMethod; the packed results, with header. */
bool vmh_lua_service_call_method(vmh_lua_service_call *of, vmh_bytes service, vmh_bytes method,
                                 vmh_bytes packed, vmh_bytes *results);

/* The amount as an argument, in scratch. */
bool vmh_lua_service_amount(vmh_lua_service_call *of, vmh_argument *out);

#endif
