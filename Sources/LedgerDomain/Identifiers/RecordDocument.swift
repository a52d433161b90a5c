public import CanonicalJSON
import Ed25519
public import Encodings

/// A receipt of a Pith Number: a signature over the record's digest by a key that issues Pith
/// Numbers.
///
/// Specification: identifiers.md, section Receipt of a Pith Number.
public enum Receipt {
  /// The keys of the registry that published the first Pith Numbers, by fingerprint. They are trusted
  /// for receipts unless the configuration gives others.
  public static let publishedKeys: [Digest128: [UInt8]] = {
    let key = Base64.decode("stVStoiQhXFxp4s2pdzPNoqVNBMojDU/fJ2db5S3CbM=") ?? []
    return [Digest(hashing: key).prefix: key]
  }()

  /// Checks a receipt. Returns `verified` for a trusted key, and `pending` for another key, whose
  /// signature is not checked.
  ///
  /// - Parameters:
  ///   - receipt: the receipt, as a member of a document.
  ///   - digest: the digest of the canonical record.
  ///   - trusted: the raw public keys that are trusted for receipts, by fingerprint.
  ///   - field: the path of the receipt, for the refusal.
  /// - Throws: a `Refusal` with the check `receipt` if the receipt is malformed, is for another
  ///   digest, or has a wrong signature of a trusted key.
  public static func check(
    _ receipt: JSON, digest: Digest, trusted: [Digest128: [UInt8]], field: String
  ) throws(Refusal) -> Verdict {
    func refusal(_ member: String, _ message: String) -> Refusal {
      Refusal(.invalid, check: "receipt", field: "\(field).\(member)", message)
    }
    guard receipt["canonical_sha256"]?.stringValue == digest.hex else {
      throw refusal("canonical_sha256", "The receipt is for another digest than \(digest.hex).")
    }
    guard receipt["algorithm"]?.stringValue == "ed25519",
      receipt["signed_message"]?.stringValue == "canonical_sha256_bytes"
    else { throw refusal("algorithm", "A receipt is ed25519 over canonical_sha256_bytes.") }
    guard let text = receipt["public_key_fingerprint"]?.stringValue,
      let fingerprint = Digest128(hex: text)
    else { throw refusal("public_key_fingerprint", "Not a fingerprint of 32 hexadecimal digits.") }
    guard let signature = receipt["signature_b64"]?.stringValue.flatMap({ Base64.decode($0) }),
      signature.count == 64
    else { throw refusal("signature_b64", "Not base64 of 64 bytes.") }
    guard let key = trusted[fingerprint] else { return .pending }
    guard Ed25519.isValid(signature, over: digest.bytes, by: key) else {
      throw refusal(
        "signature_b64", "The trusted key \(fingerprint.hex) did not sign this record's digest.")
    }
    return .verified
  }
}

/// A record document as the operator imports it. The canonical record and the members that the
/// ledger uses are checked. The other members are kept unchanged.
public struct RecordDocument: Sendable {
  /// The largest number of aliases in a document.
  public static let maxAliases = 64

  /// The members of the document.
  public let json: JSONObject
  /// The canonical bytes, which the ledger stores as evidence.
  public let bytes: [UInt8]
  /// SHA-256 of ``bytes``.
  public let documentDigest: Digest
  /// SHA-256 of the document without the members that the ledger computes itself.
  public let comparableDigest: Digest
  /// The canonical record.
  public let canonical: CanonicalRecord
  /// The receipt; `nil` if it is absent or `null`.
  public let receipt: JSON?
  /// Whether the receipt verifies under a trusted key.
  public let receiptVerified: Bool
  /// The aliases that the document lists and whose kind the ledger knows.
  public let aliases: [Alias]
  /// Whether the title of the paper has the digest in the canonical record; `nil` if the document
  /// has no title.
  public let titleVerified: Bool?
  /// The names of the authors; `nil` if the document lists none.
  public let authorNames: [String]?
  /// Whether the document has no member besides `canonical_record`.
  public let isBare: Bool
  private let snapshot: JSONObject?

  /// The members that the ledger computes itself. It ignores their values in a document.
  static let computed = [
    "verification_status", "events", "event_summary", "links", "agent_actions", "updated_at",
  ]

