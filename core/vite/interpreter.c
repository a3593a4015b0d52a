/*
 * The loop of the machine. Each decoded instruction holds the address of its
 * body, so that a body ends with a jump to the next one; stack pointer, quota
 * and position are locals.
 *
 * There are two roads through code. The usual one takes decoded instructions,
 * checked and charged by the block. Where a block could fail, `careful` takes
 * one instruction at a time from the code itself, checks it as section 1 of
 * spec/vite-vm.md orders, and runs the same body from a pair of instructions
 * the second of which leads back to `careful`; at the begin of a block it
 * returns to decoded ones. So every error is found where it happens, with the
 * quota that is left there.
 */
/*
 * Words are moved limb by limb (move_word): a vector loaded where limbs were
 * stored one by one waits for all of them to reach the cache. So the compiler
 * must not join limbs either.
 */
#pragma GCC optimize("no-tree-slp-vectorize", "no-gcse", "no-crossjumping")

#include "vite/frame.h"
#include "vite/ops_arith.h"
#include "vite/ops_env.h"
#include "vite/ops_memory.h"

#define UNLIKELY(condition) __builtin_expect((condition) != 0, 0)

/* The checks that a block makes at once, for one instruction. */
static vmh_vite_error check_instruction(const vmh_vite_frame *frame, uint8_t opcode,
                                        ptrdiff_t height, int64_t *left)
{
    const vmh_vite_revision *revision = frame->run->revision;
    const vmh_vite_opcode_info *info = &vmh_vite_opcodes[opcode];

    if (!revision->has[opcode])
        return VMH_VITE_ERROR_INVALID_OPCODE;
    if (height < info->pops)
        return VMH_VITE_ERROR_STACK_UNDERFLOW;
    if (height + info->pushes - info->pops > VMH_VITE_STACK_LIMIT)
        return VMH_VITE_ERROR_STACK_LIMIT;
    return charge(left, revision->quota[opcode]);
}

/*
 * A reach into memory that has no price is found before the quota falls short,
 * also of instructions that cost something without it.
 */
static vmh_vite_error check_reach(const vmh_word *top, uint32_t what)
{
    static const vmh_word byte = {{1}}, word = {{32}};

    switch (what) {
    case VMH_VITE_OP_MLOAD:
    case VMH_VITE_OP_MSTORE:
        return vmh_vite_memory_check(&top[0], &word);
    case VMH_VITE_OP_MSTORE8:
        return vmh_vite_memory_check(&top[0], &byte);
    case VMH_VITE_OP_CALLDATACOPY:
    case VMH_VITE_OP_CODECOPY:
    case VMH_VITE_OP_RETURNDATACOPY:
        return vmh_vite_memory_check(&top[0], &top[-2]);
    case VMH_VITE_OP_SHA3:
    case VMH_VITE_OP_BLAKE2B:
    case VMH_VITE_OP_LOG0:
    case VMH_VITE_OP_LOG1:
    case VMH_VITE_OP_LOG2:
    case VMH_VITE_OP_LOG3:
    case VMH_VITE_OP_LOG4:
        return vmh_vite_memory_check(&top[0], &top[-1]);
    default:
        return VMH_VITE_ERROR_NONE;
    }
}

/* Errors met while the price is worked out: the instruction is not charged. */
static bool comes_before_charge(vmh_vite_error error)
{
    switch (error) {
    case VMH_VITE_ERROR_INVALID_OPCODE:
    case VMH_VITE_ERROR_MEMORY_OVERFLOW:
    case VMH_VITE_ERROR_QUOTA_OVERFLOW:
    case VMH_VITE_ERROR_MEMORY_LIMIT:
    case VMH_VITE_ERROR_NO_CONTRACT:
    case VMH_VITE_ERROR_NO_STATUS:
    case VMH_VITE_ERROR_INVALID_ADDRESS:
        return true;
    default:
        return false;
    }
}

/* The instruction that a jump leads to; NULL where that is no destination. */
static inline const vmh_vite_instruction *destination(const vmh_vite_analysis *analysis,
                                                      const vmh_word *to)
{
    uint32_t entry;

    if (!vmh_word_fits_u64(to) || to->limb[0] >= analysis->code_size)
        return NULL;
    entry = analysis->entries[to->limb[0]];
    if (entry == 0 || (entry & VMH_VITE_ENTRY_NOT_A_DESTINATION) != 0)
        return NULL;
    return &analysis->instructions[entry - 1];
}

