#include "vite/analysis.h"

#include <stdlib.h>

enum { PADDING = 33, STACK_LIMIT = 1024, IMPOSSIBLE_NEED = 0xffff, CODE_LIMIT = 1 << 30 };

/* Longer blocks are cut: to undo a part of one costs its length. */
enum { LONGEST_BLOCK = 32 };

/* What an opcode does in a query. */
static vmh_vite_decoded decode_in_query(const vmh_vite_revision *revision, uint8_t opcode)
{
    bool strict = revision->mode == VMH_VITE_MODE_STRICT_QUERY;
    uint32_t pops = vmh_vite_opcodes[opcode].pops;

    switch (opcode) {
    case VMH_VITE_OP_SSTORE:
    case VMH_VITE_OP_LOG0:
    case VMH_VITE_OP_LOG1:
    case VMH_VITE_OP_LOG2:
    case VMH_VITE_OP_LOG3:
    case VMH_VITE_OP_LOG4:
    case VMH_VITE_OP_CALL:
        return (vmh_vite_decoded){strict ? VMH_VITE_DO_REFUSE : VMH_VITE_DO_SKIP, pops};
    case VMH_VITE_OP_CALL2:
        return (vmh_vite_decoded){strict ? VMH_VITE_DO_REFUSE : VMH_VITE_DO_SKIP_PUSH_ZERO, pops};
    case VMH_VITE_OP_SYNCCALL:
        return (vmh_vite_decoded){strict ? VMH_VITE_DO_REFUSE : VMH_VITE_DO_SKIP_STOP, pops};
    case VMH_VITE_OP_REVERT:
        return (vmh_vite_decoded){strict ? opcode : VMH_VITE_DO_SKIP_STOP, pops};
    case VMH_VITE_OP_CALLBACKDEST:
    case VMH_VITE_OP_CALLER:
    case VMH_VITE_OP_CALLVALUE:
    case VMH_VITE_OP_TIMESTAMP:
    case VMH_VITE_OP_HEIGHT:
    case VMH_VITE_OP_TOKENID:
    case VMH_VITE_OP_FROMHASH:
    case VMH_VITE_OP_SEED:
    case VMH_VITE_OP_RANDOM:
        return (vmh_vite_decoded){strict ? opcode : VMH_VITE_DO_PUSH_ZERO, 0};
    default:
        return (vmh_vite_decoded){opcode, 0};
    }
}

vmh_vite_decoded vmh_vite_decode(const vmh_vite_revision *revision, const uint8_t *code,
                                 size_t position)
{
    uint8_t opcode = code[position];
    uint32_t operand_size = vmh_vite_operand_size(opcode);
    uint64_t operand = 0;

    if (!revision->has[opcode])
        return (vmh_vite_decoded){VMH_VITE_DO_INVALID, 0};
    if (operand_size > 8)
        return (vmh_vite_decoded){VMH_VITE_DO_PUSH_WORD, 0};
    for (uint32_t i = 1; i <= operand_size; i++)
        operand = operand << 8 | code[position + i];
    if (opcode == VMH_VITE_OP_PC)
        operand = position;
    if (operand_size > 0 || opcode == VMH_VITE_OP_PC)
        return (vmh_vite_decoded){opcode, operand};
    if (revision->mode != VMH_VITE_MODE_RUN)
        return decode_in_query(revision, opcode);
    return (vmh_vite_decoded){opcode, 0};
}

/* What a block needs of stack and quota, counted up as its instructions are read. */
typedef struct block_need {
    int64_t quota;
    int height;     /* above the stack at its begin; may be negative */
    int need;       /* items below, so that nothing pops too much */
    int max_height; /* after any one instruction */
} block_need;

static block_need no_need(void)
{
    return (block_need){.max_height = -STACK_LIMIT};
}

static void add_need(block_need *block, uint8_t opcode, const vmh_vite_revision *revision)
{
    const vmh_vite_opcode_info *info = &vmh_vite_opcodes[opcode];

    if (!revision->has[opcode])
        return;
    if (block->need < info->pops - block->height)
        block->need = info->pops - block->height;
    block->height += info->pushes - info->pops;
    if (block->max_height < block->height)
        block->max_height = block->height;
    block->quota += revision->quota[opcode];
}

