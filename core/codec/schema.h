/*
 * The schema of every message (spec/host.md 2, spec/joins.md 4, 6), as data: the
 * one list from which the Lua codec, docs/formats.md and the specs derive.
 */
#ifndef VMH_CODEC_SCHEMA_H
#define VMH_CODEC_SCHEMA_H

#include "base/bytes.h"

typedef enum vmh_field_type {
    VMH_FIELD_BOOL,
    VMH_FIELD_U16, /* enums */
    VMH_FIELD_U32,
    VMH_FIELD_U64,
    VMH_FIELD_UINT256,
    VMH_FIELD_BYTES20,
    VMH_FIELD_BYTES32,
    VMH_FIELD_BYTES,
    VMH_FIELD_STRING,
    VMH_FIELD_MESSAGE,
    VMH_FIELD_MESSAGES,  /* repeated message */
    VMH_FIELD_ARGUMENTS, /* bytes that hold a packed argument array */
    VMH_FIELD_EVENTS,    /* bytes that hold a packed events array */
    VMH_FIELD_ARGUMENT,  /* the union of Argument, alone in its message */
    VMH_FIELD_UNION,
} vmh_field_type;

typedef struct vmh_schema vmh_schema;

typedef struct vmh_field {
    const char *name;
    vmh_field_type type;
    const vmh_schema *message;                 /* MESSAGE, MESSAGES */
    const struct vmh_field *alternatives;      /* UNION */
    size_t alternative_count;                  /* UNION */
    const char *(*value_name)(uint32_t value); /* enums: name of a value; else NULL */
} vmh_field;

/* Schemas nest but never contain themselves: walks over them are bounded. */
struct vmh_schema {
    const char *name;
    const vmh_field *fields;
    size_t field_count;
    size_t plain_field_count; /* the fields after these are written all or none; 0: always all */
};

/* The schema of that name, or NULL. */
const vmh_schema *vmh_schema_find(vmh_bytes name);

/* All schemas, in the order of the sheets. */
const vmh_schema *const *vmh_schema_list(size_t *count);

/* Those that C asks for by name. */
extern const vmh_schema vmh_schema_argument;
extern const vmh_schema vmh_schema_contract_state_diff;
extern const vmh_schema vmh_schema_event;
extern const vmh_schema vmh_schema_message;
extern const vmh_schema vmh_schema_transaction;
extern const vmh_schema vmh_schema_signed_transaction;
extern const vmh_schema vmh_schema_transaction_receipt;

#endif
