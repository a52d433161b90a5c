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

  /// Parses a filter from texts. A text that is `nil` sets no condition.
  ///
  /// - Parameters:
  ///   - types: names of types with commas between them.
  ///   - signer: the name or the fingerprint of the signer.
  ///   - target: the target of the events.
  ///   - standings: names of standings with commas between them.
  ///   - since: a position or a time.
  ///   - order: `asc` or `desc`.
  /// - Throws: a `Refusal` of code `malformed` with check `query` that names the parameter.
  public init(
    types: String?, signer: String?, target: String?, standings: String?, since: String?,
    order: String?
  ) throws(Refusal) {
    if let types {
      self.types = try ListQuery.choices(
        types, "type", among: EventType.allCases.filter { $0 != .unknown }.map { ($0.name, $0) })
    }
    self.signer = try signer.map(ListQuery.signer)
    if let target {
      do throws(Refusal) { self.target = try Target(target).text } catch {
        throw ListQuery.refusal("target", error.message)
      }
    }
    if let standings {
      self.standings = try ListQuery.choices(
        standings, "standing", among: StandingName.all.map { ($0, $0) })
    }
    if let since { self.since = try LogPoint(since, field: "since") }
    if let order { self.order = try ListQuery.order(order) }
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

  /// The conditions as texts, by which cursors of different lists differ.
  var parameters: [String] {
    [
      types.map(\.name).joined(separator: ","), signer ?? "", target ?? "",
      standings.joined(separator: ","), since?.description ?? "", order.rawValue,
    ]
  }

  /// The keys that the filter's signer is; `nil` for any.
  func signers(_ timeline: KeyTimeline) -> [Digest128]? { signer.map(timeline.keys(ofSigner:)) }
}

/// The names of standings in answers.
enum StandingName {
  /// The standing of an event that is not an attestation.
  static let recorded = "recorded"
  /// Every name that the fold gives.
  static let all = Standing.allCases.map(\.name) + ["strong", "weak", "approved", recorded]
}
