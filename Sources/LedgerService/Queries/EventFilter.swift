import Encodings
public import LedgerDomain
public import LedgerStore

/// Which events a list has, and in which order.
public struct EventFilter: Sendable, Hashable {
  /// The types, of which an event has one; empty for any type.
  public var types: [EventType] = []
  /// The fingerprint of the signing key, or a `signer_id`; `nil` for any signer.
  public var signer: String?
  /// The target of the event; `nil` for any target.
  public var target: String?
  /// The standings, of which an event has one; empty for any standing.
  public var standings: [String] = []
  /// The point of the log at which the list begins; `nil` for the first event.
  public var since: LogPoint?
  /// The order of the list.
  public var order: EventOrder = .ascending

  /// Selects every event in ascending order.
  public init() {}

  /// The largest number of bytes of a `signer_id` in a filter.
  static let maxSignerBytes = 300

  /// Parses a filter from texts. A text that is `nil` sets no condition.
  ///
  /// - Parameters:
  ///   - types: names of types with commas between them.
  ///   - standings: names of standings with commas between them.
  ///   - since: a position or a time.
  ///   - order: `asc` or `desc`.
  /// - Throws: a `Refusal` of code `malformed` with check `query` that names the parameter.
  public init(
    types: String?, signer: String?, target: String?, standings: String?, since: String?,
    order: String?
  ) throws(Refusal) {
    func refusal(_ field: String, _ message: String) -> Refusal {
      Refusal(.malformed, check: "query", field: field, message)
    }
    for name in Self.names(types) {
      guard let type = EventType(name: name) else {
        let known = EventType.allCases.dropFirst().map(\.name).joined(separator: ", ")
        throw refusal("type", "Not a type of event. The types are \(known).")
      }
      if !self.types.contains(type) { self.types.append(type) }
    }
    if let signer {
      guard (1...Self.maxSignerBytes).contains(signer.utf8.count) else {
        throw refusal("signer", "A fingerprint of 32 hexadecimal digits, or a signer_id.")
      }
      self.signer = signer
    }
    if let target {
      do throws(Refusal) { self.target = try Target(target).text } catch {
        throw refusal("target", error.message)
      }
    }
    for name in Self.names(standings) {
      guard StandingName.all.contains(name) else {
        let known = StandingName.all.joined(separator: ", ")
        throw refusal("standing", "Not a standing. The standings are \(known).")
      }
      if !self.standings.contains(name) { self.standings.append(name) }
    }
    if let since { self.since = try LogPoint(since, field: "since") }
    if let order {
      guard let order = EventOrder(rawValue: order) else {
        throw refusal("order", "The orders are asc and desc.")
      }
      self.order = order
    }
  }

  private static func names(_ text: String?) -> [String] {
    text.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
  }

  /// The conditions as the columns of the log.
  func selection(
    record: RecordID?, _ timeline: KeyTimeline, in store: LedgerStore
  ) async throws -> EventSelection {
    var selection = EventSelection()
    selection.record = record
    selection.order = order
    selection.targetHash = try target.map { try Target($0).hash64 }
    selection.signers = signers(timeline)
    if !types.isEmpty { selection.types = types }
    if !standings.isEmpty, !standings.contains(StandingName.recorded) {
      // Only attestations have another standing.
      selection.types = (selection.types ?? EventType.attestations).filter(\.isAttestation)
    }
    selection.lowest = try await since?.firstPosition(in: store) ?? .first
    return selection
  }

  /// The keys that the filter's signer is; `nil` for any.
  func signers(_ timeline: KeyTimeline) -> [Digest128]? {
    signer.map { signer in
      Digest128(hex: signer.lowercased()).map { [$0] } ?? timeline.keys(boundTo: signer)
    }
  }
}

/// The names of standings in answers.
enum StandingName {
  /// The standing of an event that is not an attestation.
  static let recorded = "recorded"
  /// Every name that the fold gives.
  static let all = Standing.allCases.map(\.name) + ["strong", "weak", "approved", recorded]
}
