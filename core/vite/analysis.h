/*
 * Code, read once: decoded instructions, in blocks whose quota and stack need
 * are known before they run, and where each position of the code leads.
 *
 *     code           60 01 60 05 57 00 5b ...
 *     instructions   [block 9, 0, 2] [push 1] [jump if -> 5] [block] [stop] [block] ...
 *     entries         1                       4:next         6:destination
 *
 * A block begins at each jump destination and behind each instruction that ends
 * one, and long ones are cut. A block that could fail, for quota or for the
 * stack, is not entered: it runs instruction by instruction from the code itself,
 * which finds the exact error at the exact place. So decoded instructions carry
 * no checks of their own.
 */
#ifndef VMH_VITE_ANALYSIS_H
#define VMH_VITE_ANALYSIS_H

#include "base/status.h"
#include "base/word.h"
#include "vite/revision.h"

/*
 * What an instruction does: an opcode, or one of these, which stand for several
 * or for what an opcode does in a query.
 */
enum {
    VMH_VITE_DO_BLOCK = 256,     /* check and charge what follows */
    VMH_VITE_DO_INVALID,
    VMH_VITE_DO_CAREFUL,         /* the way back of an instruction that is run alone */
    VMH_VITE_DO_PUSH_WORD,       /* from the word pool */
    VMH_VITE_DO_PUSH_ZERO,
    VMH_VITE_DO_SKIP,            /* drop operands; also POP POP and more of them */
    VMH_VITE_DO_SKIP_PUSH_ZERO,
    VMH_VITE_DO_SKIP_STOP,
    VMH_VITE_DO_REFUSE,
    VMH_VITE_DO_PUSH_ADD,
    VMH_VITE_DO_PUSH_MUL,
    VMH_VITE_DO_PUSH_SUB,
    VMH_VITE_DO_PUSH_SUB_REVERSED, /* PUSH SWAP1 SUB */
    VMH_VITE_DO_PUSH_AND,
    VMH_VITE_DO_PUSH_EQ,
    VMH_VITE_DO_PUSH_LT,
    VMH_VITE_DO_PUSH_GT,
    VMH_VITE_DO_PUSH_SHL,
    VMH_VITE_DO_PUSH_SHR,
    VMH_VITE_DO_PUSH_MLOAD,
    VMH_VITE_DO_PUSH_MSTORE,
    VMH_VITE_DO_DUP_ADD,
    VMH_VITE_DO_DUP_MUL,
    VMH_VITE_DO_DUP_SUB,
    VMH_VITE_DO_DUP_AND,
    VMH_VITE_DO_DUP_EQ,
    VMH_VITE_DO_DUP_LT,
    VMH_VITE_DO_DUP_GT,
    VMH_VITE_DO_SUB_REVERSED,    /* SWAP1 SUB */
    VMH_VITE_DO_SWAP_POP,        /* the top in place of an item */
    VMH_VITE_DO_JUMP_TO,         /* PUSH JUMP */
    VMH_VITE_DO_JUMP_IF_TO,      /* PUSH JUMPI */
    VMH_VITE_DO_JUMP_UNLESS_TO,  /* ISZERO PUSH JUMPI */
    VMH_VITE_DO_JUMP_IF_LT,      /* DUP LT PUSH JUMPI */
    VMH_VITE_DO_JUMP_UNLESS_LT,  /* DUP LT ISZERO PUSH JUMPI */
    VMH_VITE_DO_JUMP_IF_GT,
    VMH_VITE_DO_JUMP_UNLESS_GT,
    VMH_VITE_DO_COUNT,
};

typedef struct vmh_vite_instruction {
    const void *label; /* of the interpreter's body */
    uint64_t operand;  /* number, address of an instruction or a word, or a packed block need */
} vmh_vite_instruction;

/* Of a jump that compares: item << 32 | number of the instruction to go to. */
#define VMH_VITE_JUMP_ITEM(operand) ((ptrdiff_t)((operand) >> 32))
#define VMH_VITE_JUMP_NUMBER(operand) ((uint32_t)(operand))

/* Of a block: quota << 32 | need << 16 | room above it, both in bytes of stack. */
#define VMH_VITE_BLOCK_QUOTA(operand) ((int64_t)((operand) >> 32))
#define VMH_VITE_BLOCK_NEED(operand) ((int64_t)((operand) >> 16 & 0xffff))
#define VMH_VITE_BLOCK_ROOM(operand) ((operand) & 0xffff)

#define VMH_VITE_ENTRY_NOT_A_DESTINATION 0x80000000u

typedef struct vmh_vite_analysis {
    size_t user_count; /* the cache, and frames that run it */
    vmh_vite_instruction *instructions;
    size_t instruction_count;
    uint32_t *positions; /* of each instruction in the code; of several, the first */
    uint32_t *entries;   /* of each position: 0, or its block + 1, flagged unless a JUMPDEST */
    vmh_word *words;
    size_t word_count;
    uint8_t *code;       /* a copy, and zeros for a PUSH at its end */
    size_t code_size;
} vmh_vite_analysis;

/* An opcode as this revision runs it. */
typedef struct vmh_vite_decoded {
    uint32_t what;
    uint64_t operand;
} vmh_vite_decoded;

/* What stands at a position that is not past the end, PUSH of more than 8 bytes excepted. */
vmh_vite_decoded vmh_vite_decode(const vmh_vite_revision *revision, const uint8_t *code,
                                 size_t position);

/*
 * Reads `code`. `labels` are the interpreter's, one for each opcode and further
 * instruction. The caller is its first user. Fails with
 *   VMH_E_LIMIT      code of 2^30 bytes or more
 *   VMH_E_NO_MEMORY
 */
vmh_status vmh_vite_analyse(vmh_bytes code, const vmh_vite_revision *revision,
                            const void *const *labels, vmh_vite_analysis **out,
                            vmh_failure *why);

/* Takes one user away; the last one frees it. NULL is fine. */
void vmh_vite_analysis_release(vmh_vite_analysis *analysis);

/* Bytes that it takes, about. */
size_t vmh_vite_analysis_size(const vmh_vite_analysis *analysis);

/* Static quota of the instructions from `position` to the end of its block. */
int64_t vmh_vite_rest_of_block(const vmh_vite_analysis *analysis,
                               const vmh_vite_revision *revision, size_t position);

#endif
