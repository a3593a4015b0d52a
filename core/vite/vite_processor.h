/*
 * The processor of Vite bytecode: ports/processor.h on top of the machine
 * (spec/joins.md 2).
 *
 * Methods: `_init` runs the deployed code and keeps what it returns; `call` and
 * `query` take and give raw bytes; any other name is an ABI signature, with
 * result types if wanted, as in add(uint256,uint256)(uint256).
 */
#ifndef VMH_VITE_VITE_PROCESSOR_H
#define VMH_VITE_VITE_PROCESSOR_H

#include "ports/processor.h"
#include "types/genesis.h"

/* `genesis` is borrowed. Fails with VMH_E_NO_MEMORY. */
vmh_status vmh_vite_processor_new(const vmh_genesis *genesis, vmh_processor **out,
                                  vmh_failure *why);

#endif
