import Encodings
import LedgerDomain
import PostgresClient

/// The statements that append some units in one transaction, and how their answers are read.
struct AppendTransaction: Sendable {
  /// The outcome of an item as `ledger.append` reports it.
  private enum ItemOutcome: String {
    case appended, existing, conflict
    /// One row stands for all items, which were appended at consecutive positions.
    case allAppended = "all_appended"
  }

  let units: [AppendUnit]

  // MARK: Statements

  /// BEGIN, the evidence, the append, the tokens that it uses, the check for a rotated registry key,
  /// COMMIT.
  var statements: [PostgresStatement] {
    [PostgresStatement("BEGIN")] + evidence + [append] + tokens + rotation
      + [PostgresStatement("COMMIT")]
  }

  /// The index of the answer of `ledger.append` among those of `statements`.
  private var appendIndex: Int { units.allSatisfy(\.evidence.isEmpty) ? 1 : 2 }

  private var evidence: [PostgresStatement] {
    let evidence = units.flatMap(\.evidence)
    return evidence.isEmpty ? [] : [EvidenceStore.putStatement(evidence)]
  }

  private var append: PostgresStatement {
    let items = units.flatMap(\.items)
    let events = items.map(\.event)
    let unitNumbers = units.enumerated().flatMap { index, unit in
      unit.items.map { _ in Int32?(Int32(index)) }
    }
    let guards = units.flatMap { unit in unit.items.map { _ in unit.guardPosition } }
    let parameters: [PostgresValue] =
      [
        .int4Array(unitNumbers), .int8Array(guards.map { $0?.rawValue }),
        .textArray(items.map(\.subject)),
      ]
      + EventColumn.appended.map { $0.values(of: items, events) }
      + [
        .bytesArray(items.map(\.canonical?.digest.bytes)),
        .int8Array(items.map(\.canonical?.sourceVersion)),
        .textArray(items.map(\.alias?.kind.rawValue)), .textArray(items.map(\.alias?.folded)),
        units.lazy.compactMap(\.origin).first.map { .text($0) } ?? .null,
      ]
    let marks = (1...parameters.count).map { "$\($0)" }.joined(separator: ",")
    return PostgresStatement("SELECT * FROM ledger.append(\(marks))", parameters)
  }

  private var tokens: [PostgresStatement] {
    let tokens = units.flatMap { unit in
      unit.evidence.filter { $0.kind == AppendUnit.Evidence.identityToken }.compactMap { token in
        unit.items.last.map { (token: token.digest, item: $0) }
      }
    }
    guard !tokens.isEmpty else { return [] }
    return [
      PostgresStatement(
        "SELECT ledger.use_tokens($1, $2, $3)",
        [
          .bytesArray(tokens.map(\.token.bytes)),
          .records(tokens.map { $0.item.record ?? .registry }),
          .bytesArray(tokens.map(\.item.event.eventID.bytes)),
        ])
    ]
  }

  private var rotation: [PostgresStatement] {
    units.compactMap(\.registryAsOf).min().map {
      [PostgresStatement("SELECT ledger.require_no_rotation($1)", [.position($0)])]
    } ?? []
  }

  // MARK: Outcomes

  /// The outcome of each unit.
  ///
  /// - Parameters:
  ///   - answers: the answers of `statements`.
  ///   - isRetried: whether an earlier attempt may have appended the units.
  func outcomes(_ answers: [[PostgresRow]], isRetried: Bool) throws -> [AppendOutcome] {
    let rows = answers[appendIndex]
    if rows.count == 1, try Self.outcome(rows[0]) == .allAppended {
      return consecutive(from: try rows[0].position(0))
    }
    var outcomes: [AppendOutcome] = []
    var index = 0
    for unit in units {
      let end = index + unit.items.count
      outcomes.append(try Self.outcome(of: rows[index..<end], isRetried: isRetried))
      index = end
    }
    return outcomes
  }

  private func consecutive(from first: Position) -> [AppendOutcome] {
    var next = first
    return units.map { unit in
      defer { next = next.advanced(by: unit.items.count) }
      return .stored(
        positions: Array(next..<next.advanced(by: unit.items.count)),
        record: unit.items.last?.record ?? .registry, isNew: true)
    }
  }

  /// The outcome of the unit that some rows are about.
  private static func outcome(
    of rows: ArraySlice<PostgresRow>, isRetried: Bool
  ) throws -> AppendOutcome {
    var positions: [Position] = []
    var record = RecordID.registry
    var isNew: Bool? = true
    for row in rows {
      let outcome = try outcome(row)
      if outcome == .conflict { return .conflict }
      // An existing event may have been appended by an earlier attempt whose answer was lost.
      isNew = outcome == .appended ? true : isRetried ? nil : false
      positions.append(try row.position(0))
      record = try row.record(2)
    }
    return .stored(positions: positions, record: record, isNew: isNew)
  }

  private static func outcome(_ row: PostgresRow) throws -> ItemOutcome {
    let text = try row.text(1)
    guard let outcome = ItemOutcome(rawValue: text) else {
      throw LedgerStoreError(.database, "ledger.append reports the unknown outcome \(text)")
    }
    return outcome
  }
}
