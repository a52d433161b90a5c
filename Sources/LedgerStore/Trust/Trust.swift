public import Encodings
public import LedgerDomain
import PostgresClient

/// What the operator trusts from outside, and the evidence that the ledger keeps.
extension LedgerStore {
  /// Documents of trust, by what they are for.
  public enum TrustedKind: String, Sendable, CaseIterable {
    /// Certificates in PEM that timestamp authorities' chains end at.
    case tsa
    /// An issuer's JSON Web Key Set.
    case jwks
  }

  /// Trusts block headers, all or none, and answers how many are new.
  ///
  /// Errors: `PL012` where another header is trusted at one of the heights.
  public func trust(headers: [(height: Int64, bytes: [UInt8])]) async throws -> Int64 {
    try await administrator.query(
      "SELECT ledger.trust_headers($1, $2)",
      [.int8Array(headers.map(\.height)), .bytesArray(headers.map(\.bytes))])[0].int(0)
  }

  /// Trusts a header that an explorer or node of the operator's choice gave, where none is trusted at its height.
  ///
  /// Errors: `PL012` where another header is trusted there.
  public func trust(found header: [UInt8], at height: Int64) async throws {
    _ = try await settler.query(
      "SELECT ledger.trust_headers($1, $2)", [.int8Array([height]), .bytesArray([header])])
  }

  public func untrust(header height: Int64) async throws -> Bool {
    try await administrator.query("SELECT ledger.untrust_header($1)", [.int8(height)])[0].bool(0)
  }

  /// The trusted headers among some heights, 80 bytes each.
  public func trustedHeaders(_ heights: [Int64]) async throws -> [Int64: [UInt8]] {
    var headers: [Int64: [UInt8]] = [:]
    for row in try await readers.query(
      "SELECT height, header FROM ledger.trusted_header WHERE height = ANY ($1)",
      [.int8Array(heights)])
    {
      headers[try row.int(0)] = try row.bytes(1)
    }
    return headers
  }

  /// Every trusted header, by height.
  public func trustedHeaders() async throws -> [(height: Int64, bytes: [UInt8])] {
    try await readers.query("SELECT height, header FROM ledger.trusted_header ORDER BY height").map
    {
      (try $0.int(0), try $0.bytes(1))
    }
  }

  /// How many headers are trusted, and between which heights; these are `nil` where there is none.
  public func trustedHeaderRange() async throws -> (count: Int64, heights: ClosedRange<Int64>?) {
    let row = try await readers.query(
      "SELECT count(*), min(height), max(height) FROM ledger.trusted_header")[0]
    guard let lowest = try row.optionalInt(1), let highest = try row.optionalInt(2) else {
      return (0, nil)
    }
    return (try row.int(0), lowest...highest)
  }

  /// `false` where the same bytes are trusted already.
  public func trust(_ kind: TrustedKind, _ bytes: [UInt8]) async throws -> Bool {
    try await administrator.query(
      "SELECT ledger.trust_document($1, $2)", [.text(kind.rawValue), .bytes(bytes)])[0].bool(0)
  }

  public func untrust(_ kind: TrustedKind, _ digest: Digest) async throws -> Bool {
    try await administrator.query(
      "SELECT ledger.untrust_document($1, $2)", [.text(kind.rawValue), .bytes(digest.bytes)])[0]
      .bool(0)
  }

  public func trusted(_ kind: TrustedKind) async throws -> [[UInt8]] {
    try await readers.query(
      "SELECT bytes FROM ledger.trusted_document WHERE kind = $1 ORDER BY added_at, sha256",
      [.text(kind.rawValue)]
    ).map { try $0.bytes(0) }
  }

  // MARK: Evidence

  /// Evidence of every kind, for an operator's audit; `nil` where it was erased or never here.
  public func evidenceForAudit(_ digest: Digest) async throws -> (kind: String, bytes: [UInt8])? {
    try await administrator.query(
      "SELECT kind, bytes FROM ledger.evidence_for_audit($1)", [.bytes(digest.bytes)]
    ).first.map { (try $0.text(0), try $0.bytes(1)) }
  }