  /// Checks a document.
  ///
  /// - Parameters:
  ///   - json: the document.
  ///   - trusted: the raw public keys that are trusted for receipts, by fingerprint.
  /// - Throws: a `Refusal` with the member and the check that failed.
  public init(_ json: JSON, trusted: [Digest128: [UInt8]]) throws(Refusal) {
    guard let object = json.objectValue else {
      throw Refusal(.malformed, check: "json", offset: 0, "A record document is a JSON object.")
    }
    guard let record = object["canonical_record"] else {
      throw Refusal(
        .invalid, check: "canonical_record", field: "canonical_record", "This member is missing.")
    }
    let canonical = try CanonicalRecord(record)
    func agrees(_ key: String, _ expected: String) throws(Refusal) {
      guard let value = object[key] else { return }
      guard value.stringValue == expected else {
        throw Refusal(
          .invalid, check: key, field: key, "The canonical record gives \(expected).")
      }
    }
    try agrees("canonical_sha256", canonical.digest.hex)
    try agrees("pith_number", canonical.pithNumber.description)
    try agrees("short_pith_number", canonical.pithNumber.short)
    self.json = object
    self.canonical = canonical
    bytes = json.canonicalBytes()
    documentDigest = Digest(hashing: bytes)
    comparableDigest = Digest(
      hashing: JSON.object(object.removing(Self.computed)).canonicalBytes())
    isBare = object.count == 1
    let receipt = object["receipt"].flatMap { $0.isNull ? nil : $0 }
    self.receipt = receipt
    receiptVerified =
      if let receipt {
        try Receipt.check(receipt, digest: canonical.digest, trusted: trusted, field: "receipt")
          == .verified
      } else { false }
    aliases = try Self.aliases(object["aliases"], canonical)
    titleVerified = object["paper"]?["title"]?.stringValue.map {
      CanonicalText($0).digest == canonical.titleDigest
    }
    authorNames = Self.names(object["paper"])
    snapshot = try Self.snapshot(object, documentDigest)
  }

  /// The aliases of the document and those that derive from the canonical record, without
  /// duplicates.
  public var allAliases: [Alias] {
    var seen: Set<String> = []
    return (aliases + canonical.impliedAliases).filter {
      seen.insert("\($0.kind.rawValue) \($0.folded)").inserted
    }
  }

  private static func aliases(
    _ json: JSON?, _ canonical: CanonicalRecord
  ) throws(Refusal) -> [Alias] {
    guard let json, !json.isNull else { return [] }
    guard let items = json.arrayValue, items.count <= maxAliases else {
      throw Refusal(
        .invalid, check: "aliases", field: "aliases", "An array of at most \(maxAliases) aliases.")
    }
    var found: [Alias] = []
    for (index, item) in items.enumerated() {
      let field = "aliases[\(index)]"
      guard let kind = item["alias_kind"]?.stringValue,
        let value = item["alias_value"]?.stringValue,
        !value.isEmpty, value.utf8.count <= 200
      else {
        throw Refusal(.invalid, check: "aliases", field: field, "An alias has a kind and a value.")
      }
      // An alias of an unknown kind stays in the document. It is not used for look-ups.
      guard let known = Alias.Kind(rawValue: kind) else { continue }
      let alias = Alias(kind: known, value: value)
      if kind.hasPrefix("pith_short_"),
        alias.folded != canonical.pithNumber.suffix.prefix(alias.folded.utf8.count).lowercased()
      {
        throw Refusal(
          .invalid, check: "aliases", field: "\(field).alias_value",
          "Not a beginning of \(canonical.pithNumber.suffix).")
      }
      found.append(alias)
    }
    return found
  }

  private static func names(_ paper: JSON?) -> [String]? {
    guard let text = paper?["authors_text"]?.stringValue else { return nil }
    let names = text.replacing(" and ", with: ",").split(separator: ",").map {
      String($0.drop(while: \.isWhitespace))
    }.filter { !$0.isEmpty }
    return names.isEmpty ? nil : names
  }

  private static func snapshot(
    _ object: JSONObject, _ digest: Digest
  ) throws(Refusal) -> JSONObject? {
    guard let graph = object["graph_snapshot"], graph.objectValue != nil else { return nil }
    func count(_ json: JSON?, _ field: String) throws(Refusal) -> JSON {
      guard let json, !json.isNull else { return 0 }
      guard let number = json.integerValue, (0...1_000_000).contains(number) else {
        throw Refusal(.invalid, check: "graph_snapshot", field: field, "A count up to a million.")
      }
      return .integer(number)
    }
    let claims = (graph["claims"]?["items"]?.arrayValue ?? []).compactMap { $0["claim_id"] }
    return [
      "claim_ids": .array(claims), "document_sha256": .string(digest.hex),
      "formal_evidence_count": try count(
        graph["formal_canon"]?["evidence_count"] ?? object["formal_canon"]?["evidence_count"],
        "graph_snapshot.formal_canon.evidence_count"),
      "reference_count": try count(
        graph["references"]?["count"], "graph_snapshot.references.count"),
      "resolved_work": try count(
        graph["references"]?["resolved_work"], "graph_snapshot.references.resolved_work"),
    ]
  }

  // MARK: Payloads of the registry

  /// The payload of `record_created` for this document.
  ///
  /// - Parameter namesDocument: whether the event makes this the document that stands.
  public func recordPayload(namesDocument: Bool = true) -> JSONObject {
    var payload: JSONObject = [
      "canonical_record": .object(canonical.json),
      "canonical_sha256": .string(canonical.digest.hex),
    ]
    payload["receipt"] = receipt
    if namesDocument && !isBare { payload["document_sha256"] = .string(documentDigest.hex) }
    return payload
  }

  /// The payload of `graph_snapshot`; `nil` if the document has no graph.
  public func snapshotPayload() -> JSONObject? { snapshot }

  /// The payload of `alias_added` for an alias.
  public static func aliasPayload(_ alias: Alias) -> JSONObject {
    ["alias_kind": .string(alias.kind.rawValue), "alias_value": .string(alias.value)]
  }
}
