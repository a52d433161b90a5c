public import Encodings
import LedgerDomain
import LedgerStore

/// Finds the events and papers that a person refers to in a statement.
public struct ReferenceResolver: Sendable {
  /// The smallest number of digits of an event id that name an event.
  static let minDigits = 8
  /// The largest number of candidates that a refusal lists.
  private static let maxCandidates = 16

  let store: LedgerStore
  let resolver: RecordResolver

  /// Returns the id of an event that a reader names.
  ///
  /// - Parameters:
  ///   - name: the event id with or without `sha256:`, at least its first eight digits, or the position of
  ///     the event. Digits without `sha256:` that are all decimal are a position, unless they are a whole
  ///     id.
  ///   - field: the argument or parameter that a refusal names.
  ///
  /// A whole id is returned without a look-up.
  ///
  /// Errors: a `Refusal` with check `event_id` or `position`; `conflict` with the candidates if several
  /// events have an id that begins so.
  public func eventID(_ name: String, field: String) async throws -> Digest {
    let isPrefixed = name.hasPrefix("sha256:")
    let hex = (isPrefixed ? String(name.dropFirst(7)) : name).lowercased()
    if let id = Digest(hex: hex) { return id }
    if !isPrefixed, (1...18).contains(hex.utf8.count), hex.utf8.allSatisfy(Self.isDecimal),
      let position = Int64(hex).map(Position.init(rawValue:))
    {
      guard let event = try await store.log.events(from: position, limit: 1).first,
        event.position == position
      else {
        throw Refusal(
          .notFound, check: "position", field: field, "The log has no event at \(position).")
      }
      return event.eventID
    }
    guard (Self.minDigits...63).contains(hex.utf8.count), hex.utf8.allSatisfy(Self.isHexadecimal)
    else {
      throw Refusal(
        .malformed, check: "event_id", field: field,
        "Name an event by its event_id (sha256: and 64 hexadecimal digits), by at least the first "
          + "\(Self.minDigits) digits of it, or by its position.")
    }
    let found = try await store.log.eventIDs(beginning: hex, limit: Self.maxCandidates)
    guard let first = found.first else {
      throw Refusal(
        .notFound, check: "event_id", field: field,
        "The log has no event whose event_id begins with sha256:\(hex).")
    }
    guard found.count == 1 else {
      throw Refusal(
        .conflict, check: "event_id", field: field,
        "Several events have an event_id that begins with sha256:\(hex).",
        candidates: found.map { "sha256:" + $0.hex })
    }
    return first
  }

  private static func isDecimal(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDecimal(byte) || (0x61...0x66).contains(byte)
  }

  /// A member of a citation's payload that names the citing paper.
  public struct CitingPaper: Sendable, Equatable {
    /// `citing_pith_number`, `citing_arxiv` or `citing_doi`.
    public let member: String
    /// The name.
    public let value: String

    /// Makes a member.
    public init(member: String, value: String) {
      self.member = member
      self.value = value
    }
  }

  /// Returns the member by which a citation names a paper.
  ///
  /// A short form becomes the full Pith Number of the record that it names. An arXiv id or a DOI becomes
  /// the Pith Number of a record that an operator imported, and stays as it is otherwise: anybody may send
  /// a bare record with a name.
  ///
  /// - Parameters:
  ///   - name: the citing paper, by any of its names.
  ///   - field: the argument that a refusal names.
  ///
  /// Errors: a `Refusal` with check `identifier`: the text is no name, or a short form names no record or
  /// several.
  public func citingPaper(_ name: String, field: String) async throws -> CitingPaper {
    do {
      let parsed = try RecordName(name)
      switch parsed {
      case .pithNumber(let number):
        return CitingPaper(member: "citing_pith_number", value: number.description)
      case .suffix:
        let number = try await resolver.resolve(name).record.pithNumber
        return CitingPaper(member: "citing_pith_number", value: number.description)
      case .alias(let kinds, _):
        let found = try await store.records.resolve(parsed).first
        if let found, found.isOperatorImported {
          return CitingPaper(member: "citing_pith_number", value: found.pithNumber.description)
        }
        return CitingPaper(member: kinds == [.doi] ? "citing_doi" : "citing_arxiv", value: name)
      }
    } catch let refusal as Refusal {
      throw Refusal(
        refusal.code, check: refusal.check, field: field,
        refusal.code == .notFound
          ? refusal.message
            + " Name a citing paper that is not here by its full Pith Number, an arXiv id or a DOI."
          : refusal.message, candidates: refusal.candidates)
    }
  }
}
