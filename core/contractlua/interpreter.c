/* The loop that runs what nobody watches. */
#include "contractlua/interpreter_loop.h"