static uint64_t pack_need(const block_need *block)
{
    int room = STACK_LIMIT - block->max_height - block->need;

    if (block->max_height == -STACK_LIMIT) /* it begins with an opcode that is none */
        room = STACK_LIMIT;
    if (block->quota > UINT32_MAX || block->need > STACK_LIMIT || room < 0)
        return (uint64_t)IMPOSSIBLE_NEED << 16;
    return (uint64_t)block->quota << 32 | (uint64_t)block->need * sizeof(vmh_word) << 16 |
           (uint64_t)room * sizeof(vmh_word);
}

/* Sizes that one pass over the code tells, an upper bound of what is emitted. */
typedef struct code_counts {
    size_t instructions;
    size_t words;
} code_counts;

/* Marks jump destinations in `entries` with 1 and the other begins of blocks with the flag. */
static code_counts mark_entries(const uint8_t *code, size_t size, uint32_t *entries)
{
    code_counts counts = {2, 0};
    bool begins = true;
    size_t length = 0;

    for (size_t at = 0; at <= size; at += 1 + (size_t)vmh_vite_operand_size(code[at])) {
        bool is_destination = code[at] == VMH_VITE_OP_JUMPDEST;

        if (is_destination || begins || length == LONGEST_BLOCK) {
            entries[at] = is_destination ? 1 : VMH_VITE_ENTRY_NOT_A_DESTINATION;
            counts.instructions++;
            length = 0;
        }
        length++;
        counts.instructions++;
        counts.words += vmh_vite_operand_size(code[at]) > 8;
        begins = vmh_vite_ends_block(code[at]);
    }
    return counts;
}

static bool is_destination(const vmh_vite_analysis *analysis, uint64_t position)
{
    return position < analysis->code_size && analysis->entries[position] != 0 &&
           (analysis->entries[position] & VMH_VITE_ENTRY_NOT_A_DESTINATION) == 0;
}

/* The emitter: instructions hold what they do as `label` until all are known. */
typedef struct emitter {
    vmh_vite_analysis *analysis;
    uint32_t *what; /* of each instruction */
    size_t block;   /* instruction that begins the block, its operand not yet known */
} emitter;

static void emit(emitter *to, uint32_t what, uint64_t operand, size_t position)
{
    vmh_vite_analysis *analysis = to->analysis;
    size_t number = analysis->instruction_count++;

    to->what[number] = what;
    analysis->instructions[number].operand = operand;
    analysis->positions[number] = (uint32_t)position;
}

static bool is_pushed(const emitter *to, size_t back)
{
    size_t count = to->analysis->instruction_count;

    return count - to->block > back && vmh_vite_operand_size((uint8_t)to->what[count - back]) > 0 &&
           to->what[count - back] < 256;
}

/* The last instruction now does the work of the one before it, too, as `what`. */
static void join_last(emitter *to, uint32_t what, uint64_t operand)
{
    size_t last = --to->analysis->instruction_count - 1;

    to->what[last] = what;
    to->analysis->instructions[last].operand = operand;
}

/* What a conditional jump is with the comparison before it; 0: they stay two. */
static uint32_t compared_jump(uint32_t comparison, uint32_t jump)
{
    bool unless = jump == VMH_VITE_DO_JUMP_UNLESS_TO;

    if (comparison == VMH_VITE_DO_DUP_LT)
        return unless ? VMH_VITE_DO_JUMP_UNLESS_LT : VMH_VITE_DO_JUMP_IF_LT;
    if (comparison == VMH_VITE_DO_DUP_GT)
        return unless ? VMH_VITE_DO_JUMP_UNLESS_GT : VMH_VITE_DO_JUMP_IF_GT;
    return 0;
}

/* Joins JUMPI, its PUSH already in it, with ISZERO and with a comparison before it. */
static void join_condition(emitter *to)
{
    vmh_vite_analysis *analysis = to->analysis;
    size_t last = analysis->instruction_count - 1;
    uint64_t position = analysis->instructions[last].operand;
    uint32_t what;

    if (last - 1 > to->block && to->what[last - 1] == VMH_VITE_OP_ISZERO) {
        join_last(to, VMH_VITE_DO_JUMP_UNLESS_TO, position);
        last--;
    }
    if (last - 1 == to->block)
        return;
    what = compared_jump(to->what[last - 1], to->what[last]);
    if (what != 0)
        join_last(to, what, analysis->instructions[last - 1].operand << 32 | position);
}