/* Whether the stack has what a block needs, and room above it. */
static inline bool fits_block(uint64_t operand, const vmh_word *top, const vmh_word *stack)
{
    ptrdiff_t height = (const char *)top - (const char *)stack;

    return (uint64_t)(height - VMH_VITE_BLOCK_NEED(operand)) <= VMH_VITE_BLOCK_ROOM(operand);
}

/* A jump over GNU C's labels as values: a table in C would cost a range check. */
#define GO(to)                      \
    do {                            \
        instruction = (to);         \
        goto *instruction->label;   \
    } while (0)
#define NEXT GO(instruction + 1)

/*
 * Checks and charges the block that begins at `to` and goes on behind its begin,
 * where GO would take a jump more, to do_block.
 */
#define ENTER(to)                                                                   \
    do {                                                                            \
        instruction = (to);                                                         \
        left -= VMH_VITE_BLOCK_QUOTA(instruction->operand);                         \
        if (UNLIKELY(left < 0 || !fits_block(instruction->operand, top, stack)))    \
            goto block_refused;                                                     \
        NEXT;                                                                       \
    } while (0)
#define TARGET ((const vmh_vite_instruction *)(uintptr_t)instruction->operand)

/* Hands the quota on by a copy, so that the loop's own can stay in a register. */
#define TRY(call)                                   \
    do {                                            \
        int64_t quota_now = left;                   \
                                                    \
        error = (call);                             \
        left = quota_now;                           \
        if (UNLIKELY(error != VMH_VITE_ERROR_NONE)) \
            goto failed;                            \
    } while (0)

/* op_name works on the operands; the result lies `drop` items below the top. */
#define PLAIN(NAME, body, drop) \
    op_##NAME:                  \
    body(top);                  \
    top -= (drop);              \
    NEXT;

static inline void move_word(vmh_word *to, const vmh_word *from)
{
    uint64_t l0 = from->limb[0], l1 = from->limb[1], l2 = from->limb[2], l3 = from->limb[3];

    *to = (vmh_word){{l0, l1, l2, l3}};
}

static inline void swap_words(vmh_word *a, vmh_word *b)
{
    uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3];

    move_word(a, b);
    *b = (vmh_word){{a0, a1, a2, a3}};
}

#define PUSH(NAME, word)     \
    op_##NAME:               \
    *++top = (word);         \
    NEXT;

#define DUP(number)                         \
    op_DUP##number:                         \
    move_word(&top[1], &top[1 - (number)]); \
    top++;                                  \
    NEXT;

#define SWAP(number)                  \
    op_SWAP##number:                  \
    swap_words(top, &top[-(number)]); \
    NEXT;

/* PUSH and an operation on what is then second, and on the top. */
#define WITH_NUMBER(label, body)                \
    label:                                      \
    body(top, instruction->operand);            \
    NEXT;

/* DUP and an operation on the copy and what was the top. */
#define WITH_ITEM(label, body)                            \
    label:                                                \
    body(&top[1 - (ptrdiff_t)instruction->operand], top); \
    NEXT;

/* Compares an item with the top, which goes, and jumps or not. */
#define JUMP_WHERE(label, condition)                                                    \
    label: {                                                                            \
        const vmh_word *item = &top[1 - VMH_VITE_JUMP_ITEM(instruction->operand)];      \
        const vmh_word *value = top--;                                                  \
                                                                                        \
        if (condition)                                                                  \
            ENTER(base + VMH_VITE_JUMP_NUMBER(instruction->operand));                   \
        ENTER(instruction + 1);                                                         \
    }

#define LOG(number)                                             \
    op_LOG##number:                                             \
    TRY(vmh_vite_do_log(frame, top, (number), &quota_now));     \
    top -= 2 + (number);                                        \
    NEXT;

