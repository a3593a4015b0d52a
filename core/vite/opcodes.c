#include "vite/opcodes.h"

const vmh_vite_opcode_info vmh_vite_opcodes[256] = {
#define X(byte, name, pops, pushes, quota_a, quota_b, fork) \
    [byte] = {#name, pops, pushes, quota_a, quota_b, fork},
#include "vite/opcodes.def"
#undef X
};
