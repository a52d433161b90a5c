import Encodings
public import LedgerDomain
import PostgresClient
public import TransparencyLog

/// All rows of the lookup tables at one size of the log: `subject`, `alias` and `used_token`.
public struct LookupSnapshot: Sendable {
  /// A row of the table of records.
  struct Subject: Sendable {
    let record: RecordID
    let pithNumber: String
    let suffix: String
    let canonicalSHA256: [UInt8]
    let sourceVersion: Int64
    let hasTrustedReceipt: Bool
    let isOperatorImported: Bool
  }

  /// A row of the table of used tokens.
  struct Token: Sendable {
    let sha256: [UInt8]
    let eventID: [UInt8]
  }

  /// The number of events in the log.
  public let size: TreeSize
  let subjects: [Subject]
  let names: [(name: RecordLookups.Name, isRetracted: Bool)]
  let tokens: [Token]

  /// The statements whose answers `init(answers:)` reads.
  static let statements = [
    PostgresStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    PostgresStatement("SELECT size FROM ledger.head"),
    PostgresStatement(
      """
      SELECT record_position, pith_number, suffix, canonical_sha256, source_version, trusted_receipt,
        operator_imported FROM ledger.subject ORDER BY record_position
      """),
    PostgresStatement(
      "SELECT record_position, kind, normalized, is_retracted FROM ledger.alias ORDER BY record_position, kind, normalized"
    ),
    PostgresStatement("SELECT sha256, event_id FROM ledger.used_token ORDER BY sha256"),
    PostgresStatement("COMMIT"),
  ]

  init(answers: [[PostgresRow]]) throws {
    size = try answers[1][0].treeSize(0)
    subjects = try answers[2].map { row in
      Subject(
        record: try row.record(0), pithNumber: try row.text(1), suffix: try row.text(2),
        canonicalSHA256: try row.bytes(3), sourceVersion: try row.int(4),
        hasTrustedReceipt: try row.bool(5), isOperatorImported: try row.bool(6))
    }
    names = try answers[3].map { row in
      (
        RecordLookups.Name(
          record: try row.record(0), kind: try row.text(1), folded: try row.text(2)),
        try row.bool(3)
      )
    }
    tokens = try answers[4].map { Token(sha256: try $0.bytes(0), eventID: try $0.bytes(1)) }
  }

  /// The differences from the rows that derive from the log up to the same size.
  public func differences(from derived: RecordLookups) -> LookupDifferences {
    var differences = LookupDifferences()
    compareSubjects(derived, &differences)
    compareNames(derived, &differences)
    compareTokens(derived, &differences)
    return differences
  }

  private func compareSubjects(_ derived: RecordLookups, _ differences: inout LookupDifferences) {
    var missing = derived.subjects
    for row in subjects {
      guard let expected = derived.subjects[row.record] else {
        differences.removedSubjects.append(row.pithNumber)
        differences.add(.subject, row.pithNumber, "record_position", "\(row.record)", nil)
        continue
      }
      let columns: [(String, String, String)] = [
        ("pith_number", row.pithNumber, expected.pithNumber),
        ("suffix", row.suffix, expected.suffix),
        ("canonical_sha256", Hex.encode(row.canonicalSHA256), expected.canonicalSHA256.hex),
        ("source_version", "\(row.sourceVersion)", "\(expected.sourceVersion)"),
        ("trusted_receipt", "\(row.hasTrustedReceipt)", "\(expected.hasTrustedReceipt)"),
        ("operator_imported", "\(row.isOperatorImported)", "\(expected.isOperatorImported)"),
      ]
      let different = columns.filter { !$0.1.utf8.elementsEqual($0.2.utf8) }
      if different.isEmpty {
        missing[row.record] = nil
        continue
      }
      differences.removedSubjects.append(row.pithNumber)
      for (key, was, now) in different {
        differences.add(.subject, expected.pithNumber, key, was, now)
      }
    }
    let found = Set(subjects.map(\.record))
    for (record, subject) in missing.sorted(by: { $0.key < $1.key }) {
      differences.subjects.append((record, subject))
      if !found.contains(record) {
        differences.add(.subject, subject.pithNumber, "record_position", nil, "\(record)")
      }
    }
  }

  private func compareNames(_ derived: RecordLookups, _ differences: inout LookupDifferences) {
    var missing = derived.names
    for (name, isRetracted) in names {
      if missing.removeValue(forKey: name) == isRetracted { continue }
      differences.removedNames.append(name)
      let expected = derived.names[name]
      if let expected { missing[name] = expected }
      differences.add(
        .alias, "\(name.kind) \(name.folded)", "is_retracted of record \(name.record)",
        "\(isRetracted)", expected.map { "\($0)" })
    }
    let found = Set(names.map(\.name))
    for (name, isRetracted) in missing.sorted(by: {
      ($0.key.record, $0.key.kind, $0.key.folded) < ($1.key.record, $1.key.kind, $1.key.folded)
    }) {
      differences.names.append((name, isRetracted))
      if !found.contains(name) {
        differences.add(
          .alias, "\(name.kind) \(name.folded)", "is_retracted of record \(name.record)", nil,
          "\(isRetracted)")
      }
    }
  }

  private func compareTokens(_ derived: RecordLookups, _ differences: inout LookupDifferences) {
    var missing = derived.tokens
    for row in tokens {
      let expected = Digest(bytes: row.sha256).flatMap { missing.removeValue(forKey: $0) }
      if let expected, expected.bytes == row.eventID { continue }
      differences.removedTokens.append(row.sha256)
      if let expected, let token = Digest(bytes: row.sha256) { missing[token] = expected }
      differences.add(
        .usedToken, "sha256 \(Hex.encode(row.sha256))", "event_id", Hex.encode(row.eventID),
        expected?.hex)
    }
    let found = Set(tokens.map(\.sha256))
    for (token, event) in missing.sorted(by: { $0.key.hex < $1.key.hex }) {
      differences.tokens.append((token, event))
      if !found.contains(token.bytes) {
        differences.add(.usedToken, "sha256 \(token.hex)", "event_id", nil, event.hex)
      }
    }
  }
}

/// What differs between the lookup tables and the log.
public struct LookupDifferences: Sendable {
  /// A lookup table.
  public enum Table: String, Sendable, CaseIterable {
    /// The records by their Pith Numbers.
    case subject = "ledger.subject"
    /// The names of records.
    case alias = "ledger.alias"
    /// The events that identity tokens served.
    case usedToken = "ledger.used_token"
  }

  /// The values that differ, as a replay reports them.
  public private(set) var drift: [ReplayReport.Drift] = []
  // What a repair removes, by primary key, and what it inserts after that.
  var removedSubjects: [String] = []
  var subjects: [(record: RecordID, subject: RecordLookups.Subject)] = []
  var removedNames: [RecordLookups.Name] = []
  var names: [(name: RecordLookups.Name, isRetracted: Bool)] = []
  var removedTokens: [[UInt8]] = []
  var tokens: [(token: Digest, event: Digest)] = []

  mutating func add(_ table: Table, _ row: String, _ key: String, _ was: String?, _ now: String?) {
    guard drift.count < Replayer.maxDrift else { return }
    drift.append(
      ReplayReport.Drift(table: table.rawValue, pithNumber: row, key: key, was: was, now: now))
  }
}
