/*
 * The low-level functions of libcrypto are deprecated, but they neither
 * allocate nor look anything up, so a digest cannot fail and a small one costs
 * half of what it does through EVP.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/digest.h"

#include <openssl/ripemd.h>
#include <openssl/sha.h>

static _Thread_local uint64_t sha256_count;

void vmh_sha256(vmh_bytes input, vmh_hash32 *out)
{
    vmh_sha256_parts(&input, 1, out);
}

void vmh_sha256_parts(const vmh_bytes *parts, size_t count, vmh_hash32 *out)
{
    SHA256_CTX context;

    sha256_count++;
    SHA256_Init(&context);
    for (size_t i = 0; i < count; i++)
        SHA256_Update(&context, parts[i].data, parts[i].size);
    SHA256_Final(out->bytes, &context);
}

uint64_t vmh_sha256_count(void)
{
    return sha256_count;
}

void vmh_ripemd160(vmh_bytes input, uint8_t out[20])
{
    RIPEMD160_CTX context;

    RIPEMD160_Init(&context);
    RIPEMD160_Update(&context, input.data, input.size);
    RIPEMD160_Final(out, &context);
}