/*
 * A jump to a constant that is a destination becomes one instruction with the
 * PUSH before it; one that is not keeps both, and fails when it is reached.
 */
static bool emit_jump(emitter *to, uint8_t opcode)
{
    vmh_vite_analysis *analysis = to->analysis;
    size_t last = analysis->instruction_count - 1;

    if (!is_pushed(to, 1) || !is_destination(analysis, analysis->instructions[last].operand))
        return false;
    to->what[last] = opcode == VMH_VITE_OP_JUMP ? VMH_VITE_DO_JUMP_TO : VMH_VITE_DO_JUMP_IF_TO;
    if (opcode == VMH_VITE_OP_JUMPI)
        join_condition(to);
    return true;
}

/* What an instruction becomes with the one before it; 0: they stay two. */
typedef struct fusion {
    uint16_t second;
    uint16_t after_push;
    uint16_t after_dup;
    uint16_t after_swap1;
} fusion;

/* SWAP1 before what does not care for order, or has its mirror image, is nothing. */
static const fusion fusions[] = {
    {VMH_VITE_OP_ADD, VMH_VITE_DO_PUSH_ADD, VMH_VITE_DO_DUP_ADD, VMH_VITE_OP_ADD},
    {VMH_VITE_OP_MUL, VMH_VITE_DO_PUSH_MUL, VMH_VITE_DO_DUP_MUL, VMH_VITE_OP_MUL},
    {VMH_VITE_OP_SUB, VMH_VITE_DO_PUSH_SUB, VMH_VITE_DO_DUP_SUB, VMH_VITE_DO_SUB_REVERSED},
    {VMH_VITE_DO_SUB_REVERSED, VMH_VITE_DO_PUSH_SUB_REVERSED, 0, 0},
    {VMH_VITE_OP_AND, VMH_VITE_DO_PUSH_AND, VMH_VITE_DO_DUP_AND, VMH_VITE_OP_AND},
    {VMH_VITE_OP_OR, 0, 0, VMH_VITE_OP_OR},
    {VMH_VITE_OP_XOR, 0, 0, VMH_VITE_OP_XOR},
    {VMH_VITE_OP_EQ, VMH_VITE_DO_PUSH_EQ, VMH_VITE_DO_DUP_EQ, VMH_VITE_OP_EQ},
    {VMH_VITE_OP_LT, VMH_VITE_DO_PUSH_LT, VMH_VITE_DO_DUP_LT, VMH_VITE_OP_GT},
    {VMH_VITE_OP_GT, VMH_VITE_DO_PUSH_GT, VMH_VITE_DO_DUP_GT, VMH_VITE_OP_LT},
    {VMH_VITE_OP_SLT, 0, 0, VMH_VITE_OP_SGT},
    {VMH_VITE_OP_SGT, 0, 0, VMH_VITE_OP_SLT},
    {VMH_VITE_OP_SHL, VMH_VITE_DO_PUSH_SHL, 0, 0},
    {VMH_VITE_OP_SHR, VMH_VITE_DO_PUSH_SHR, 0, 0},
    {VMH_VITE_OP_MLOAD, VMH_VITE_DO_PUSH_MLOAD, 0, 0},
    {VMH_VITE_OP_MSTORE, VMH_VITE_DO_PUSH_MSTORE, 0, 0},
};

static const fusion *find_fusion(uint32_t what)
{
    for (size_t i = 0; i < sizeof fusions / sizeof fusions[0]; i++) {
        if (fusions[i].second == what)
            return &fusions[i];
    }
    return NULL;
}

/* What the last instruction and `what` are together; 0 for nothing. */
static uint32_t fused_with_last(const emitter *to, uint32_t what)
{
    const fusion *found = find_fusion(what);
    size_t last = to->analysis->instruction_count - 1;
    uint32_t first = to->what[last];

    if (found == NULL || last == to->block)
        return 0;
    if (is_pushed(to, 1))
        return found->after_push;
    if (first >= VMH_VITE_OP_DUP1 && first <= VMH_VITE_OP_DUP16)
        return found->after_dup;
    return first == VMH_VITE_OP_SWAP1 ? found->after_swap1 : 0;
}

