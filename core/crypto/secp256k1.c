/*
 * ECDSA over secp256k1 on libcrypto's numbers and points. libcrypto has no key
 * recovery, and its own verification does not tell a wrong signature from a
 * failed allocation; so the two equations are written out here:
 *
 *   verify    R = (z / s) G + (r / s) Q,   valid if R.x mod n = r
 *   recover   Q = (-z / r) G + (s / r) R,  R from r and v
 */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "crypto/digest.h"
#include "crypto/libcrypto.h"
#include "crypto/signature.h"

/* What a step says: a property of the data, or that libcrypto failed. */
typedef enum answer { FAILED = -1, NO = 0, YES = 1 } answer;

/* The group and what one call computes with. Making it costs a thirtieth of a verification. */
typedef struct curve {
    EC_GROUP *group;
    BN_CTX *ctx;
    const BIGNUM *p, *n;
    BIGNUM *half_n; /* rounded down */
    BIGNUM *root;   /* (p + 1) / 4: a square to this power is its root, as p mod 4 is 3 */
} curve;

/* False if libcrypto failed; the curve is to be cleared in any case. */
static bool curve_init(curve *c)
{
    c->group = EC_GROUP_new_by_curve_name(NID_secp256k1);
    c->ctx = BN_CTX_new();
    c->half_n = BN_new();
    c->root = BN_new();
    if (c->group == NULL || c->ctx == NULL || c->half_n == NULL || c->root == NULL)
        return false;
    c->p = EC_GROUP_get0_field(c->group);
    c->n = EC_GROUP_get0_order(c->group);
    return BN_rshift1(c->half_n, c->n) == 1 && BN_copy(c->root, c->p) != NULL &&
           BN_add_word(c->root, 1) == 1 && BN_rshift(c->root, c->root, 2) == 1;
}

static void curve_clear(curve *c)
{
    BN_free(c->root);
    BN_free(c->half_n);
    BN_CTX_free(c->ctx);
    EC_GROUP_free(c->group);
}

/* 1 to n - 1: what secrets, nonces, r and s must be. */
static bool is_scalar(const curve *c, const BIGNUM *number)
{
    return !BN_is_zero(number) && BN_cmp(number, c->n) < 0;
}

/* out = x^3 + 7 */
static bool curve_equation(const curve *c, const BIGNUM *x, BIGNUM *out)
{
    return BN_mod_sqr(out, x, c->p, c->ctx) == 1 && BN_mod_mul(out, out, x, c->p, c->ctx) == 1 &&
           BN_add_word(out, 7) == 1 && BN_nnmod(out, out, c->p, c->ctx) == 1;
}

static answer read_public_key(const curve *c, vmh_bytes bytes, EC_POINT *out)
{
    BIGNUM *x, *y, *left, *right;
    answer on_curve = FAILED;

    BN_CTX_start(c->ctx);
    x = BN_CTX_get(c->ctx);
    y = BN_CTX_get(c->ctx);
    left = BN_CTX_get(c->ctx);
    right = BN_CTX_get(c->ctx);
    if (right == NULL || BN_bin2bn(bytes.data, 32, x) == NULL ||
        BN_bin2bn(bytes.data + 32, 32, y) == NULL || !curve_equation(c, x, right) ||
        BN_mod_sqr(left, y, c->p, c->ctx) != 1)
        goto done;
    on_curve = BN_cmp(x, c->p) < 0 && BN_cmp(y, c->p) < 0 && BN_cmp(left, right) == 0;
    if (on_curve == YES && EC_POINT_set_affine_coordinates(c->group, out, x, y, c->ctx) != 1)
        on_curve = FAILED;

done:
    BN_CTX_end(c->ctx);
    return on_curve;
}

/* The point of that x and parity of y; NO if the curve has none. */
static answer lift(const curve *c, const BIGNUM *x, int odd, EC_POINT *out)
{
    BIGNUM *square, *y, *check;
    answer on_curve = FAILED;

    BN_CTX_start(c->ctx);
    square = BN_CTX_get(c->ctx);
    y = BN_CTX_get(c->ctx);
    check = BN_CTX_get(c->ctx);
    if (check == NULL || !curve_equation(c, x, square) ||
        BN_mod_exp(y, square, c->root, c->p, c->ctx) != 1 ||
        BN_mod_sqr(check, y, c->p, c->ctx) != 1)
        goto done;
    on_curve = BN_cmp(x, c->p) < 0 && BN_cmp(check, square) == 0;
    if (on_curve == YES && BN_is_odd(y) != odd && BN_sub(y, c->p, y) != 1)
        on_curve = FAILED;
    if (on_curve == YES && EC_POINT_set_affine_coordinates(c->group, out, x, y, c->ctx) != 1)
        on_curve = FAILED;

done:
    BN_CTX_end(c->ctx);
    return on_curve;
}

