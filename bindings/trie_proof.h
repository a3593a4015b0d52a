/*
 * The functions of vmhost.state_storage that need no store: proofs and trie paths.
 */
#ifndef VMH_BINDINGS_TRIE_PROOF_H
#define VMH_BINDINGS_TRIE_PROOF_H

#include <lauxlib.h>

extern const luaL_Reg vmh_trie_proof_functions[];

#endif
