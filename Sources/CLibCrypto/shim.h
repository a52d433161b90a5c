#include <string.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* OpenSSL's stacks and flags are macros, which Swift does not import: what needs them is here. */

enum {
  PITHLEDGER_TOKEN_OK = 1,
  PITHLEDGER_TOKEN_UNTRUSTED = 0,
  PITHLEDGER_TOKEN_MALFORMED = -1,
  PITHLEDGER_TOKEN_CONTENT_TYPE = -2,
  PITHLEDGER_TOKEN_SIGNATURE = -3,
  PITHLEDGER_TOKEN_PURPOSE = -4,
  PITHLEDGER_TOKEN_CHAIN = -5,
  PITHLEDGER_TOKEN_ESS = -6,
  PITHLEDGER_TOKEN_MESSAGE_DIGEST = -7,
  PITHLEDGER_TOKEN_WEAK = -8,
};

/* OpenSSL's level of 112 bits: RSA and DSA from 2048 bits, no MD5 and no SHA-1 in a chain. */
#define PITHLEDGER_SECURITY_LEVEL 2

/* Whether a digest may stand under a signature. */
static inline int pithledger_is_strong_digest(int nid) {
  switch (nid) {
    case NID_sha256: case NID_sha384: case NID_sha512:
    case NID_sha3_256: case NID_sha3_384: case NID_sha3_512: return 1;
    default: return 0;
  }
}

/* Whether a key is long enough: 2048 bits of RSA or DSA, 256 of a curve. */
static inline int pithledger_is_strong_key(EVP_PKEY *key) {
  if (key == NULL) return 0;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: case EVP_PKEY_RSA_PSS: case EVP_PKEY_DSA: return EVP_PKEY_get_bits(key) >= 2048;
    case EVP_PKEY_EC: return EVP_PKEY_get_bits(key) >= 256;
    case EVP_PKEY_ED25519: case EVP_PKEY_ED448: return 1;
    default: return 0;
  }
}

/* Whether a certificate's key is long enough, and what signed it is no weak digest. What a root says of itself
   proves nothing, and so may be signed in any way. */
static inline int pithledger_is_strong_certificate(X509 *certificate) {
  int digest = NID_undef;
  if (!pithledger_is_strong_key(X509_get0_pubkey(certificate))) return 0;
  if (X509_get_extension_flags(certificate) & EXFLAG_SS) return 1;
  if (!X509_get_signature_info(certificate, &digest, NULL, NULL, NULL)) return 0;
  /* Ed25519 and Ed448 have their digest within. */
  int id = X509_get_signature_nid(certificate);
  return id == NID_ED25519 || id == NID_ED448 || pithledger_is_strong_digest(digest);
}

/* Whether a token is signed over a strong digest, by a strong key that a strong certificate names. */
static inline int pithledger_is_strongly_signed(PKCS7_SIGNER_INFO *info, X509 *signer) {
  int digest = NID_undef;
  if (!pithledger_is_strong_digest(OBJ_obj2nid(info->digest_alg->algorithm))) return 0;
  /* Most name the key's kind alone; what names a digest as well names a strong one. */
  if (OBJ_find_sigid_algs(OBJ_obj2nid(info->digest_enc_alg->algorithm), &digest, NULL) && digest != NID_undef &&
      !pithledger_is_strong_digest(digest))
    return 0;
  return pithledger_is_strong_certificate(signer);
}

/* Whether all of a chain is strong, its root's key too. */
static inline int pithledger_is_strong_chain(STACK_OF(X509) *chain) {
  for (int i = 0; i < sk_X509_num(chain); i++) {
    if (!pithledger_is_strong_certificate(sk_X509_value(chain, i))) return 0;
  }
  return sk_X509_num(chain) > 0;
}

static inline int pithledger_is_weakness(int error) {
  return error == X509_V_ERR_EE_KEY_TOO_SMALL || error == X509_V_ERR_CA_KEY_TOO_SMALL ||
         error == X509_V_ERR_CA_MD_TOO_WEAK;
}