/* out = (a / divisor) G + (b / divisor) point; NO if that is the point at infinity. */
static answer combine(const curve *c, const BIGNUM *a, const BIGNUM *b,
                      const BIGNUM *divisor, const EC_POINT *point, EC_POINT *out)
{
    BIGNUM *inverse, *u, *v;
    answer finite = FAILED;

    BN_CTX_start(c->ctx);
    inverse = BN_CTX_get(c->ctx);
    u = BN_CTX_get(c->ctx);
    v = BN_CTX_get(c->ctx);
    if (v != NULL && BN_mod_inverse(inverse, divisor, c->n, c->ctx) != NULL &&
        BN_mod_mul(u, a, inverse, c->n, c->ctx) == 1 &&
        BN_mod_mul(v, b, inverse, c->n, c->ctx) == 1 &&
        EC_POINT_mul(c->group, out, u, point, v, c->ctx) == 1)
        finite = !EC_POINT_is_at_infinity(c->group, out);
    BN_CTX_end(c->ctx);
    return finite;
}

/* Reads the numbers of a signature; NO if one is not a scalar. */
static answer read_signature(const curve *c, vmh_bytes signature, BIGNUM *r, BIGNUM *s)
{
    if (BN_bin2bn(signature.data, 32, r) == NULL || BN_bin2bn(signature.data + 32, 32, s) == NULL)
        return FAILED;
    return is_scalar(c, r) && is_scalar(c, s);
}

/* z: the digest as a number mod n. */
static bool read_digest(const curve *c, const vmh_hash32 *digest, BIGNUM *z)
{
    return BN_bin2bn(digest->bytes, sizeof digest->bytes, z) != NULL &&
           BN_nnmod(z, z, c->n, c->ctx) == 1;
}

static answer verify(const curve *c, vmh_bytes public_key, const vmh_hash32 *digest,
                     vmh_bytes signature)
{
    EC_POINT *key = EC_POINT_new(c->group);
    EC_POINT *point = EC_POINT_new(c->group);
    BIGNUM *r, *s, *z, *x;
    answer valid = FAILED;

    BN_CTX_start(c->ctx);
    r = BN_CTX_get(c->ctx);
    s = BN_CTX_get(c->ctx);
    z = BN_CTX_get(c->ctx);
    x = BN_CTX_get(c->ctx);
    if (key == NULL || point == NULL || x == NULL || !read_digest(c, digest, z))
        goto done;
    valid = read_signature(c, signature, r, s);
    if (valid == YES)
        valid = BN_cmp(s, c->half_n) <= 0;
    if (valid == YES)
        valid = read_public_key(c, public_key, key);
    if (valid == YES)
        valid = combine(c, z, r, s, key, point);
    if (valid != YES)
        goto done;
    if (EC_POINT_get_affine_coordinates(c->group, point, x, NULL, c->ctx) != 1 ||
        BN_nnmod(x, x, c->n, c->ctx) != 1)
        valid = FAILED;
    else
        valid = BN_cmp(x, r) == 0;

done:
    BN_CTX_end(c->ctx);
    EC_POINT_free(point);
    EC_POINT_free(key);
    return valid;
}

static bool write_point(const curve *c, const EC_POINT *point, uint8_t out[64])
{
    BIGNUM *x, *y;
    bool written;

    BN_CTX_start(c->ctx);
    x = BN_CTX_get(c->ctx);
    y = BN_CTX_get(c->ctx);
    written = y != NULL && EC_POINT_get_affine_coordinates(c->group, point, x, y, c->ctx) == 1 &&
              BN_bn2binpad(x, out, 32) == 32 && BN_bn2binpad(y, out + 32, 32) == 32;
    BN_CTX_end(c->ctx);
    return written;
}

static answer recover(const curve *c, const vmh_hash32 *digest, vmh_bytes signature,
                      uint8_t public_key[64])
{
    EC_POINT *point = EC_POINT_new(c->group);
    EC_POINT *key = EC_POINT_new(c->group);
    uint8_t v = signature.data[64];
    BIGNUM *r, *s, *z, *x;
    answer found = FAILED;

    BN_CTX_start(c->ctx);
    r = BN_CTX_get(c->ctx);
    s = BN_CTX_get(c->ctx);
    z = BN_CTX_get(c->ctx);
    x = BN_CTX_get(c->ctx);
    if (point == NULL || key == NULL || x == NULL || !read_digest(c, digest, z))
        goto done;
    BN_set_negative(z, 1);
    found = read_signature(c, signature, r, s);
    if (found != YES)
        goto done;
    if (BN_copy(x, r) == NULL || ((v & 2) != 0 && BN_add(x, x, c->n) != 1))
        found = FAILED;
    if (found == YES)
        found = lift(c, x, v & 1, point);
    if (found == YES)
        found = combine(c, z, s, r, point, key);
    if (found == YES && !write_point(c, key, public_key))
        found = FAILED;

done:
    BN_CTX_end(c->ctx);
    EC_POINT_free(key);
    EC_POINT_free(point);
    return found;
}

