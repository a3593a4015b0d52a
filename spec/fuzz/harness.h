/*
 * What the harnesses share: how an input is taken apart, how an oracle speaks,
 * and the memory that core holds while it works on an input.
 *
 * A harness defines LLVMFuzzerTestOneInput and is called by libFuzzer (`make
 * fuzz`) or, with the kept inputs, by replay.c. An input decides everything that
 * happens: nothing is kept from one to the next.
 */
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with the text of an oracle that does not hold. */
_Noreturn void harness_fail(const char *file, int line, const char *what);

#define EXPECT(condition, what)                          \
    do {                                                 \
        if (!(condition))                                \
            harness_fail(__FILE__, __LINE__, (what));    \
    } while (0)

/* What of an input is not yet read. Behind its end all numbers are 0 and all bytes empty. */
typedef vmh_bytes harness_input;

uint64_t harness_take_number(harness_input *input, size_t size); /* little-endian */
vmh_bytes harness_take_bytes(harness_input *input, size_t size);

/* Bytes behind their length of two bytes. */
vmh_bytes harness_take_part(harness_input *input);

/*
 * Counts from now on what our objects allocate. With `fail_at` the allocation of
 * that number, and no other, fails; 0 is none.
 */
void harness_watch_memory(uint64_t fail_at);

/* Bytes held now, and at most since the counting began. */
size_t harness_memory_live(void);
size_t harness_memory_peak(void);

/* Ends the counting; expects that all was given back. */
void harness_expect_no_memory(void);

#endif
