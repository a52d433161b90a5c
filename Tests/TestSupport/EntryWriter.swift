public import CanonicalJSON
import Encodings
public import LedgerDomain

/// Writes a log of entries, which are not admitted, so that the log contains what admission refuses too.
///
/// Each event is signed, written as an entry and read back. Its columns are derived from the bytes of the
/// entry, as in the store and in the verifier.
public struct EntryWriter: Sendable {
  /// A signing key with the registration that its events name.
  public struct Person: Sendable {
    /// The key, which the name determines.
    public let key: SigningKey
    /// The `signer_id` of the registration.
    public let signerID: String
    /// The capacity of the registration.
    public let type: SignerType

    /// Makes a person.
    ///
    /// - Parameter name: determines the key.
    public init(_ name: String, signerID: String, type: SignerType = .author) throws {
      key = try SigningKey(rawRepresentation: Digest(hashing: Array(name.utf8)).bytes)
      self.signerID = signerID
      self.type = type
    }

    /// The member `signer` of the person's events.
    public var signer: Signer {
      Signer(keyID: "k", fingerprint: key.fingerprint, signerID: signerID, signerType: type)
    }
  }

  /// An entry that differs from the event and the admission that were written.
  public struct NotReproduced: Error {
    /// The position of the entry.
    public let position: Position
  }

  /// The origin of the log.
  public static let origin = "example.org/ledger"
  /// The time before the first event.
  public static let start = Timestamp(microseconds: 1_790_000_000_000_000)

  /// The bytes of the entries, by position.
  public private(set) var entries: [[UInt8]] = []
  /// The columns of the events, by position.
  public private(set) var events: [FoldEvent] = []
  /// The canonical forms of the records.
  public private(set) var records: [RecordID: CanonicalRecord] = [:]
  private var positions: [Digest: Position] = [:]

  /// Creates an empty log.
  public init() {}

  /// The position of the next event.
  public var next: Position { Position(rawValue: Int64(events.count)) }

  /// The time at which the event at a position is recorded: one second after the event before it.
  public static func time(of position: Position) -> Timestamp {
    start.adding(seconds: position.rawValue)
  }

  /// Appends an event, unless it is in the log already. Returns its position.
  ///
  /// - Parameters:
  ///   - record: the subject.
  ///   - createdAt: the time of signing. `nil` is the time of recording.
  ///   - checks: the checks of the admission besides `signature`.
  @discardableResult
  public mutating func append(
    _ type: EventType, _ payload: JSONObject, by person: Person, record: RecordID = .registry,
    target: String, createdAt: Timestamp? = nil, verdict: Verdict = .verified, checks: [Check] = []
  ) throws -> Position {
    let position = next
    let recordedAt = Self.time(of: position)
    let event = try person.key.sign(
      EventBody.make(
        type: type, payload: payload, signer: person.signer,
        subject: records[record].map { .record($0.pithNumber) } ?? .registry, target: target,
        createdAt: createdAt ?? recordedAt))
    if let known = positions[event.eventID] { return known }
    let written = try Entry(
      event: event,
      admission: Admission(
        checks: [Check("signature", .verified)] + checks, verdict: verdict, recordedAt: recordedAt))
    let entry = try Entry(bytes: written.bytes)
    guard entry.event == event, entry.admission == written.admission else {
      throw NotReproduced(position: position)
    }
    append(entry, record: record)
    return position
  }

  private mutating func append(_ entry: Entry, record: RecordID) {
    let referenced = entry.event.body.referencedEventID.flatMap { positions[$0] }
      .map { events[Int($0.rawValue)] }
    positions[entry.event.eventID] = next
    events.append(
      entry.foldEvent(
        position: next, record: record,
        referenced: referenced?.record == record ? referenced : nil,
        recordSource: records[record].map { PaperName(sourceOf: $0).slot }))
    entries.append(entry.bytes)
  }

  /// Registers a key, signed by itself.
  public mutating func register(_ person: Person) throws {
    try append(
      .keyRegistered,
      ["algorithm": "ed25519", "public_key_b64": .string(Base64.encode(person.key.publicKey))],
      by: person, target: "key:\(person.key.fingerprint.hex)")
  }

  /// Appends a statement about a key.
  public mutating func appendKeyEvent(
    _ type: EventType, about person: Person, _ members: JSONObject, by author: Person
  ) throws {
    var payload = members
    payload["log"] = .string(Self.origin)
    payload["public_key_fingerprint"] = .string(person.key.fingerprint.hex)
    try append(type, payload, by: author, target: "key:\(person.key.fingerprint.hex)")
  }

  /// Vouches for a key in a capacity.
  public mutating func vouch(
    for person: Person, as type: SignerType, by voucher: Person
  ) throws {
    try appendKeyEvent(
      .keyVouched, about: person,
      [
        "method": "registry", "signer_id": .string(person.signerID),
        "signer_type": .string(type.name),
      ], by: voucher)
  }

  /// Creates a record. Its number in the log determines its canonical form.
  ///
  /// - Parameter hasReceipt: whether a receipt of the Pith Number was verified.
  public mutating func createRecord(by registry: Person, hasReceipt: Bool = true) throws -> RecordID
  {
    let canonical = try Self.canonicalRecord(records.count)
    let record = RecordID(createdAt: next)
    records[record] = canonical
    try append(
      .recordCreated,
      [
        "canonical_record": .object(canonical.json),
        "canonical_sha256": .string(canonical.digest.hex),
      ], by: registry, record: record, target: "record",
      checks: hasReceipt ? [Check("pith_receipt", .verified)] : [])
    return record
  }

  /// The canonical form of the record with this number in the log. Two records in a row are versions of
  /// one arXiv paper.
  static func canonicalRecord(_ number: Int) throws(Refusal) -> CanonicalRecord {
    try CanonicalRecord([
      "metadata": [
        "abstract_canon_sha256": .string(String(repeating: "a", count: 64)),
        "cross_cats_sorted": [], "license": .null, "primary_cat": "hep-th",
        "submitted_at": "2024-01-02T03:04:05Z",
        "title_canon_sha256": .string(String(repeating: "b", count: 64)),
      ],
      "schema_version": "1.0",
      "source": [
        "id": .string(arxivID(number)), "kind": "arxiv",
        "version": .integer(Int64(number % 2) + 1),
      ],
    ])
  }

  /// The arXiv identifier of the record with this number in the log.
  static func arxivID(_ number: Int) -> String {
    "2401.\(String(100_000 + number / 2).dropFirst())"
  }
}
