#include "codec/schema.h"

#include "types/enums.h"

/*
 * A row is FIELD(name, type), ENUM(name, names of its values),
 * NESTED(name, one message or MESSAGES, schema) or UNION(name, alternatives).
 */
#define FIELD(name_, type_) {.name = name_, .type = VMH_FIELD_##type_}
#define ENUM(name_, values) {.name = name_, .type = VMH_FIELD_U16, .value_name = values}
#define NESTED(name_, type_, schema) \
    {.name = name_, .type = VMH_FIELD_##type_, .message = &vmh_schema_##schema}
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define UNION(name_, rows) \
    {.name = name_, .type = VMH_FIELD_UNION, .alternatives = rows, .alternative_count = COUNT(rows)}

#define SCHEMA_RECORD(name_, rows) {.name = name_, .fields = rows, .field_count = COUNT(rows)}
#define SCHEMA(ident, name_, rows) \
    static const vmh_schema vmh_schema_##ident = SCHEMA_RECORD(name_, rows)
/* One that schema.h declares. */
#define PUBLIC_SCHEMA(ident, name_, rows) \
    const vmh_schema vmh_schema_##ident = SCHEMA_RECORD(name_, rows)

/* The client protocol, spec/host.md 2. */

static const vmh_field argument_fields[] = {FIELD("value", ARGUMENT)};
PUBLIC_SCHEMA(argument, "Argument", argument_fields);

/* The one field's own length is the header that the packed form lacks. */
static const vmh_field argument_array_fields[] = {FIELD("arguments", ARGUMENTS)};
SCHEMA(argument_array, "ArgumentArray", argument_array_fields);

static const vmh_field state_record_fields[] = {
    FIELD("key", BYTES),
    FIELD("value", BYTES),
};
SCHEMA(state_record, "StateRecord", state_record_fields);

static const vmh_field contract_state_diff_fields[] = {
    FIELD("contract_name", STRING),
    NESTED("state_diffs", MESSAGES, state_record),
};
PUBLIC_SCHEMA(contract_state_diff, "ContractStateDiff", contract_state_diff_fields);

static const vmh_field event_fields[] = {
    FIELD("contract_name", STRING),
    FIELD("event_name", STRING),
    FIELD("output_argument_array", ARGUMENTS),
};
PUBLIC_SCHEMA(event, "Event", event_fields);

static const vmh_field events_array_fields[] = {FIELD("events", EVENTS)};
SCHEMA(events_array, "EventsArray", events_array_fields);

static const vmh_field eddsa_signer_fields[] = {
    ENUM("network_type", vmh_network_type_name),
    FIELD("signer_public_key", BYTES),
};
SCHEMA(eddsa_signer, "EdDSA01Signer", eddsa_signer_fields);

static const vmh_field smart_contract_caller_fields[] = {FIELD("contract_name", STRING)};
SCHEMA(smart_contract_caller, "SmartContractCaller", smart_contract_caller_fields);

static const vmh_field signer_alternatives[] = {
    NESTED("eddsa", MESSAGE, eddsa_signer),
    NESTED("smart_contract_caller", MESSAGE, smart_contract_caller),
};
static const vmh_field signer_fields[] = {UNION("scheme", signer_alternatives)};
SCHEMA(signer, "Signer", signer_fields);

static const vmh_field transaction_fields[] = {
    FIELD("protocol_version", U32),
    FIELD("virtual_chain_id", U32),
    FIELD("timestamp", U64),
    NESTED("signer", MESSAGE, signer),
    FIELD("contract_name", STRING),
    FIELD("method_name", STRING),
    FIELD("input_argument_array", ARGUMENTS),
};
PUBLIC_SCHEMA(transaction, "Transaction", transaction_fields);
SCHEMA(query, "Query", transaction_fields);

static const vmh_field signed_transaction_fields[] = {
    NESTED("transaction", MESSAGE, transaction),
    FIELD("signature", BYTES),
};
PUBLIC_SCHEMA(signed_transaction, "SignedTransaction", signed_transaction_fields);

static const vmh_field signed_query_fields[] = {
    NESTED("query", MESSAGE, query),
    FIELD("signature", BYTES),
};
SCHEMA(signed_query, "SignedQuery", signed_query_fields);

static const vmh_field log_fields[] = {
    FIELD("address", BYTES20),
    FIELD("topics", BYTES),
    FIELD("data", BYTES),
};
SCHEMA(log, "Log", log_fields);

enum { RECEIPT_PLAIN_FIELDS = 4 };

/* What follows the fourth field is spec/joins.md 6. */
static const vmh_field transaction_receipt_fields[] = {
    FIELD("txhash", BYTES),
    ENUM("execution_result", vmh_execution_result_name),
    FIELD("output_argument_array", ARGUMENTS),
    FIELD("output_events_array", EVENTS),
    FIELD("code", U32),
    FIELD("gas_used", U64),
    FIELD("message_id", BYTES32),
    FIELD("root", BYTES32),
    FIELD("parent", BYTES),
    FIELD("suspended", BOOL),
    NESTED("logs", MESSAGES, log),
};
const vmh_schema vmh_schema_transaction_receipt = {
    .name = "TransactionReceipt",
    .fields = transaction_receipt_fields,
    .field_count = COUNT(transaction_receipt_fields),
    .plain_field_count = RECEIPT_PLAIN_FIELDS,
};

static const vmh_field query_result_fields[] = {
    ENUM("execution_result", vmh_execution_result_name),
    FIELD("output_argument_array", ARGUMENTS),
    FIELD("output_events_array", EVENTS),
};
SCHEMA(query_result, "QueryResult", query_result_fields);

static const vmh_field request_result_fields[] = {
    ENUM("request_status", vmh_request_status_name),
    FIELD("block_height", U64),
    FIELD("block_timestamp", U64),
};
SCHEMA(request_result, "RequestResult", request_result_fields);

static const vmh_field transaction_ref_fields[] = {
    FIELD("protocol_version", U32),
    FIELD("virtual_chain_id", U32),
    FIELD("transaction_timestamp", U64),
    FIELD("txhash", BYTES),
};
SCHEMA(transaction_ref, "TransactionRef", transaction_ref_fields);

/* Blocks and proofs, spec/host.md 2. */

static const vmh_field transactions_block_header_fields[] = {
    FIELD("protocol_version", U32),
    FIELD("virtual_chain_id", U32),
    FIELD("block_height", U64),
    FIELD("prev_block_hash_ptr", BYTES),
    FIELD("timestamp", U64),
    FIELD("transactions_merkle_root_hash", BYTES),
    FIELD("metadata_hash", BYTES),
    FIELD("num_signed_transactions", U32),
    FIELD("block_proposer_address", BYTES),
    FIELD("reference_time", U32),
};
SCHEMA(transactions_block_header, "TransactionsBlockHeader", transactions_block_header_fields);

static const vmh_schema vmh_schema_transactions_block_metadata = {
    .name = "TransactionsBlockMetadata", /* without fields: zero bytes */
};

static const vmh_field results_block_header_fields[] = {
    FIELD("protocol_version", U32),
    FIELD("virtual_chain_id", U32),
    FIELD("block_height", U64),
    FIELD("prev_block_hash_ptr", BYTES),
    FIELD("timestamp", U64),
    FIELD("receipts_merkle_root_hash", BYTES),
    FIELD("state_diff_hash", BYTES),
    FIELD("transactions_block_hash_ptr", BYTES),
    FIELD("pre_execution_state_merkle_root_hash", BYTES),
    FIELD("num_transaction_receipts", U32),
    FIELD("num_contract_state_diffs", U32),
    FIELD("block_proposer_address", BYTES),
    FIELD("reference_time", U32),
};
SCHEMA(results_block_header, "ResultsBlockHeader", results_block_header_fields);

/* The host signs nothing into a consensus proof and looks into none: bytes. */
static const vmh_field block_proof_alternatives[] = {
    FIELD("benchmark_consensus", BYTES),
    FIELD("lean_helix", BYTES),
};
static const vmh_field transactions_block_proof_fields[] = {
    FIELD("results_block_hash", BYTES),
    UNION("type", block_proof_alternatives),
};
SCHEMA(transactions_block_proof, "TransactionsBlockProof", transactions_block_proof_fields);

static const vmh_field results_block_proof_fields[] = {
    FIELD("transactions_block_hash", BYTES),
    UNION("type", block_proof_alternatives),
};
SCHEMA(results_block_proof, "ResultsBlockProof", results_block_proof_fields);

static const vmh_field receipt_proof_fields[] = {
    NESTED("header", MESSAGE, results_block_header),
    NESTED("block_proof", MESSAGE, results_block_proof),
    FIELD("receipt_proof", BYTES),
};
SCHEMA(receipt_proof, "ReceiptProof", receipt_proof_fields);

/* Requests and responses, spec/host.md 2. */

static const vmh_field send_transaction_request_fields[] = {
    NESTED("signed_transaction", MESSAGE, signed_transaction),
};
SCHEMA(send_transaction_request, "SendTransactionRequest", send_transaction_request_fields);

static const vmh_field run_query_request_fields[] = {
    NESTED("signed_query", MESSAGE, signed_query),
};
SCHEMA(run_query_request, "RunQueryRequest", run_query_request_fields);

static const vmh_field get_transaction_status_request_fields[] = {
    NESTED("transaction_ref", MESSAGE, transaction_ref),
};
SCHEMA(get_transaction_status_request, "GetTransactionStatusRequest",
       get_transaction_status_request_fields);
SCHEMA(get_transaction_receipt_proof_request, "GetTransactionReceiptProofRequest",
       get_transaction_status_request_fields);

static const vmh_field get_block_request_fields[] = {
    FIELD("protocol_version", U32),
    FIELD("virtual_chain_id", U32),
    FIELD("block_height", U64),
};
SCHEMA(get_block_request, "GetBlockRequest", get_block_request_fields);

static const vmh_field send_transaction_response_fields[] = {
    NESTED("request_result", MESSAGE, request_result),
    ENUM("transaction_status", vmh_transaction_status_name),
    NESTED("transaction_receipt", MESSAGE, transaction_receipt),
};
SCHEMA(send_transaction_response, "SendTransactionResponse", send_transaction_response_fields);
SCHEMA(get_transaction_status_response, "GetTransactionStatusResponse",
       send_transaction_response_fields);

static const vmh_field run_query_response_fields[] = {
    NESTED("request_result", MESSAGE, request_result),
    NESTED("query_result", MESSAGE, query_result),
};
SCHEMA(run_query_response, "RunQueryResponse", run_query_response_fields);

static const vmh_field get_transaction_receipt_proof_response_fields[] = {
    NESTED("request_result", MESSAGE, request_result),
    ENUM("transaction_status", vmh_transaction_status_name),
    NESTED("transaction_receipt", MESSAGE, transaction_receipt),
    FIELD("packed_proof", BYTES),
};
SCHEMA(get_transaction_receipt_proof_response, "GetTransactionReceiptProofResponse",
       get_transaction_receipt_proof_response_fields);

static const vmh_field get_block_response_fields[] = {
    NESTED("request_result", MESSAGE, request_result),
    NESTED("transactions_block_header", MESSAGE, transactions_block_header),
    NESTED("transactions_block_metadata", MESSAGE, transactions_block_metadata),
    NESTED("signed_transactions", MESSAGES, signed_transaction),
    NESTED("transactions_block_proof", MESSAGE, transactions_block_proof),
    NESTED("results_block_header", MESSAGE, results_block_header),
    NESTED("transaction_receipts", MESSAGES, transaction_receipt),
    NESTED("contract_state_diffs", MESSAGES, contract_state_diff),
    NESTED("results_block_proof", MESSAGE, results_block_proof),
};
SCHEMA(get_block_response, "GetBlockResponse", get_block_response_fields);

/* Messages between services, spec/joins.md 4. */

static const vmh_field message_fields[] = {
    FIELD("version", U32),
    FIELD("from_chain", U32),
    FIELD("from_service", STRING),
    FIELD("to_chain", U32),
    FIELD("to_service", STRING),
    FIELD("sequence", U64),
    FIELD("kind", U16),
    FIELD("root", BYTES32),
    FIELD("parent", BYTES32),
    FIELD("signer", BYTES20),
    FIELD("method", STRING),
    FIELD("input", BYTES),
    FIELD("token", BYTES),
    FIELD("amount", UINT256),
    FIELD("gas", U64),
    FIELD("answered_id", BYTES),
    FIELD("context_id", BYTES),
    FIELD("code", U32),
};
PUBLIC_SCHEMA(message, "Message", message_fields);

static const vmh_schema *const schemas[] = {
    &vmh_schema_argument,
    &vmh_schema_argument_array,
    &vmh_schema_state_record,
    &vmh_schema_contract_state_diff,
    &vmh_schema_event,
    &vmh_schema_events_array,
    &vmh_schema_eddsa_signer,
    &vmh_schema_smart_contract_caller,
    &vmh_schema_signer,
    &vmh_schema_transaction,
    &vmh_schema_query,
    &vmh_schema_signed_transaction,
    &vmh_schema_signed_query,
    &vmh_schema_log,
    &vmh_schema_transaction_receipt,
    &vmh_schema_query_result,
    &vmh_schema_request_result,
    &vmh_schema_transaction_ref,
    &vmh_schema_send_transaction_request,
    &vmh_schema_run_query_request,
    &vmh_schema_send_transaction_response,
    &vmh_schema_get_transaction_status_response,
    &vmh_schema_run_query_response,
    &vmh_schema_get_transaction_status_request,
    &vmh_schema_get_transaction_receipt_proof_request,
    &vmh_schema_get_transaction_receipt_proof_response,
    &vmh_schema_get_block_request,
    &vmh_schema_get_block_response,
    &vmh_schema_transactions_block_header,
    &vmh_schema_transactions_block_metadata,
    &vmh_schema_results_block_header,
    &vmh_schema_transactions_block_proof,
    &vmh_schema_results_block_proof,
    &vmh_schema_receipt_proof,
    &vmh_schema_message,
};

const vmh_schema *vmh_schema_find(vmh_bytes name)
{
    for (size_t i = 0; i < COUNT(schemas); i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(schemas[i]->name)))
            return schemas[i];
    }
    return NULL;
}

const vmh_schema *const *vmh_schema_list(size_t *count)
{
    *count = COUNT(schemas);
    return schemas;
}
