public import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerStore

/// What a filter asks of an event, read from the event itself.
public struct EventFacts: Sendable {
  let type: EventType
  let signer: String
  let target: String
  /// Whether the event may change which keys belong to a `signer_id`.
  public let changesKeys: Bool

  /// Reads the facts of a signed event.
  public init(_ event: JSON) {
    type = event["event_type"]?.stringValue.flatMap { EventType(name: $0) } ?? .unknown
    signer = event["signer"]?["public_key_fingerprint"]?.stringValue ?? ""
    target = event["target"]?.stringValue ?? ""
    changesKeys = type == .keyVouched
  }
}

/// A filter with the keys that its signer has, for tests in memory. Standings are not tested.
public struct EventMatcher: Sendable {
  private let types: Set<EventType>?
  private let signers: Set<String>?
  private let target: String?
  /// Whether the filter has no condition, not even on standings.
  public let matchesEveryEvent: Bool

  init(_ filter: EventFilter, _ timeline: KeyTimeline) {
    types = filter.types.isEmpty ? nil : Set(filter.types)
    signers = filter.signers(timeline).map { Set($0.map(\.hex)) }
    target = filter.target
    matchesEveryEvent =
      types == nil && signers == nil && target == nil && filter.standings.isEmpty
  }

  /// Whether an event satisfies every condition except those on standings.
  public func matches(_ event: EventFacts) -> Bool {
    (types?.contains(event.type) ?? true) && (signers?.contains(event.signer) ?? true)
      && (target.map { $0 == event.target } ?? true)
  }
}
