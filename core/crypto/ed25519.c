#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "crypto/libcrypto.h"
#include "crypto/signature.h"

static vmh_status verify_once(vmh_bytes public_key, vmh_bytes message, vmh_bytes signature,
                              bool *valid, vmh_failure *why)
{
    EVP_PKEY *key = NULL;
    EVP_MD_CTX *context = NULL;
    vmh_status status = VMH_OK;
    int answer = -1;

    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key.data, public_key.size);
    if (key == NULL)
        goto done;
    context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
        goto done;
    answer = EVP_DigestVerify(context, signature.data, signature.size, message.data,
                              message.size);
    *valid = answer == 1;

done:
    if (answer < 0)
        status = vmh_fail_libcrypto(why, "verifying an Ed25519 signature");
    ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return status;
}

/*
 * libcrypto answers "wrong" also when it ran out of memory inside, and a node
 * must not reject a transaction because its memory was short. A "wrong" counts
 * when a second look says the same: the second begins with allocations whose
 * failure is told, so memory that stays short shows there.
 */
vmh_status vmh_ed25519_verify(vmh_bytes public_key, vmh_bytes message, vmh_bytes signature,
                              bool *valid, vmh_failure *why)
{
    vmh_status status;

    *valid = false;
    if (public_key.size != VMH_ED25519_KEY_SIZE || signature.size != VMH_ED25519_SIGNATURE_SIZE)
        return VMH_OK;
    status = verify_once(public_key, message, signature, valid, why);
    if (status == VMH_OK && !*valid)
        status = verify_once(public_key, message, signature, valid, why);
    return status;
}

vmh_status vmh_ed25519_public_key(const uint8_t seed[32], uint8_t public_key[32],
                                  vmh_failure *why)
{
    size_t size = VMH_ED25519_KEY_SIZE;
    vmh_status status = VMH_OK;
    EVP_PKEY *key;

    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, VMH_ED25519_SEED_SIZE);
    if (key == NULL || EVP_PKEY_get_raw_public_key(key, public_key, &size) != 1)
        status = vmh_fail_libcrypto(why, "deriving an Ed25519 key");
    EVP_PKEY_free(key);
    return status;
}

vmh_status vmh_ed25519_sign(const uint8_t seed[32], vmh_bytes message, uint8_t signature[64],
                            vmh_failure *why)
{
    size_t size = VMH_ED25519_SIGNATURE_SIZE;
    EVP_PKEY *key = NULL;
    EVP_MD_CTX *context = NULL;
    vmh_status status = VMH_OK;
    int answer = 0;

    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, VMH_ED25519_SEED_SIZE);
    if (key == NULL)
        goto done;
    context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1)
        goto done;
    answer = EVP_DigestSign(context, signature, &size, message.data, message.size);

done:
    if (answer != 1)
        status = vmh_fail_libcrypto(why, "signing with Ed25519");
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return status;
}

/* More threads than this gain nothing on the sets that a host sees. */
enum { MAX_THREADS = 32 };

/* A run of neighbours that one thread verifies. */
typedef struct chunk {
    vmh_verification *verifications;
    size_t count;
    vmh_status status;
    vmh_failure why;
} chunk;

static void *verify_chunk(void *argument)
{
    chunk *work = argument;

    work->status = VMH_OK;
    for (size_t i = 0; i < work->count && work->status == VMH_OK; i++) {
        vmh_verification *one = &work->verifications[i];

        work->status = vmh_ed25519_verify(one->public_key, one->message, one->signature,
                                          &one->valid, &work->why);
    }
    return NULL;
}

vmh_status vmh_ed25519_verify_all(vmh_verification *verifications, size_t count, size_t threads,
                                  vmh_failure *why)
{
    chunk chunks[MAX_THREADS];
    pthread_t started[MAX_THREADS];
    size_t started_count = 0, chunk_count;

    chunk_count = threads < MAX_THREADS ? threads : MAX_THREADS;
    chunk_count = chunk_count < count ? chunk_count : count;
    for (size_t i = 0, first = 0; i < chunk_count; i++) {
        chunks[i].verifications = verifications + first;
        chunks[i].count = (count - first) / (chunk_count - i);
        first += chunks[i].count;
    }
    while (started_count + 1 < chunk_count &&
           pthread_create(&started[started_count], NULL, verify_chunk,
                          &chunks[started_count]) == 0)
        started_count++;
    /* This thread does the last chunk and those whose thread did not start. */
    for (size_t i = started_count; i < chunk_count; i++)
        verify_chunk(&chunks[i]);
    for (size_t i = 0; i < started_count; i++)
        pthread_join(started[i], NULL);
    for (size_t i = 0; i < chunk_count; i++) {
        if (chunks[i].status != VMH_OK)
            return vmh_fail(why, chunks[i].status, "%s", chunks[i].why.text);
    }
    return VMH_OK;
}
