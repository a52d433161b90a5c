import Encodings

/// Checks statements about a record that depend on neither evidence nor other events: citations,
/// replications, and statements of the registry about the record.
struct RecordStatementCheck {
  let authority: SignerAuthority
  let record: RecordFacts?

  /// Checks a `citation_signature`. A record cannot cite itself, under any name.
  func citation(_ payload: CitationSignature, citesItself: Bool) throws(Refusal) {
    let record = try record.required()
    if authority.isRegistry {
      throw Refusal(.forbidden, .authority, "signer", "The registry key cannot sign citations.")
    }
    if payload.citing.name == PaperName(record.pithNumber) || citesItself {
      throw Refusal(.selfCitation, "payload", "A paper cannot cite itself.")
    }
  }

  /// Checks a `replication_record`. The newest snapshot must have its claims.
  func replication(_ payload: ReplicationRecord) throws(Refusal) {
    let record = try record.required()
    if authority.isRegistry {
      throw Refusal(
        .forbidden, .authority, "signer", "The registry key cannot sign replication records.")
    }
    if let missing = payload.claimIDs.first(where: { !record.claimIDs.contains($0) }) {
      throw Refusal(
        .claims, "payload.claim_ids",
        "The newest snapshot of this record has no claim \(missing). It has: "
          + record.claimIDs.sorted().joined(separator: ", ") + ".")
    }
  }

  /// Checks a `record_created` by the registry: the Pith Number and the receipt.
  func recordCreated(
    _ payload: RecordCreated, subject: Subject, trustedReceiptKeys: [Digest128: [UInt8]],
    operatorAuthorised: Bool, _ admission: inout Admission
  ) throws(Refusal) {
    try authority.requireRegistry(for: .recordCreated)
    guard subject == .record(payload.canonical.pithNumber) else {
      throw Refusal(
        .contentAddressed, "subject_pith_number",
        "The canonical record's number is \(payload.canonical.pithNumber).")
    }
    admission.checks.append(Check("content_addressed", .verified))
    if operatorAuthorised { admission.checks.append(Check("operator", .verified)) }
    if let receipt = payload.receipt {
      let verdict = try Receipt.check(
        receipt, digest: payload.canonical.digest, trusted: trustedReceiptKeys,
        field: "payload.receipt")
      admission.checks.append(Check("pith_receipt", verdict))
    }
  }

  /// Checks an `alias_retracted` by the registry. The record must have the alias.
  func aliasRetraction(_ payload: AliasRetracted) throws(Refusal) {
    try authority.requireRegistry(for: .aliasRetracted)
    try authority.requireThisLog(payload.log)
    let alias = payload.retracted
    let isKnown = try record.required().aliases.contains {
      $0.kind == alias.kind && $0.folded == alias.folded
    }
    guard isKnown else {
      throw Refusal(
        .notFound, .alias, "payload.alias_value",
        "This record has no alias \(alias.kind.rawValue) \(alias.value).")
    }
    guard alias.kind.isGiven else {
      throw Refusal(
        .alias, "payload.alias_kind",
        "A short form derives from the Pith Number and cannot be retracted.")
    }
  }
}

extension RecordFacts? {
  /// The record. Refuses an event about a record that the ledger does not have.
  func required() throws(Refusal) -> RecordFacts {
    guard let self else {
      throw Refusal(
        .notFound, .subject, "subject_pith_number", "This ledger has no such record.")
    }
    return self
  }
}
