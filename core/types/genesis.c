#include "types/genesis.h"

vmh_genesis vmh_genesis_default(void)
{
    return (vmh_genesis){
        .rules = &vmh_rules_vmhost_1,
        .revision = 1,
        .limits =
            {
#define DEFAULT(name, default_value) .name = default_value,
                VMH_GENESIS_LIMIT_LIST(DEFAULT)
#undef DEFAULT
            },
    };
}
