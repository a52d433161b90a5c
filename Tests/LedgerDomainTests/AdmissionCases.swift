import CanonicalJSON
import Encodings
import LedgerDomain

extension AdmissionTests {
  static let common: [Case] = [
    Case("a clock that is ahead", .createdAt, "created_at") {
      try $0.citation(at: AdmissionScene.now.adding(seconds: 301))
    },
    Case("evidence without a name", .evidence, "evidence.\(Digest(hashing: [1]).hex)") {
      $0.context.evidence = evidence([1])
      return try $0.citation()
    },
    Case("a proof that was not sent", .evidence, "evidence") {
      try anchor($0, ots($0.record.digest))
    },
    Case(
      "a record that the ledger does not have", .subject, "subject_pith_number", code: .notFound
    ) {
      $0.context.record = nil
      return try $0.citation()
    },
    Case("a claim that the snapshot does not have", .claims, "target") {
      try $0.event(
        .citationSignature, ["citing_doi": "10.1/1", "relation": "cites"], by: $0.author,
        target: "claim:C9")
    },
    Case("a replication of an unknown claim", .claims, "payload.claim_ids") {
      try replication($0, by: $0.author, claim: "C9")
    },
  ]

  static let signers: [Case] = [
    Case("a key that is not registered", .knownKey, "signer.public_key_fingerprint") {
      try $0.citation(by: $0.unregistered)
    },
    Case("a signature by another key", .signature, "signature.signature_b64") {
      try $0.event(
        .citationSignature, ["citing_doi": "10.1/1", "relation": "cites"], by: $0.stranger,
        signer: $0.author.signer)
    },
    Case("a signer that differs from the registration", .signer, "signer") {
      let signer = Signer(
        keyID: "k", fingerprint: $0.stranger.fingerprint, signerID: "urn:other",
        signerType: .author)
      return try $0.event(
        .citationSignature, ["citing_doi": "10.1/1", "relation": "cites"], by: $0.stranger,
        signer: signer)
    },
    Case("a revoked key", .revoked, "signer.public_key_fingerprint") {
      $0.append(try revocation($0, of: $0.author, by: $0.author))
      return try $0.citation()
    },
    Case("a type that only the registry signs", .authority, "signer", code: .forbidden) {
      try $0.event(
        .aliasAdded, ["alias_kind": "doi", "alias_value": "10.1/2"], by: $0.author)
    },
    Case("a citation by the registry", .authority, "signer", code: .forbidden) {
      try $0.citation(by: $0.registry)
    },
    Case("a replication by the registry", .authority, "signer", code: .forbidden) {
      try replication($0, by: $0.registry)
    },
    Case("a claim of authorship by the registry", .authority, "signer", code: .forbidden) {
      try claim($0, by: $0.registry)
    },
    Case("a statement for another ledger", .log, "payload.log") {
      try revocation($0, of: $0.author, by: $0.author, log: "example.org/other")
    },
  ]

  static let keys: [Case] = [
    Case("a registration for another key", .fingerprint, "signer.public_key_fingerprint") {
      try $0.registration(of: $0.unregistered, target: $0.author.fingerprint)
    },
    Case("a registration of a receipt key", .receiptKey, "payload.public_key_b64") {
      $0.context.trustedReceiptKeys = [$0.unregistered.fingerprint: $0.unregistered.key.publicKey]
      return try $0.registration(of: $0.unregistered)
    },
    Case("a second registration", .knownKey, "payload.public_key_b64", code: .conflict) {
      try $0.registration(of: $0.author)
    },
    Case(
      "a registration as moderator", .authority, "signer.signer_type", code: .forbidden
    ) {
      try $0.registration(of: AdmissionScene.Person("urn:x", .moderator))
    },
    Case("a registration as registry", .authority, "signer.signer_type", code: .forbidden) {
      $0.context.operatorAuthorised = true
      return try $0.registration(of: AdmissionScene.Person("urn:x", .registry))
    },
    Case("a second vouch", .vouched, "payload.public_key_fingerprint", code: .conflict) {
      try $0.vouching($0.author, as: .author)
    },
    Case("a vouch for an unknown key", .knownKey, "payload.public_key_fingerprint") {
      try $0.vouching($0.unregistered, as: .author)
    },
    Case("a vouch under another name", .signer, "payload.signer_id") {
      try $0.vouching($0.stranger, as: .author, id: "urn:other")
    },
    Case("a vouch for a revoked key", .revoked, "payload.public_key_fingerprint") {
      $0.append(try revocation($0, of: $0.stranger, by: $0.registry))
      return try $0.vouching($0.stranger, as: .author)
    },
    Case("a vouch as registry", .authority, "payload.signer_type") {
      try $0.vouching($0.stranger, as: .registry)
    },
    Case(
      "the end of a vouching that is not", .vouched, "payload.public_key_fingerprint",
      code: .conflict
    ) {
      try $0.event(
        .vouchingWithdrawn, $0.keyPayload($0.stranger, ["reason": "left"]), by: $0.registry,
        target: "key:\($0.stranger.fingerprint.hex)")
    },
    Case("a revocation by a stranger", .authority, "signer", code: .forbidden) {
      try revocation($0, of: $0.author, by: $0.stranger)
    },
    Case("a revocation of the registry key", .authority, "payload.public_key_fingerprint") {
      try revocation($0, of: $0.registry, by: $0.registry)
    },
    Case(
      "a revocation from a later position", .compromisedFrom, "payload.compromised_from_position"
    ) {
      try revocation($0, of: $0.author, by: $0.registry, from: 1000)
    },
    Case(
      "a vouched key that names an earlier position", .authority,
      "payload.compromised_from_position", code: .forbidden
    ) {
      try revocation($0, of: $0.author, by: $0.author, from: 0)
    },
  ]

  static let records: [Case] = [
    Case("a record under another number", .contentAddressed, "subject_pith_number") {
      let other = try PithNumber("pith:2024:AAAAAAAAAAAAAAAAAAAAAAAAAA").unwrapped()
      return try $0.event(
        .recordCreated,
        [
          "canonical_record": .object($0.record.json),
          "canonical_sha256": .string($0.record.digest.hex),
        ], by: $0.registry, subject: .record(other))
    },
    Case("an alias that the record does not have", .alias, "payload.alias_value", code: .notFound) {
      try retraction($0, "doi", "10.1/9")
    },
    Case("a short form that is retracted", .alias, "payload.alias_kind") {
      $0.context.record?.aliases = [Alias(kind: .pithShort8, value: "ABCDEFGH")]
      return try retraction($0, "pith_short_8", "ABCDEFGH")
    },
    Case("a paper that cites itself", .selfCitation, "payload") {
      $0.context.citesItself = true
      return try $0.citation()
    },
  ]
}