/*
 * Emits an instruction, or makes the last one do its work too, and looks again:
 * PUSH SWAP1 SUB comes together in two steps. The position stays that of the first.
 */
static void emit_fused(emitter *to, uint32_t what, uint64_t operand, size_t position)
{
    vmh_vite_analysis *analysis = to->analysis;
    uint32_t fused = fused_with_last(to, what);

    while (fused != 0) {
        size_t last = --analysis->instruction_count;
        uint32_t first = to->what[last];

        position = analysis->positions[last];
        operand = analysis->instructions[last].operand;
        if (first >= VMH_VITE_OP_DUP1 && first <= VMH_VITE_OP_DUP16)
            operand = first - VMH_VITE_OP_DUP1 + 1;
        what = fused;
        fused = fused_with_last(to, what);
    }
    emit(to, what, operand, position);
}

/* POP after SWAP, and POP after POP, which become one instruction however many they are. */
static bool emit_pop(emitter *to)
{
    vmh_vite_analysis *analysis = to->analysis;
    size_t last = analysis->instruction_count - 1;
    uint64_t *operand = &analysis->instructions[last].operand;
    uint32_t first = to->what[last];

    if (last == to->block)
        return false;
    if (first == VMH_VITE_OP_POP || first == VMH_VITE_DO_SKIP) {
        *operand = first == VMH_VITE_OP_POP ? 2 : *operand + 1;
        to->what[last] = VMH_VITE_DO_SKIP;
        return true;
    }
    if (first < VMH_VITE_OP_SWAP1 || first > VMH_VITE_OP_SWAP16)
        return false;
    *operand = first - VMH_VITE_OP_SWAP1 + 1;
    to->what[last] = VMH_VITE_DO_SWAP_POP;
    return true;
}

static void emit_opcode(emitter *to, const vmh_vite_revision *revision, size_t position)
{
    vmh_vite_analysis *analysis = to->analysis;
    uint8_t opcode = analysis->code[position];
    vmh_vite_decoded decoded = vmh_vite_decode(revision, analysis->code, position);

    if (decoded.what == VMH_VITE_OP_JUMPDEST)
        return; /* the begin of its block is all it does */
    if ((decoded.what == VMH_VITE_OP_JUMP || decoded.what == VMH_VITE_OP_JUMPI) &&
        emit_jump(to, opcode))
        return;
    if (decoded.what == VMH_VITE_OP_POP && emit_pop(to))
        return;
    if (decoded.what == VMH_VITE_DO_PUSH_WORD) {
        vmh_word *word = &analysis->words[analysis->word_count++];

        *word = vmh_word_from_short(
            vmh_bytes_of(analysis->code + position + 1, vmh_vite_operand_size(opcode)));
        decoded.operand = (uint64_t)(uintptr_t)word;
    }
    emit_fused(to, decoded.what, decoded.operand, position);
}

/* The code's end, and one byte more, is a STOP. */
static void emit_all(emitter *to, const vmh_vite_revision *revision)
{
    vmh_vite_analysis *analysis = to->analysis;
    block_need need = no_need();

    for (size_t at = 0; at <= analysis->code_size;
         at += 1 + (size_t)vmh_vite_operand_size(analysis->code[at])) {
        if (analysis->entries[at] != 0) {
            if (at > 0)
                analysis->instructions[to->block].operand = pack_need(&need);
            need = no_need();
            to->block = analysis->instruction_count;
            analysis->entries[at] &= VMH_VITE_ENTRY_NOT_A_DESTINATION;
            analysis->entries[at] |= (uint32_t)to->block + 1;
            emit(to, VMH_VITE_DO_BLOCK, 0, at);
        }
        add_need(&need, analysis->code[at], revision);
        emit_opcode(to, revision, at);
    }
    analysis->instructions[to->block].operand = pack_need(&need);
    /* A PUSH whose operand passes the end goes on behind it. */
    emit(to, VMH_VITE_OP_STOP, 0, analysis->code_size);
}

