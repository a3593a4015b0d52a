#include "types/rules.h"

const vmh_rules vmh_rules_vmhost_1 = {
    .name = "vmhost-1",
    .trie_path_names_length = true,
    .failed_call_is_undone = true,
    .events_are_limited = true,
    .write_refusal_names_error = true,
    .access_is_declared = true,
    .deployments_index_address = true,
    .receipts_are_extended = true,
    .client_messages_are_canonical = true,
    .go_type_names = false,
    .vite = {
        .synccall_ends_run = true,
        .failed_frame_loses_credits = true,
        .messages_are_charged = true,
        .resume_checks_stack = true,
        .outermost_frame_speaks = true,
        .queries_refuse_writes = true,
        .memory_is_limited = true,
        .out_of_quota_ends_run = true,
    },
};

const vmh_rules vmh_rules_reference = {
    .name = "reference",
    .go_type_names = true,
};

const vmh_rules *vmh_rules_find(vmh_bytes name)
{
    static const vmh_rules *const known[] = {&vmh_rules_vmhost_1, &vmh_rules_reference};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(known[i]->name)))
            return known[i];
    }
    return NULL;
}
