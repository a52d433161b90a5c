import Encodings

/// The members of one type of event.
///
/// A value exists only if its members are valid. There is one conforming type for each event type;
/// each has one file with its members, its parser, and its contribution to slots and columns.
/// Specification: events.md, section Payloads.
protocol EventPayload: Sendable {
  /// Reads the members of a `payload` object. The caller refuses members that were not read.
  ///
  /// - Throws: a `Refusal` with the path of the member.
  init(reading members: inout JSONObjectReader) throws(Refusal)

  /// The event that this one names by `supersedes` or `event_id`.
  var referencedEventID: Digest? { get }

  /// SHA-256 of the bytes that this payload is based on, which a submission sends as evidence.
  var evidence: Digest? { get }

  /// What the slot of a statement depends on besides its type, signer and target. `nil` for a type that
  /// has no slots, of which a signer may have any number of statements.
  var slotKey: String? { get }

  /// The name that is added to a record or retracted.
  var alias: Alias? { get }

  /// Sets the columns that derive from the members. The columns that every event has are set before.
  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource)
}

extension EventPayload {
  var referencedEventID: Digest? { nil }
  var evidence: Digest? { nil }
  var slotKey: String? { nil }
  var alias: Alias? { nil }

  func setColumns(_ columns: inout FoldEvent, of source: ColumnSource) {}
}

/// What the columns of an event derive from besides the members of its payload.
struct ColumnSource: Sendable {
  let event: SignedEvent
  let admission: Admission
  /// The event that this one names, among the earlier events of its record.
  let referenced: FoldEvent?
  /// The slot of the source of the event's record; needed for an event about an alias.
  let recordSource: Digest128?

  var signer: Signer { event.body.signer }
}

extension FoldEvent {
  /// Sets the columns of an event about an alias. A short form names no paper by itself.
  mutating func setNames(of alias: Alias, of source: ColumnSource) {
    slot = PaperName(alias)?.slot
    claimant = slot == nil ? nil : source.recordSource
  }
}

extension JSONObjectReader {
  /// The event that a newer statement replaces.
  mutating func supersedes() throws(Refusal) -> Digest? {
    optional("supersedes") == nil ? nil : try eventID("supersedes")
  }

  /// A free text that is signed and not used otherwise: `reason`.
  mutating func reason() throws(Refusal) -> String { try text("reason", maxBytes: 500) }

  /// The name and the kind of an alias.
  mutating func alias() throws(Refusal) -> Alias {
    Alias(kind: try choice("alias_kind", Alias.Kind.allCases), value: try text("alias_value"))
  }

  mutating func signerType() throws(Refusal) -> SignerType {
    guard let type = SignerType(name: try text("signer_type")) else {
      throw refusal("signer_type", "No such type of signer.")
    }
    return type
  }
}