/* The operand of a jump, which held a position until here. */
static uint64_t link_jump(const vmh_vite_analysis *analysis, uint32_t what, uint64_t operand)
{
    uint32_t number = analysis->entries[(uint32_t)operand] - 1;

    if (what >= VMH_VITE_DO_JUMP_IF_LT)
        return operand >> 32 << 32 | number;
    return (uint64_t)(uintptr_t)&analysis->instructions[number];
}

/* Jumps learn the instruction that they go to, and every instruction its body. */
static void link_all(emitter *to, const void *const *labels)
{
    vmh_vite_analysis *analysis = to->analysis;

    for (size_t i = 0; i < analysis->instruction_count; i++) {
        vmh_vite_instruction *instruction = &analysis->instructions[i];

        if (to->what[i] >= VMH_VITE_DO_JUMP_TO)
            instruction->operand = link_jump(analysis, to->what[i], instruction->operand);
        instruction->label = labels[to->what[i]];
    }
}

static vmh_status allocate(vmh_vite_analysis *analysis, vmh_bytes code, emitter *to)
{
    code_counts counts;

    analysis->code_size = code.size;
    analysis->code = calloc(code.size + PADDING, 1);
    analysis->entries = calloc(code.size + PADDING, sizeof *analysis->entries);
    if (analysis->code == NULL || analysis->entries == NULL)
        return VMH_E_NO_MEMORY;
    if (code.size > 0)
        memcpy(analysis->code, code.data, code.size);
    counts = mark_entries(analysis->code, code.size, analysis->entries);
    analysis->instructions = calloc(counts.instructions, sizeof *analysis->instructions);
    analysis->positions = calloc(counts.instructions, sizeof *analysis->positions);
    analysis->words = calloc(counts.words + 1, sizeof *analysis->words);
    to->what = calloc(counts.instructions, sizeof *to->what);
    if (analysis->instructions == NULL || analysis->positions == NULL ||
        analysis->words == NULL || to->what == NULL)
        return VMH_E_NO_MEMORY;
    return VMH_OK;
}

vmh_status vmh_vite_analyse(vmh_bytes code, const vmh_vite_revision *revision,
                            const void *const *labels, vmh_vite_analysis **out,
                            vmh_failure *why)
{
    vmh_vite_analysis *analysis;
    emitter to = {0};
    vmh_status status = VMH_OK;

    if (code.size >= CODE_LIMIT)
        return vmh_fail(why, VMH_E_LIMIT, "code of %zu bytes", code.size);
    analysis = calloc(1, sizeof *analysis);
    if (analysis == NULL)
        return vmh_fail_memory(why);
    analysis->user_count = 1;
    to.analysis = analysis;
    if (allocate(analysis, code, &to) != VMH_OK) {
        status = vmh_fail_memory(why);
        goto done;
    }
    emit_all(&to, revision);
    link_all(&to, labels);
    *out = analysis;
    analysis = NULL;

done:
    free(to.what);
    vmh_vite_analysis_release(analysis);
    return status;
}

void vmh_vite_analysis_release(vmh_vite_analysis *analysis)
{
    if (analysis == NULL || --analysis->user_count > 0)
        return;
    free(analysis->instructions);
    free(analysis->positions);
    free(analysis->entries);
    free(analysis->words);
    free(analysis->code);
    free(analysis);
}

int64_t vmh_vite_rest_of_block(const vmh_vite_analysis *analysis,
                               const vmh_vite_revision *revision, size_t position)
{
    size_t at = position;
    int64_t quota = 0;

    do {
        quota += revision->quota[analysis->code[at]];
        at += 1 + (size_t)vmh_vite_operand_size(analysis->code[at]);
    } while (at <= analysis->code_size && analysis->entries[at] == 0);
    return quota;
}

size_t vmh_vite_analysis_size(const vmh_vite_analysis *analysis)
{
    return sizeof *analysis + analysis->code_size * (1 + sizeof *analysis->entries) +
           analysis->instruction_count * (sizeof *analysis->instructions +
                                          sizeof *analysis->positions) +
           analysis->word_count * sizeof *analysis->words;
}