/* Whether a chain ends at nothing we know, which is no proof that it is bad. */
static inline int pithledger_is_unknown_issuer(int error) {
  return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
         error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
         error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

/* The content type that is signed must be TSTInfo's: PKCS7_verify compares digests, and not this. */
static inline int pithledger_signs_tst_info(PKCS7 *token) {
  STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(token);
  if (signers == NULL || sk_PKCS7_SIGNER_INFO_num(signers) != 1) return 0;
  ASN1_TYPE *type = PKCS7_get_signed_attribute(
      sk_PKCS7_SIGNER_INFO_value(signers, 0), NID_pkcs9_contentType);
  return type != NULL && type->type == V_ASN1_OBJECT &&
         OBJ_obj2nid(type->value.object) == NID_id_smime_ct_TSTInfo;
}

/* Whether the certificate that the signed attributes name first is the signer's (RFC 5035, section 5.4.1;
   RFC 2634 for SHA-1). Any others that they name must be at hand. */
static inline int pithledger_names_its_signer(PKCS7 *token, X509 *signer, STACK_OF(X509) *extra) {
  PKCS7_SIGNER_INFO *info = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0);
  ASN1_TYPE *first = PKCS7_get_signed_attribute(info, NID_id_smime_aa_signingCertificate);
  ASN1_TYPE *second = PKCS7_get_signed_attribute(info, NID_id_smime_aa_signingCertificateV2);
  STACK_OF(X509) *chain = sk_X509_new_null();
  STACK_OF(X509) *own = token->d.sign->cert;
  ESS_SIGNING_CERT *v1 = NULL;
  ESS_SIGNING_CERT_V2 *v2 = NULL;
  int holds = chain != NULL && sk_X509_push(chain, signer);
  if (holds && first != NULL) {
    const unsigned char *p = first->type == V_ASN1_SEQUENCE ? first->value.sequence->data : NULL;
    holds = p != NULL && (v1 = d2i_ESS_SIGNING_CERT(NULL, &p, first->value.sequence->length)) != NULL;
  }
  if (holds && second != NULL) {
    const unsigned char *p = second->type == V_ASN1_SEQUENCE ? second->value.sequence->data : NULL;
    holds = p != NULL && (v2 = d2i_ESS_SIGNING_CERT_V2(NULL, &p, second->value.sequence->length)) != NULL;
  }
  for (int i = 0; holds && i < sk_X509_num(own); i++) {
    if (sk_X509_value(own, i) != signer) holds = sk_X509_push(chain, sk_X509_value(own, i));
  }
  for (int i = 0; holds && i < sk_X509_num(extra); i++) {
    if (sk_X509_value(extra, i) != signer) holds = sk_X509_push(chain, sk_X509_value(extra, i));
  }
  if (holds) holds = OSSL_ESS_check_signing_certs(v1, v2, chain, 1) > 0;
  ESS_SIGNING_CERT_free(v1);
  ESS_SIGNING_CERT_V2_free(v2);
  sk_X509_free(chain);
  return holds;
}

/* Checks a token, RFC 3161 section 2.2 and RFC 5816, with its chain valid at a time.
   roots: any number of certificates in PEM. Returns one of the above; reason gets OpenSSL's words, or for
   an untrusted chain the name of the certificate that is missing. */
