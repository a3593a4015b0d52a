/*
 * Why a run of bytecode, or a block around it, fails. Data of the contract,
 * never a failure of the host; the texts are those that a node of the Vite
 * chain writes (spec/vite-vm.md 11), the last group is our own.
 */
#ifndef VMH_VITE_ERROR_H
#define VMH_VITE_ERROR_H

/* name, text */
#define VMH_VITE_ERROR_LIST(X)                                                     \
    X(NONE, "")                                                                    \
    X(STACK_UNDERFLOW, "stack underflow")                                          \
    X(STACK_LIMIT, "stack limit reached")                                          \
    X(INVALID_OPCODE, "invalid opcode")                                            \
    X(INVALID_JUMP, "invalid jump destination")                                    \
    X(OUT_OF_QUOTA, "out of quota")                                                \
    X(REVERTED, "execution reverted")                                              \
    X(MEMORY_OVERFLOW, "memory size uint64 overflow")                              \
    X(QUOTA_OVERFLOW, "gas uint64 overflow")                                       \
    X(RETURN_DATA, "vm: return data out of bounds")                                \
    X(STORAGE_KEYS, "contract storage modify count limit reached")                 \
    X(BALANCE, "insufficient balance for transfer")                                \
    X(NO_CONTRACT, "contract not exists")                                          \
    X(NO_STATUS, "no reliable status")                                             \
    X(DEPTH, "max call depth exceeded")                                            \
    X(CODE_LENGTH, "invalid code length")                                          \
    X(METHOD_PARAM, "invalid method param")                                        \
    X(LATENCY, "invalid response latency")                                         \
    X(RANDOM_DEGREE, "invalid random degree")                                      \
    X(QUOTA_RATIO, "invalid quota multiplier")                                     \
    X(ADDRESS_COLLISION, "contract address collision")                             \
    X(KIND, "transaction type not supported")                                      \
    X(INVALID_SEND, "the callback transaction references an invalid send block")   \
    X(INVALID_ORIGIN, "invalid origin send block")                                 \
    X(CALLBACK_DATA, "bad calldata of a callback, the length is less than 4")      \
    X(METADATA, "invalid metadata")                                                \
    X(CONTEXT, "cannot restore sync call execution context")                       \
    X(CALLBACK_ID, "callback id above 32 bits")                                    \
    X(MEMORY_BOUNDS, "memory out of bounds")                                       \
    X(MEMORY_LIMIT, "memory limit reached")                                        \
    X(HASH_LIMIT, "hash limit reached")                                            \
    X(REQUEST_LIMIT, "request limit reached")                                      \
    X(CONTEXT_SIZE, "execution context too large")                                 \
    X(TOO_MANY_REQUESTS, "too many requests")                                      \
    X(NOT_OUTERMOST, "not allowed in delegated code")                              \
    X(READ_ONLY, "ERROR_STATE_WRITE_IN_READONLY_CALL")                             \
    X(INVALID_ADDRESS, "invalid address")                                          \
    X(PROTECTED_KEY, "protected key")

typedef enum vmh_vite_error {
#define VMH_VITE_ERROR_ENUM(name, text) VMH_VITE_ERROR_##name,
    VMH_VITE_ERROR_LIST(VMH_VITE_ERROR_ENUM)
#undef VMH_VITE_ERROR_ENUM
} vmh_vite_error;

/* The text, empty for NONE. */
const char *vmh_vite_error_text(vmh_vite_error error);

#endif
