/*
 * The state of height 0: the services that a genesis deploys, in order, then
 * the amounts that it issues. With neither, the state is empty.
 */
#ifndef VMH_HOST_GENESIS_STATE_H
#define VMH_HOST_GENESIS_STATE_H

#include "host/host.h"

/*
 * Runs the genesis and commits height 0. Fails with VMH_E_GENESIS, naming the
 * service or issue and the text it failed with; then nothing is committed.
 */
vmh_status vmh_genesis_state_apply(vmh_host *host, vmh_failure *why);

#endif
