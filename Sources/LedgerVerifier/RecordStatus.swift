public import CanonicalJSON
public import LedgerDomain

/// What readers are told of one record, as the fold computes it.
public struct RecordStatus: Sendable, Equatable {
  public let verificationStatus: JSONObject
  public let eventSummary: JSONObject

  /// - Parameter time: against which the expiry of storage is held.
  public init(_ folded: FoldedRecord, at time: Timestamp) {
    verificationStatus =
      folded.state.verificationStatus(
        storageVerifiedUntil: folded.storageVerifiedUntil, at: time
      ).json
    eventSummary = folded.state.eventSummary()
  }

  /// The line of an export that says it.
  public func line(_ number: String) -> JSONObject {
    [
      "event_summary": .object(eventSummary), "pith_number": .string(number),
      "verification_status": .object(verificationStatus),
    ]
  }

  /// Compares with what is claimed, and throws at the first key that differs.
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
