public import Encodings

/// The rows by which records are looked up, as they derive from the entries of a log.
///
/// They are the records with their Pith Numbers, the names of records, and the identity tokens that
/// events used. Specification: identifiers.md, section Names of a record.
public struct RecordLookups: Sendable {
  /// The columns of a record by which it is looked up.
  public struct Subject: Sendable, Equatable {
    /// The full Pith Number.
    public let pithNumber: String
    /// SHA-256 of the canonical record.
    public let canonicalSHA256: Digest
    /// The version of the paper at its source, `source.version`.
    public let sourceVersion: Int64
    /// Whether a `record_created` of the record has a receipt by a trusted key.
    public var hasTrustedReceipt = false
    /// Whether the operator imported the record, its document or its graph.
    public var isOperatorImported = false

    /// The part of the Pith Number after its last colon, of which short forms are a prefix.
    public var suffix: String { String(pithNumber.split(separator: ":").last ?? "") }
  }

  /// A name of a record, in the form in which it is looked up. Two names are equal if their bytes are:
  /// composed and decomposed letters differ.
  public struct Name: Hashable, Sendable {
    /// The record.
    public let record: RecordID
    /// The name of the alias kind, such as `arxiv`.
    public let kind: String
    /// The folded value.
    public let folded: String

    /// Makes a name from its parts.
    public init(record: RecordID, kind: String, folded: String) {
      self.record = record
      self.kind = kind
      self.folded = folded
    }

    /// Compares the parts, texts by their bytes.
    public static func == (a: Name, b: Name) -> Bool {
      a.record == b.record && a.kind.utf8.elementsEqual(b.kind.utf8)
        && a.folded.utf8.elementsEqual(b.folded.utf8)
    }

    /// Hashes the record and the bytes of the value.
    public func hash(into hasher: inout Hasher) {
      hasher.combine(record)
      for byte in folded.utf8 { hasher.combine(byte) }
    }
  }

  /// The look-up columns of each record.
  public private(set) var subjects: [RecordID: Subject] = [:]
  /// Every name that was added to a record, with `true` if it was retracted.
  public private(set) var names: [Name: Bool] = [:]
  /// The event that each identity token served, by the SHA-256 of the token.
  public private(set) var tokens: [Digest: Digest] = [:]

  /// Makes the look-ups of an empty log.
  public init() {}

  /// The types of the events that ``apply(_:_:)`` reads.
  public static let types: [EventType] = [
    .authorAttestation, .recordCreated, .graphSnapshot, .aliasAdded, .eventWithdrawn,
    .aliasRetracted,
  ]

  /// Adds what follows from an entry. Entries are added in the order of the log.
  ///
  /// - Parameters:
  ///   - entry: the next entry.
  ///   - columns: the columns that derive from the entry.
  public mutating func apply(_ entry: Entry, _ columns: FoldEvent) {
    let payload = entry.event.body.payload
    if let alias = entry.event.body.alias {
      let name = Name(record: columns.record, kind: alias.kind.rawValue, folded: alias.folded)
      names[name] = columns.type == .aliasRetracted
    }
    if subjects[columns.record] == nil, case .recordCreated(let created) = payload {
      subjects[columns.record] = Subject(
        pithNumber: entry.event.body.subjectText, canonicalSHA256: created.canonical.digest,
        sourceVersion: created.canonical.sourceVersion)
    }
    if columns.flags.contains(.receiptVerified) {
      subjects[columns.record]?.hasTrustedReceipt = true
    }
    if columns.flags.contains(.operatorImported) {
      subjects[columns.record]?.isOperatorImported = true
    }
    if payload.evidenceKind == .identityToken, let token = entry.event.body.evidence {
      // A token serves one event: the first that names it.
      if tokens[token] == nil { tokens[token] = columns.eventID }
    }
  }
}