  /// The token of a claim that was pending when it came; `nil` for any other evidence, and where it was erased.
  public func tokenToSettle(_ digest: Digest) async throws -> [UInt8]? {
    try await settler.query("SELECT bytes FROM ledger.token_to_settle($1)", [.bytes(digest.bytes)])
      .first?.bytes(0)
  }

  /// Names and kinds of all evidence, tokens too, after a digest.
  public func evidenceList(
    after digest: Digest?, limit: Int
  ) async throws -> [(digest: Digest, kind: String)] {
    try await administrator.query(
      "SELECT sha256, kind FROM ledger.evidence_names($1, $2)",
      [digest.map { .bytes($0.bytes) } ?? .bytes([]), .int4(Int32(limit))]
    ).compactMap { row in
      guard let digest = Digest(bytes: try row.bytes(0)) else { return nil }
      return (digest, try row.text(1))
    }
  }

  /// Keeps bytes that an event names, for a ledger that is restored.
  public func put(_ evidence: AppendUnit.Evidence) async throws {
    _ = try await writer.query(
      "SELECT ledger.put_evidence($1, $2, $3)",
      [
        .bytesArray([evidence.digest.bytes]), .textArray([evidence.kind]),
        .bytesArray([evidence.bytes]),
      ])
  }

  /// Removes bytes for good; `false` where they were not there.
  public func eraseEvidence(_ digest: Digest) async throws -> Bool {
    try await administrator.query("SELECT ledger.erase_evidence($1)", [.bytes(digest.bytes)])[0]
      .bool(0)
  }

  /// The events that name evidence, by a look at the whole log: for the rare command that erases.
  public func events(naming digest: Digest) async throws -> [StoredEvent] {
    try await stored(
      """
      WHERE position(convert_to($1, 'UTF8') IN e.entry) > 0 AND e.event_type <> 10
      ORDER BY e.position
      """, [.text(digest.hex)])
  }

  /// Whether an identity token has served an event.
  public func isSpent(token digest: Digest) async throws -> Bool {
    try await readers.query(
      "SELECT EXISTS (SELECT FROM ledger.token_use WHERE sha256 = $1)", [.bytes(digest.bytes)])[0]
      .bool(0)
  }

  // MARK: What jobs look through

  /// Claims by token that were pending when they came and have not been settled since, by position.
  public func unsettledClaims(from: Int64, limit: Int) async throws -> [StoredEvent] {
    try await stored(
      """
      WHERE e.event_type = 3 AND e.verdict = 2 AND e.position >= $1
        AND NOT EXISTS (
          SELECT FROM ledger.event c
          WHERE c.record = e.record AND c.fold_group = e.fold_group AND c.refers_to = e.position
            AND (c.event_type = 10 AND c.verdict IN (1, 3) OR c.event_type = 12))
      ORDER BY e.position LIMIT $2
      """, [.int8(from), .int8(Int64(limit))])
  }

  /// Anchors that were pending when they came and have not been settled since, by position.
  public func unsettledAnchors(from: Int64, limit: Int) async throws -> [StoredEvent] {
    try await stored(
      """
      WHERE e.event_type = 1 AND e.verdict = 2 AND e.position >= $1
        AND NOT EXISTS (
          SELECT FROM ledger.event c
          WHERE c.record = e.record AND c.fold_group = e.fold_group AND c.refers_to = e.position
            AND (c.event_type = 10 AND c.verdict IN (1, 3) OR c.event_type = 12))
      ORDER BY e.position LIMIT $2
      """, [.int8(from), .int8(Int64(limit))])
  }

  /// Storage attestations, by position.
  public func storageAttestations(from: Int64, limit: Int) async throws -> [StoredEvent] {
    try await stored(
      "WHERE e.event_type = 2 AND e.position >= $1 ORDER BY e.position LIMIT $2",
      [.int8(from), .int8(Int64(limit))])
  }

  /// The newest event of a type that refers to another.
  public func newest(
    _ type: EventType, referringTo event: FoldEvent
  ) async throws -> StoredEvent? {
    try await stored(
      """
      WHERE e.record = $1 AND e.fold_group = $2 AND e.event_type = $3 AND e.refers_to = $4
      ORDER BY e.position DESC LIMIT 1
      """,
      [
        .int8(event.record), event.foldGroup.map { .int8($0) } ?? .null, .int2(type.rawValue),
        .int8(event.position),
      ]
    ).first
  }
}
