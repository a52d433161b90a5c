public import CanonicalJSON
public import LedgerDomain

/// The two projections of one record, as the fold computes them.
///
/// Specification: standing.md, sections verification_status and event_summary.
public struct RecordStatus: Sendable, Equatable {
  /// The object `verification_status`.
  public let verificationStatus: JSONObject
  /// The object `event_summary`. Empty if the record has no attestation.
  public let eventSummary: JSONObject

  /// Makes the projections of a folded record.
  ///
  /// - Parameters:
  ///   - folded: the result of the fold.
  ///   - time: the time with which the expiry of storage is compared.
  public init(_ folded: FoldedRecord, at time: Timestamp) {
    verificationStatus =
      folded.state.verificationStatus(
        storageVerifiedUntil: folded.storageVerifiedUntil, at: time
      ).json
    eventSummary = folded.state.eventSummary()
  }

  /// Returns the record's line of `projections.ndjson`. Specification: export.md, section
  /// projections.ndjson.
  public func line(_ number: String) -> JSONObject {
    [
      "event_summary": .object(eventSummary), "pith_number": .string(number),
      "verification_status": .object(verificationStatus),
    ]
  }

  /// Compares both projections with claimed ones. Throws a fault for the first key that differs.
  func expect(
    _ status: JSON?, _ summary: JSON?, of number: String, place: String?
  ) throws(LogFault) {
    for (member, folded, claimed) in [
      ("verification_status", verificationStatus, status), ("event_summary", eventSummary, summary),
    ] {
      guard let claimed = claimed?.objectValue else {
        throw LogFault("projection.form", place: place, "\(number) has no \(member)")
      }
      guard claimed != folded else { continue }
      let keys = Set(claimed.map(\.key)).union(folded.map(\.key))
      let key = keys.sorted().first { claimed[$0] != folded[$0] } ?? member
      throw LogFault(
        "projection.\(member)", place: place,
        "\(number): the log gives \(key) = \(folded[key]?.canonicalString() ?? "nothing"), and what is "
          + "claimed is \(claimed[key]?.canonicalString() ?? "nothing")")
    }
  }
}