static inline int pithledger_check_token(
    const unsigned char *der, long length, const char *roots, int roots_length, long long at,
    char *reason, int capacity) {
  int result = PITHLEDGER_TOKEN_MALFORMED;
  const char *words = "";
  char missing[224];
  const unsigned char *end = der;
  BIO *pem = NULL;
  X509_STORE *store = NULL;
  X509_STORE_CTX *chain = NULL;
  STACK_OF(X509) *extra = NULL, *signers = NULL;
  X509 *signer = NULL, *certificate = NULL;
  PKCS7 *token = NULL;

  ERR_clear_error();
  token = d2i_PKCS7(NULL, &end, length);
  if (token == NULL || end != der + length || !PKCS7_type_is_signed(token)) goto done;
  if (!pithledger_signs_tst_info(token)) {
    result = PITHLEDGER_TOKEN_CONTENT_TYPE;
    goto done;
  }
  store = X509_STORE_new();
  extra = sk_X509_new_null();
  pem = BIO_new_mem_buf(roots, roots_length);
  if (store == NULL || extra == NULL || pem == NULL) goto done;
  while ((certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
    X509_STORE_add_cert(store, certificate);
    /* A token may leave its signer's certificate out; then it is looked for among the trusted. */
    if (!sk_X509_push(extra, certificate)) X509_free(certificate);
  }
  ERR_clear_error();
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)at);
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), PITHLEDGER_SECURITY_LEVEL);

  signers = PKCS7_get0_signers(token, extra, 0);
  if (signers == NULL || sk_X509_num(signers) != 1) {
    words = "the certificate of its signer, which is not in the token";
    result = PITHLEDGER_TOKEN_UNTRUSTED;
    goto done;
  }
  signer = sk_X509_value(signers, 0);
  if (PKCS7_verify(token, extra, NULL, NULL, NULL, PKCS7_NOVERIFY) != 1) {
    /* The digest of what is signed is compared first; its failure is the first of the errors. */
    unsigned long error = ERR_peek_error();
    result = ERR_GET_LIB(error) == ERR_LIB_PKCS7 && ERR_GET_REASON(error) == PKCS7_R_DIGEST_FAILURE
                 ? PITHLEDGER_TOKEN_MESSAGE_DIGEST
                 : PITHLEDGER_TOKEN_SIGNATURE;
    goto done;
  }
  if (!pithledger_is_strongly_signed(sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0), signer)) {
    words = "the token's or its signer's signature";
    result = PITHLEDGER_TOKEN_WEAK;
    goto done;
  }
  result = PITHLEDGER_TOKEN_ESS;
  if (!pithledger_names_its_signer(token, signer, extra)) goto done;
  result = PITHLEDGER_TOKEN_PURPOSE;
  if (X509_check_purpose(signer, X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1) {
    words = "the certificate is not for timestamping alone";
    goto done;
  }
  result = PITHLEDGER_TOKEN_MALFORMED;
  chain = X509_STORE_CTX_new();
  if (chain == NULL ||
      !X509_STORE_CTX_init(chain, store, signer, token->d.sign->cert))
    goto done;
  X509_STORE_CTX_set_purpose(chain, X509_PURPOSE_TIMESTAMP_SIGN);
  if (X509_verify_cert(chain) != 1) {
    int error = X509_STORE_CTX_get_error(chain);
    words = X509_verify_cert_error_string(error);
    result = pithledger_is_unknown_issuer(error) ? PITHLEDGER_TOKEN_UNTRUSTED
             : pithledger_is_weakness(error)     ? PITHLEDGER_TOKEN_WEAK
                                                 : PITHLEDGER_TOKEN_CHAIN;
    if (result == PITHLEDGER_TOKEN_UNTRUSTED && X509_STORE_CTX_get_current_cert(chain) != NULL) {
      /* Other characters than printable ASCII are escaped, and a long name is cut. */
      X509_NAME_oneline(
          X509_get_issuer_name(X509_STORE_CTX_get_current_cert(chain)), missing, sizeof missing);
      words = missing;
    }
    goto done;
  }
  if (!pithledger_is_strong_chain(X509_STORE_CTX_get0_chain(chain))) {
    words = "a certificate of the chain";
    result = PITHLEDGER_TOKEN_WEAK;
    goto done;
  }
  /* The same again by OpenSSL's own rules for tokens, with the certificate named held against the chain. */
  result = TS_RESP_verify_signature(token, extra, store, NULL) == 1 ? PITHLEDGER_TOKEN_OK
                                                                   : PITHLEDGER_TOKEN_ESS;
done:
  if (words[0] == 0) {
    unsigned long error = ERR_peek_last_error();
    const char *text = error ? ERR_reason_error_string(error) : NULL;
    words = text ? text : "";
  }
  strncpy(reason, words, capacity - 1);
  reason[capacity - 1] = 0;
  ERR_clear_error();
  X509_STORE_CTX_free(chain);
  sk_X509_free(signers);
  sk_X509_pop_free(extra, X509_free);
  X509_STORE_free(store);
  BIO_free(pem);
  PKCS7_free(token);
  return result;
}

/* How many certificates a PEM text holds, or -1 where one of them cannot be read. */
static inline int pithledger_count_certificates(const char *text, int length) {
  BIO *pem = BIO_new_mem_buf(text, length);
  int count = 0;
  X509 *certificate;
  if (pem == NULL) return -1;
  ERR_clear_error();
  while ((certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
    count++;
    X509_free(certificate);
  }
  unsigned long error = ERR_peek_last_error();
  int clean = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  BIO_free(pem);
  return clean ? count : -1;
}

/* RIPEMD-160 of some bytes; 1 where it worked. */
static inline int pithledger_ripemd160(const unsigned char *data, size_t length, unsigned char *out) {
  return EVP_Digest(data, length, out, NULL, EVP_ripemd160(), NULL);
}
