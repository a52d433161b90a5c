import Encodings
import LedgerDomain
import LedgerStore
import LedgerVerifier
import Synchronization

/// What the entries of a log say about evidence: which bytes they name, what these are, and which of them
/// were erased.
final class NamedEvidence: Sendable {
  /// What entries say about some bytes.
  struct Facts: Sendable {
    var kinds: Set<EvidenceKind> = []
    /// The first event that rests on the bytes. `nil` if only checks name them, whose reports may be
    /// erased without a trace.
    var neededAt: Position?
    var isErased = false
  }

  private struct State {
    var facts: [Digest: Facts] = [:]
    /// The evidence of each event, by its id.
    var byEvent: [Digest: Digest] = [:]
  }

  private let state = Mutex(State())

  /// What the entries so far say, by the SHA-256 of the bytes.
  var facts: [Digest: Facts] { state.withLock { $0.facts } }

  /// Adds verified entries, in the order of the log.
  func add(_ entries: [LogReader.Checked]) {
    state.withLock { state in
      for checked in entries {
        let body = checked.entry.event.body
        if case .checkRecorded(let check) = body.payload, check.verdict == .erased,
          let digest = state.byEvent[check.eventID]
        {
          state.facts[digest]?.isErased = true
        }
        guard let digest = body.evidence else { continue }
        state.byEvent[checked.event.eventID] = digest
        var facts = state.facts[digest] ?? Facts()
        facts.kinds.insert(body.payload.evidenceKind)
        if checked.event.type != .checkRecorded {
          facts.neededAt = facts.neededAt ?? checked.position
        }
        state.facts[digest] = facts
      }
    }
  }
}

/// Checks the table of evidence: hashes, kinds, and that it holds what the entries name.
struct EvidenceTableChecker: Sendable {
  private static let batch = 1000
  private static let tables = ["ledger.evidence"]

  let store: LedgerStore

  /// The digests and kinds of all rows. They are read before the log: evidence is stored with the entry
  /// that names it.
  func rows() async throws -> [(digest: Digest, kind: String)] {
    var rows: [(digest: Digest, kind: String)] = []
    while true {
      let batch = try await store.evidence.list(after: rows.last?.digest, limit: Self.batch)
      if batch.isEmpty { return rows }
      rows += batch
    }
  }

  /// Compares rows with what the log says.
  func faults(
    _ rows: [(digest: Digest, kind: String)], _ named: [Digest: NamedEvidence.Facts]
  ) async throws -> [LogFault] {
    var faults = try await store.evidence.corruptDigests().map { digest in
      fault("evidence.hash", digest, "the evidence's bytes do not hash to their name")
    }
    var missing = named.filter { $0.value.neededAt != nil && !$0.value.isErased }
    for (digest, kind) in rows {
      missing[digest] = nil
      guard let facts = named[digest] else {
        faults.append(fault("evidence.unnamed", digest, "no entry names these bytes"))
        continue
      }
      // Bytes that were stored as another kind and turn out to be a token become one.
      let kinds =
        facts.kinds.contains(.identityToken) ? [EvidenceKind.identityToken] : facts.kinds
      if !kinds.contains(where: { $0.rawValue == kind }) {
        let expected = kinds.map(\.rawValue).sorted().joined(separator: " or ")
        faults.append(
          fault("evidence.kind", digest, "the bytes are kept as \(kind), and are \(expected)"))
      }
    }
    for (digest, facts) in missing.sorted(by: { $0.key.hex < $1.key.hex })
    where try await store.evidence.readForAudit(digest) == nil {
      faults.append(
        fault(
          "evidence.missing", digest, at: facts.neededAt,
          "the bytes are not kept, and no event says that they were erased"))
    }
    return faults
  }

  private func fault(
    _ check: String, _ digest: Digest, at position: Position? = nil, _ message: String
  ) -> LogFault {
    LogFault(check, position: position, place: digest.hex, message, tables: Self.tables)
  }
}