static vmh_status conclude(answer said, bool *yes, const char *action, vmh_failure *why)
{
    *yes = said == YES;
    return said == FAILED ? vmh_fail_libcrypto(why, action) : VMH_OK;
}

vmh_status vmh_secp256k1_verify(vmh_bytes public_key, const vmh_hash32 *digest,
                                vmh_bytes signature, bool *valid, vmh_failure *why)
{
    curve c;
    answer said = FAILED;

    *valid = false;
    if (public_key.size != VMH_SECP256K1_KEY_SIZE ||
        (signature.size != VMH_SECP256K1_SIGNATURE_SIZE &&
         signature.size != VMH_SECP256K1_SIGNATURE_SIZE - 1))
        return VMH_OK;
    if (curve_init(&c))
        said = verify(&c, public_key, digest, signature);
    curve_clear(&c);
    return conclude(said, valid, "verifying a secp256k1 signature", why);
}

vmh_status vmh_secp256k1_recover(const vmh_hash32 *digest, vmh_bytes signature,
                                 uint8_t public_key[64], bool *found, vmh_failure *why)
{
    curve c;
    answer said = FAILED;

    *found = false;
    if (signature.size != VMH_SECP256K1_SIGNATURE_SIZE || signature.data[64] > 3)
        return VMH_OK;
    if (curve_init(&c))
        said = recover(&c, digest, signature, public_key);
    curve_clear(&c);
    return conclude(said, found, "recovering a secp256k1 key", why);
}

/* Reads a secret for constant-time use; NO if it is not a scalar. */
static answer read_secret(const curve *c, const uint8_t secret[32], BIGNUM *out)
{
    if (BN_bin2bn(secret, 32, out) == NULL)
        return FAILED;
    BN_set_flags(out, BN_FLG_CONSTTIME);
    return is_scalar(c, out);
}

static answer derive(const curve *c, const uint8_t secret[32], uint8_t public_key[64])
{
    EC_POINT *point = EC_POINT_new(c->group);
    BIGNUM *d;
    answer usable = FAILED;

    BN_CTX_start(c->ctx);
    d = BN_CTX_get(c->ctx);
    if (point != NULL && d != NULL)
        usable = read_secret(c, secret, d);
    if (usable == YES && (EC_POINT_mul(c->group, point, d, NULL, NULL, c->ctx) != 1 ||
                          !write_point(c, point, public_key)))
        usable = FAILED;
    BN_CTX_end(c->ctx);
    EC_POINT_free(point);
    return usable;
}

/* The generator of nonces of RFC 6979, 3.2, with HMAC-SHA-256. */
typedef struct nonces {
    vmh_hash32 key, value;
} nonces;

/* HMAC over the value, a separator and what follows; without separator over the value alone. */
static void hmac(const nonces *state, const uint8_t *separator, const uint8_t *rest,
                 size_t rest_size, vmh_hash32 *out)
{
    uint8_t inner[64], outer[64];
    vmh_hash32 digest;

    memset(inner, 0x36, sizeof inner);
    memset(outer, 0x5c, sizeof outer);
    for (size_t i = 0; i < sizeof state->key.bytes; i++) {
        inner[i] ^= state->key.bytes[i];
        outer[i] ^= state->key.bytes[i];
    }
    vmh_sha256_parts((vmh_bytes[]){vmh_bytes_of(inner, sizeof inner),
                                   vmh_bytes_hash(&state->value),
                                   vmh_bytes_of(separator, separator == NULL ? 0 : 1),
                                   vmh_bytes_of(rest, rest_size)},
                     4, &digest);
    vmh_sha256_parts((vmh_bytes[]){vmh_bytes_of(outer, sizeof outer), vmh_bytes_hash(&digest)}, 2,
                     out);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
}

static void nonces_stir(nonces *state, uint8_t separator, const uint8_t *rest, size_t rest_size)
{
    hmac(state, &separator, rest, rest_size, &state->key);
    hmac(state, NULL, NULL, 0, &state->value);
}