vmh_vite_error vmh_vite_interpret(vmh_vite_frame *frame, int64_t *quota,
                                  const void *const **labels_out)
{
    static const void *const labels[VMH_VITE_DO_COUNT] = {
#define X(byte, name, pops, pushes, quota_a, quota_b, fork) [byte] = (const void *)&&op_##name,
#include "vite/opcodes.def"
#undef X
        [VMH_VITE_DO_BLOCK] = (const void *)&&do_block,
        [VMH_VITE_DO_INVALID] = (const void *)&&do_invalid,
        [VMH_VITE_DO_CAREFUL] = (const void *)&&careful,
        [VMH_VITE_DO_PUSH_WORD] = (const void *)&&do_push_word,
        [VMH_VITE_DO_PUSH_ZERO] = (const void *)&&do_push_zero,
        [VMH_VITE_DO_SKIP] = (const void *)&&do_skip,
        [VMH_VITE_DO_SKIP_PUSH_ZERO] = (const void *)&&do_skip_push_zero,
        [VMH_VITE_DO_SKIP_STOP] = (const void *)&&op_STOP,
        [VMH_VITE_DO_REFUSE] = (const void *)&&do_refuse,
        [VMH_VITE_DO_PUSH_ADD] = (const void *)&&do_push_add,
        [VMH_VITE_DO_PUSH_MUL] = (const void *)&&do_push_mul,
        [VMH_VITE_DO_PUSH_SUB] = (const void *)&&do_push_sub,
        [VMH_VITE_DO_PUSH_SUB_REVERSED] = (const void *)&&do_push_sub_reversed,
        [VMH_VITE_DO_PUSH_AND] = (const void *)&&do_push_and,
        [VMH_VITE_DO_PUSH_EQ] = (const void *)&&do_push_eq,
        [VMH_VITE_DO_PUSH_LT] = (const void *)&&do_push_lt,
        [VMH_VITE_DO_PUSH_GT] = (const void *)&&do_push_gt,
        [VMH_VITE_DO_PUSH_SHL] = (const void *)&&do_push_shl,
        [VMH_VITE_DO_PUSH_SHR] = (const void *)&&do_push_shr,
        [VMH_VITE_DO_PUSH_MLOAD] = (const void *)&&do_push_mload,
        [VMH_VITE_DO_PUSH_MSTORE] = (const void *)&&do_push_mstore,
        [VMH_VITE_DO_DUP_ADD] = (const void *)&&do_dup_add,
        [VMH_VITE_DO_DUP_MUL] = (const void *)&&do_dup_mul,
        [VMH_VITE_DO_DUP_SUB] = (const void *)&&do_dup_sub,
        [VMH_VITE_DO_DUP_AND] = (const void *)&&do_dup_and,
        [VMH_VITE_DO_DUP_EQ] = (const void *)&&do_dup_eq,
        [VMH_VITE_DO_DUP_LT] = (const void *)&&do_dup_lt,
        [VMH_VITE_DO_DUP_GT] = (const void *)&&do_dup_gt,
        [VMH_VITE_DO_SUB_REVERSED] = (const void *)&&do_sub_reversed,
        [VMH_VITE_DO_SWAP_POP] = (const void *)&&do_swap_pop,
        [VMH_VITE_DO_JUMP_TO] = (const void *)&&do_jump_to,
        [VMH_VITE_DO_JUMP_IF_TO] = (const void *)&&do_jump_if_to,
        [VMH_VITE_DO_JUMP_UNLESS_TO] = (const void *)&&do_jump_unless_to,
        [VMH_VITE_DO_JUMP_IF_LT] = (const void *)&&do_jump_if_lt,
        [VMH_VITE_DO_JUMP_UNLESS_LT] = (const void *)&&do_jump_unless_lt,
        [VMH_VITE_DO_JUMP_IF_GT] = (const void *)&&do_jump_if_gt,
        [VMH_VITE_DO_JUMP_UNLESS_GT] = (const void *)&&do_jump_unless_gt,
    };
    const vmh_vite_analysis *analysis;
    const vmh_vite_run *run;
    const vmh_vite_instruction *instruction, *base;
    vmh_vite_instruction step[2]; /* for careful: what it does, and the way back */
    vmh_word *top, *stack;
    vmh_word wide;
    vmh_vite_error error;
    int64_t left;
    size_t at = 0, done_at = 0; /* for careful: the next position, and the one being done */

    if (frame == NULL) {
        *labels_out = labels;
        return VMH_VITE_ERROR_NONE;
    }
    run = frame->run;
    analysis = frame->analysis;
    base = analysis->instructions;
    top = stack = frame->stack;
    left = *quota;
    step[1] = (vmh_vite_instruction){labels[VMH_VITE_DO_CAREFUL], 0};
    GO(base);

do_block:
    ENTER(instruction);
block_refused:
    left += VMH_VITE_BLOCK_QUOTA(instruction->operand);
    at = analysis->positions[instruction - base];
    goto careful_first;

    PLAIN(ADD, op_add, 1)
    PLAIN(MUL, op_mul, 1)
    PLAIN(SUB, op_sub, 1)
    PLAIN(DIV, op_div, 1)
    PLAIN(SDIV, op_sdiv, 1)
    PLAIN(MOD, op_mod, 1)
    PLAIN(SMOD, op_smod, 1)
    PLAIN(ADDMOD, op_addmod, 2)
    PLAIN(MULMOD, op_mulmod, 2)
    PLAIN(SIGNEXTEND, op_signextend, 1)
    PLAIN(LT, op_lt, 1)
    PLAIN(GT, op_gt, 1)
    PLAIN(SLT, op_slt, 1)
    PLAIN(SGT, op_sgt, 1)
    PLAIN(EQ, op_eq, 1)
    PLAIN(ISZERO, op_iszero, 0)
    PLAIN(AND, op_and, 1)
    PLAIN(OR, op_or, 1)
    PLAIN(XOR, op_xor, 1)
    PLAIN(NOT, op_not, 0)
    PLAIN(BYTE, op_byte, 1)
    PLAIN(SHL, op_shl, 1)
    PLAIN(SHR, op_shr, 1)
    PLAIN(SAR, op_sar, 1)

op_EXP:
    TRY(op_exp(frame, top, &quota_now));
    top--;
    NEXT;
op_SHA3:
    TRY(op_hash(frame, top, true, &quota_now));
    top--;
    NEXT;
op_BLAKE2B:
    TRY(op_hash(frame, top, false, &quota_now));
    top--;
    NEXT;

    PUSH(ADDRESS, vmh_vite_address_word(&run->input->request->to))
    PUSH(CALLER, vmh_vite_address_word(run->caller))
    PUSH(CALLVALUE, run->input->request->amount)
    PUSH(CALLDATASIZE, vmh_word_of(frame->call_data.size))
    PUSH(CODESIZE, vmh_word_of(frame->code.size))
    PUSH(RETURNDATASIZE, vmh_word_of(return_data_of(frame).size))
    PUSH(TIMESTAMP, vmh_word_of(run->input->time))
    PUSH(HEIGHT, vmh_word_of(run->input->height))
    PUSH(TOKENID, vmh_vite_token_word(&run->input->request->token))
    PUSH(ACCOUNTHEIGHT, vmh_word_of(run->input->previous.height))
    PUSH(PREVHASH, vmh_word_from_bytes(run->input->previous.previous_hash.bytes))
    PUSH(FROMHASH, vmh_word_from_bytes(run->input->request->hash.bytes))
    PUSH(PC, vmh_word_of(instruction->operand))
    PUSH(MSIZE, vmh_word_of(frame->memory.size))

op_BALANCE:
    TRY(op_balance(frame, top));
    NEXT;
op_SEED:
    TRY(op_seed(frame, top + 1));
    top++;
    NEXT;
op_RANDOM:
    TRY(op_random(frame, top + 1));
    top++;
    NEXT;

op_CALLDATALOAD:
    *top = load_padded(frame->call_data, top);
    NEXT;
op_CALLDATACOPY:
    TRY(op_copy(frame, top, frame->call_data, &quota_now));
    top -= 3;
    NEXT;
op_CODECOPY:
    TRY(op_copy(frame, top, frame->code, &quota_now));
    top -= 3;
    NEXT;
op_RETURNDATACOPY:
    TRY(op_returndatacopy(frame, top, &quota_now));
    top -= 3;
    NEXT;

op_POP:
    top--;
    NEXT;
op_MLOAD:
    TRY(op_mload(frame, top, &quota_now));
    NEXT;
op_MSTORE:
    TRY(op_mstore(frame, top, &quota_now));
    top -= 2;
    NEXT;
op_MSTORE8:
    TRY(op_mstore8(frame, top, &quota_now));
    top -= 2;
    NEXT;
op_SLOAD:
    TRY(op_sload(frame, top));
    NEXT;
op_SSTORE:
    TRY(vmh_vite_do_sstore(frame, top, &quota_now));
    top -= 2;
    NEXT;

op_JUMP: {
    const vmh_vite_instruction *to = destination(analysis, top--);

    error = VMH_VITE_ERROR_INVALID_JUMP;
    if (UNLIKELY(to == NULL))
        goto failed;
    ENTER(to);
}
op_JUMPI: {
    const vmh_vite_instruction *to;

    top -= 2;
    if (vmh_word_is_zero(&top[1]))
        NEXT;
    to = destination(analysis, &top[2]);
    error = VMH_VITE_ERROR_INVALID_JUMP;
    if (UNLIKELY(to == NULL))
        goto failed;
    ENTER(to);
}
do_jump_to:
    ENTER(TARGET);
do_jump_if_to:
    top--;
    if (vmh_word_is_zero(&top[1]))
        ENTER(instruction + 1);
    ENTER(TARGET);
do_jump_unless_to:
    top--;
    if (!vmh_word_is_zero(&top[1]))
        ENTER(instruction + 1);
    ENTER(TARGET);
    JUMP_WHERE(do_jump_if_lt, is_less(item, value))
    JUMP_WHERE(do_jump_unless_lt, !is_less(item, value))
    JUMP_WHERE(do_jump_if_gt, is_less(value, item))
    JUMP_WHERE(do_jump_unless_gt, !is_less(value, item))
op_JUMPDEST:
    NEXT;

op_PUSH1:
op_PUSH2:
op_PUSH3:
op_PUSH4:
op_PUSH5:
op_PUSH6:
op_PUSH7:
op_PUSH8:
    *++top = vmh_word_of(instruction->operand);
    NEXT;
op_PUSH9:
op_PUSH10:
op_PUSH11:
op_PUSH12:
op_PUSH13:
op_PUSH14:
op_PUSH15:
op_PUSH16:
op_PUSH17:
op_PUSH18:
op_PUSH19:
op_PUSH20:
op_PUSH21:
op_PUSH22:
op_PUSH23:
op_PUSH24:
op_PUSH25:
op_PUSH26:
op_PUSH27:
op_PUSH28:
op_PUSH29:
op_PUSH30:
op_PUSH31:
op_PUSH32:
do_push_word:
    top++;
    move_word(top, (const vmh_word *)(uintptr_t)instruction->operand);
    NEXT;

    DUP(1)
    DUP(2)
    DUP(3)
    DUP(4)
    DUP(5)
    DUP(6)
    DUP(7)
    DUP(8)
    DUP(9)
    DUP(10)
    DUP(11)
    DUP(12)
    DUP(13)
    DUP(14)
    DUP(15)
    DUP(16)
    SWAP(1)
    SWAP(2)
    SWAP(3)
    SWAP(4)
    SWAP(5)
    SWAP(6)
    SWAP(7)
    SWAP(8)
    SWAP(9)
    SWAP(10)
    SWAP(11)
    SWAP(12)
    SWAP(13)
    SWAP(14)
    SWAP(15)
    SWAP(16)
    LOG(0)
    LOG(1)
    LOG(2)
    LOG(3)
    LOG(4)

op_CALL:
    TRY(vmh_vite_do_call(frame, top, &quota_now));
    top -= 5;
    NEXT;
op_CALL2:
    TRY(vmh_vite_do_call2(frame, top, &quota_now));
    top -= 4;
    NEXT;
op_DELEGATECALL:
    TRY(vmh_vite_do_delegatecall(frame, top, &quota_now));
    top -= 4;
    NEXT;
op_SYNCCALL:
    TRY(vmh_vite_do_synccall(frame, top, &quota_now));
    top -= 6;
    if (!run->rules->synccall_ends_run)
        NEXT;
    frame->end = VMH_VITE_END_SUSPENDED;
    goto done;
op_CALLBACKDEST: {
    vmh_word *raised = top;

    TRY(vmh_vite_do_callbackdest(frame, &raised, &quota_now));
    top = raised;
    NEXT;
}

op_RETURN:
    TRY(vmh_vite_do_return(frame, top, &quota_now));
    goto done;
op_REVERT:
    TRY(vmh_vite_do_revert(frame, top, &quota_now));
op_STOP:
    error = VMH_VITE_ERROR_NONE;
    goto done;

    WITH_NUMBER(do_push_add, add_number)
    WITH_NUMBER(do_push_mul, mul_number)
    WITH_NUMBER(do_push_sub, sub_from_number)
    WITH_NUMBER(do_push_sub_reversed, sub_number)
    WITH_NUMBER(do_push_and, and_number)
    WITH_NUMBER(do_push_eq, eq_number)
    WITH_NUMBER(do_push_lt, number_lt)
    WITH_NUMBER(do_push_gt, number_gt)
    WITH_NUMBER(do_push_shl, shl_number)
    WITH_NUMBER(do_push_shr, shr_number)
    WITH_ITEM(do_dup_add, add_item)
    WITH_ITEM(do_dup_mul, mul_item)
    WITH_ITEM(do_dup_sub, sub_item)
    WITH_ITEM(do_dup_and, and_item)
    WITH_ITEM(do_dup_eq, eq_item)
    WITH_ITEM(do_dup_lt, lt_item)
    WITH_ITEM(do_dup_gt, gt_item)

do_push_mload:
    top[1] = vmh_word_of(instruction->operand);
    TRY(op_mload(frame, top + 1, &quota_now));
    top++;
    NEXT;
do_push_mstore:
    top[1] = vmh_word_of(instruction->operand);
    TRY(op_mstore(frame, top + 1, &quota_now));
    top--;
    NEXT;
do_sub_reversed:
    vmh_word_sub(&top[-1], &top[0], &top[-1]);
    top--;
    NEXT;
do_swap_pop:
    move_word(&top[-(ptrdiff_t)instruction->operand], top);
    top--;
    NEXT;

do_push_zero:
    *++top = vmh_word_of(0);
    NEXT;
do_skip:
    top -= instruction->operand;
    NEXT;
do_skip_push_zero:
    top -= instruction->operand;
    *++top = vmh_word_of(0);
    NEXT;
do_refuse:
    error = VMH_VITE_ERROR_READ_ONLY;
    goto failed;
do_invalid:
    error = VMH_VITE_ERROR_INVALID_OPCODE;
    goto failed;

careful:
    if (analysis->entries[at] != 0)
        GO(base + (analysis->entries[at] & ~VMH_VITE_ENTRY_NOT_A_DESTINATION) - 1);
careful_first: {
    uint8_t opcode = analysis->code[at];
    vmh_vite_decoded decoded;

    {
        int64_t quota_now = left;

        error = check_instruction(frame, opcode, top - stack, &quota_now);
        left = quota_now;
    }
    decoded = vmh_vite_decode(run->revision, analysis->code, at);
    if (error == VMH_VITE_ERROR_OUT_OF_QUOTA) {
        vmh_vite_error reach = check_reach(top, decoded.what);

        if (reach != VMH_VITE_ERROR_NONE)
            error = reach;
        else
            left = 0;
    }
    if (error != VMH_VITE_ERROR_NONE)
        goto done;
    if (decoded.what == VMH_VITE_DO_PUSH_WORD) {
        wide = vmh_word_from_short(
            vmh_bytes_of(analysis->code + at + 1, vmh_vite_operand_size(opcode)));
        decoded.operand = (uint64_t)(uintptr_t)&wide;
    }
    done_at = at;
    at += 1 + (size_t)vmh_vite_operand_size(opcode);
    step[0] = (vmh_vite_instruction){labels[decoded.what], decoded.operand};
    GO(step);
}

failed:
    if (error == VMH_VITE_HOST_FAILED)
        goto done;
    if (instruction != step) {
        done_at = analysis->positions[instruction - base];
        left += vmh_vite_rest_of_block(analysis, run->revision, done_at);
        /* It did nothing yet: alone, it fails as it must, or does not fail at all. */
        if (error == VMH_VITE_ERROR_OUT_OF_QUOTA || comes_before_charge(error)) {
            at = done_at;
            goto careful_first;
        }
        left -= run->revision->quota[analysis->code[done_at]];
    }
    if (error == VMH_VITE_ERROR_OUT_OF_QUOTA)
        left = 0;
    else if (comes_before_charge(error))
        left += run->revision->quota[analysis->code[done_at]];

done:
    *quota = left;
    return error;
}
