#include "host/target.h"

#include "base/hex.h"
#include "crypto/address.h"

enum { ADDRESS_TARGET_SIZE = 1 + 42 };

/* The 21 bytes of `@` + 42 hex; false for any other name. */
static bool read_address_target(vmh_bytes service, uint8_t out[21])
{
    if (service.size != ADDRESS_TARGET_SIZE || service.data[0] != '@')
        return false;
    for (size_t i = 0; i < 21; i++) {
        int high = vmh_hex_digit(service.data[1 + 2 * i]);
        int low = vmh_hex_digit(service.data[2 + 2 * i]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void vmh_target_address(vmh_bytes service, vmh_address *out)
{
    uint8_t bytes[21];

    if (read_address_target(service, bytes))
        memcpy(out->bytes, bytes, sizeof out->bytes);
    else
        vmh_address_of_contract(service, out);
}

bool vmh_target_is_client(vmh_bytes service)
{
    uint8_t bytes[21];

    return read_address_target(service, bytes) && bytes[20] == 0;
}

void vmh_sender_address(const vmh_genesis *genesis, uint32_t chain, vmh_bytes service,
                        vmh_address *out)
{
    if (chain == genesis->virtual_chain_id)
        vmh_target_address(service, out);
    else
        vmh_address_of_foreign_contract(chain, service, out);
}

const vmh_genesis_peer *vmh_find_peer(const vmh_genesis *genesis, uint32_t chain)
{
    for (size_t i = 0; chain != genesis->virtual_chain_id && i < genesis->peer_count; i++) {
        if (genesis->peers[i].virtual_chain_id == chain)
            return &genesis->peers[i];
    }
    return NULL;
}