/* `seed`: the secret, then the digest mod n. */
static void nonces_init(nonces *state, const uint8_t seed[64])
{
    memset(state->key.bytes, 0, sizeof state->key.bytes);
    memset(state->value.bytes, 1, sizeof state->value.bytes);
    nonces_stir(state, 0, seed, 64);
    nonces_stir(state, 1, seed, 64);
}

/*
 * Signs z with the secret d and the nonce k. NO if another nonce is needed,
 * which happens once in 2^127 times.
 */
static answer sign_with_nonce(const curve *c, const BIGNUM *d, const BIGNUM *z, const BIGNUM *k,
                              uint8_t signature[65])
{
    EC_POINT *point = EC_POINT_new(c->group);
    BIGNUM *x, *y, *inverse, *r, *s;
    answer made = FAILED;
    bool high;

    BN_CTX_start(c->ctx);
    x = BN_CTX_get(c->ctx);
    y = BN_CTX_get(c->ctx);
    inverse = BN_CTX_get(c->ctx);
    r = BN_CTX_get(c->ctx);
    s = BN_CTX_get(c->ctx);
    if (point == NULL || s == NULL || EC_POINT_mul(c->group, point, k, NULL, NULL, c->ctx) != 1 ||
        EC_POINT_get_affine_coordinates(c->group, point, x, y, c->ctx) != 1 ||
        BN_nnmod(r, x, c->n, c->ctx) != 1 || BN_mod_mul(s, r, d, c->n, c->ctx) != 1 ||
        BN_mod_add(s, s, z, c->n, c->ctx) != 1 ||
        BN_mod_inverse(inverse, k, c->n, c->ctx) == NULL ||
        BN_mod_mul(s, s, inverse, c->n, c->ctx) != 1)
        goto done;
    /* n - s belongs to -R, whose y has the other parity. */
    high = BN_cmp(s, c->half_n) > 0;
    if ((high && BN_sub(s, c->n, s) != 1) || BN_bn2binpad(r, signature, 32) != 32 ||
        BN_bn2binpad(s, signature + 32, 32) != 32)
        goto done;
    signature[64] = (uint8_t)((BN_cmp(x, c->n) >= 0) << 1 | (BN_is_odd(y) != high));
    made = is_scalar(c, r) && is_scalar(c, s);

done:
    BN_CTX_end(c->ctx);
    EC_POINT_free(point);
    return made;
}

static answer sign(const curve *c, const uint8_t secret[32], const vmh_hash32 *digest,
                   uint8_t signature[65])
{
    uint8_t seed[64];
    nonces state;
    BIGNUM *d, *z, *k;
    answer usable = FAILED, made = NO;

    BN_CTX_start(c->ctx);
    d = BN_CTX_get(c->ctx);
    z = BN_CTX_get(c->ctx);
    k = BN_CTX_get(c->ctx);
    if (k != NULL && read_digest(c, digest, z) && BN_bn2binpad(z, seed + 32, 32) == 32)
        usable = read_secret(c, secret, d);
    if (usable != YES)
        goto done;
    memcpy(seed, secret, 32);
    nonces_init(&state, seed);
    while (made == NO) {
        hmac(&state, NULL, NULL, 0, &state.value);
        made = read_secret(c, state.value.bytes, k);
        if (made == YES)
            made = sign_with_nonce(c, d, z, k, signature);
        if (made == NO)
            nonces_stir(&state, 0, NULL, 0);
    }
    usable = made;

done:
    OPENSSL_cleanse(seed, sizeof seed);
    OPENSSL_cleanse(&state, sizeof state);
    BN_CTX_end(c->ctx);
    return usable;
}

static vmh_status conclude_secret(answer said, const char *action, vmh_failure *why)
{
    if (said == NO)
        return vmh_fail(why, VMH_E_INPUT,
                        "secp256k1 secret is not a number from 1 to the order less 1");
    return said == FAILED ? vmh_fail_libcrypto(why, action) : VMH_OK;
}

vmh_status vmh_secp256k1_public_key(const uint8_t secret[32], uint8_t public_key[64],
                                    vmh_failure *why)
{
    curve c;
    answer said = FAILED;

    if (curve_init(&c))
        said = derive(&c, secret, public_key);
    curve_clear(&c);
    return conclude_secret(said, "deriving a secp256k1 key", why);
}

vmh_status vmh_secp256k1_sign(const uint8_t secret[32], const vmh_hash32 *digest,
                              uint8_t signature[65], vmh_failure *why)
{
    curve c;
    answer said = FAILED;

    if (curve_init(&c))
        said = sign(&c, secret, digest, signature);
    curve_clear(&c);
    return conclude_secret(said, "signing with secp256k1", why);
}
