/// The problems of keys, signatures and authority.
enum KeyProblems {
  static let all: [ProblemType] = [
    .init(
      "signature", [400, 422, 503], "The signature does not hold",
      "The signature is missing where the body needs one (400), does not verify over the event id (422), or the ledger's "
        + "key could not sign (503).",
      "Sign the 32 bytes of the digest that ?prepare=true answers with."),
    .init(
      "signer", [422], "The signer differs from the registration of the key",
      "The members of signer equal those with which the key was registered.",
      "Use the members of the registration."),
    .init(
      "signer_type", [422], "There is no such type of signer",
      "The member names none of the types, or one that is not allowed here.",
      "Use one of the types in detail."),
    .init(
      "known_key", [404, 409, 422], "The key is not registered, or is already",
      "No key with this fingerprint is registered here (404, 422), or the key to be registered is registered (409).",
      "Register the key first. A registered key needs no second registration."),
    .init(
      "authority", [403, 422], "The signer may not make this statement",
      "The statement needs another signer: the registry, a vouched moderator, or the signer of the earlier statement.",
      "Let the signer in detail sign it."),
    .init(
      "revoked", [422], "The key is revoked",
      "A revoked key signs nothing any more.", "Sign with another registered key."),
    .init(
      "vouched", [409], "The vouch is in this state already",
      "The key is vouched for in this capacity already, or no vouch that could be withdrawn is in force.",
      "Nothing is to be done, or withdraw the other vouch first."),
    .init(
      "fingerprint", [400, 404, 422], "The fingerprint does not fit",
      "The text is no fingerprint (400), no such key is registered (404), or it is another key's (422).",
      "A fingerprint is the first 16 bytes of SHA-256 of the public key, in hexadecimal."),
    .init(
      "compromised_from_position", [422], "The position is later than the revocation",
      "A key counts as compromised from a position at or before its revocation.",
      "Use an earlier position."),
    .init(
      "receipt_key", [422], "Keys of receipts sign no events",
      "The key is trusted for receipts. Receipts and events are signatures over bare digests and must not be confused.",
      "Register another key."),
    .init(
      "registry_key", [403, 503], "The registry key cannot be used",
      "The key file of the registry is missing, unsafe, or not that of the registry's present key.",
      "The operator puts the present key file in its place.", endsByItself: false),
    .init(
      "log", [422, 503], "The statement is for another log",
      "A statement of authority names the log for which it is made (422). With 503 an entry of the log cannot be read.",
      "Name the origin of this ledger in log."),
  ]
}
