/* The loop that runs what nobody watches. */

/* Each body keeps its own jump: joined, all of them would share one guess of where it leads. */
#pragma GCC optimize("no-gcse", "no-crossjumping", "no-tree-slp-vectorize")

#include "contractlua/interpreter_loop.h"
