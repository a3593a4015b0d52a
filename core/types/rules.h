/*
 * A rule set: every point in which the two ways of deciding bytes differ.
 *
 * A genesis names one. It is looked up once, when a host or a store opens; code
 * asks a field of the record it was given and never compares names.
 */
#ifndef VMH_TYPES_RULES_H
#define VMH_TYPES_RULES_H

#include "base/bytes.h"

/* How bytecode runs (core/vite). False is what the node of the Vite chain does. */
typedef struct vmh_vite_rules {
    bool synccall_ends_run;         /* as STOP would; else the next instruction runs */
    bool failed_frame_loses_credits; /* SSTORE credits of a failed frame are taken back */
    bool messages_are_charged;      /* SYNCCALL as CALL, contexts, answers, their memory */
    bool resume_checks_stack;       /* a resume onto more than 1,024 items fails */
    bool outermost_frame_speaks;    /* delegated code neither answers, suspends nor resumes */
    bool queries_refuse_writes;     /* in a query a write fails; else it does nothing */
    bool memory_is_limited;         /* the genesis limit binds, over all frames of a run */
    bool out_of_quota_ends_run;     /* from any frame; else delegated code fails alone */
} vmh_vite_rules;

typedef struct vmh_rules {
    const char *name;
    bool trie_path_names_length;    /* path = SHA-256(name length, name, key) */
    bool failed_call_is_undone;     /* a nested call that fails leaves nothing */
    bool events_are_limited;        /* the genesis limit of events binds */
    bool write_refusal_names_error; /* ERROR_STATE_WRITE_IN_READONLY_CALL in the text */
    bool access_is_declared;        /* a write method is refused in a read-only context */
    bool deployments_index_address; /* _Deployments keeps Address_<hex> -> name */
    bool receipts_are_extended;     /* code, gas, ids and logs after the fourth field */
    bool client_messages_are_canonical; /* a message whose re-encoding differs is refused */
    bool go_type_names;             /* argument types in texts as the Orbs node prints them */
    vmh_vite_rules vite;
} vmh_rules;

extern const vmh_rules vmh_rules_vmhost_1;
extern const vmh_rules vmh_rules_reference;

/* The rule set of that name, or NULL. */
const vmh_rules *vmh_rules_find(vmh_bytes name);

#endif
