import CanonicalJSON
public import Encodings
public import LedgerDomain
public import TransparencyLog

/// Verifies a bundle: one record with the proofs that its events are in a log. No ledger is needed.
///
/// A bundle is one canonical JSON object. Each part is bound by a check: the entries by their
/// inclusion proofs, the status by the fold, and the document and other evidence by hashes in the
/// entries. A bundle does not prove that it contains every event of the record. An export of the
/// whole log proves that.
///
/// Specification: bundle.md.
public struct BundleVerification: Sendable {
  /// The value of the member `format`.
  public static let format = "pith-ledger-bundle/2"
  /// The format without the members `names` and `proofs`, which is still verified.
  static let earlierFormat = "pith-ledger-bundle/1"
  /// The largest bundle, in bytes: 256 MiB.
  public static let maxBytes = 256 << 20
  static let members = [
    "anchors", "checkpoint", "document", "event_summary", "events", "format", "keys", "names",
    "pith_number", "proofs", "verification_status",
  ]

  /// A proof of time over a checkpoint that covers events of the record.
  public struct Anchor: Sendable {
    /// The kind of the proof.
    public let kind: TimestampAnchor.Kind
    /// The bytes of the proof. Checking them needs trusted block headers or trusted roots.
    public let proof: [UInt8]
    /// SHA-256 of the checkpoint's text, which the proof is about.
    public let digest: Digest
    /// The number of entries that the checkpoint covers.
    public let size: TreeSize
    /// The verdict of the ledger when it admitted the anchor.
    public let admitted: Verdict
    /// The positions of the record's events that the checkpoint covers.
    public let events: [Position]

    /// The proof, to be checked against what the reader trusts.
    public var timeProof: TimeProof { TimeProof(kind: kind, bytes: proof, digest: digest) }
  }

  /// A proof of time over the canonical record, which a `timestamp_anchor` of the record names.
  public struct Proof: Sendable {
    /// The proof. Checking it needs trusted block headers or trusted roots.
    public let proof: TimeProof
    /// The position of the anchor.
    public let position: Position
    /// The verdict of the ledger when it admitted the anchor.
    public let admitted: Verdict
  }

  /// The result of a successful verification.
  public struct Outcome: Sendable {
    /// The record's full Pith Number.
    public let pithNumber: String
    /// The checkpoint under which all entries are included.
    public let checkpoint: Checkpoint
    /// The positions of the events about the record.
    public let events: [Position]
    /// The number of entries about keys and checkpoints.
    public let keys: Int
    /// The status of the record, as the fold of the entries gives it.
    public let status: RecordStatus
    /// Whether the bundle contains the imported document. Its SHA-256 is named by an entry.
    public let hasDocument: Bool
    /// The proofs of time. Their form and their checkpoints are verified; the proofs themselves are
    /// not.
    public let anchors: [Anchor]
    /// The proofs of the record's own anchors, by the positions of the anchors.
    public let proofs: [Proof]
  }

  private let keys: [NoteVerifierKey]

  /// Makes a verification.
  ///
  /// - Parameter keys: the log's verifier keys. A checkpoint needs a signature by one of them.
  public init(keys: [NoteVerifierKey]) { self.keys = keys }

  /// Verifies the bytes of a bundle, in the order of bundle.md, section Verification.
  ///
  /// - Throws: a `LogFault` that names the member at fault.
  public func verify(_ bytes: [UInt8]) async throws -> Outcome {
    let bundle = try Self.parse(bytes)
    let checkpoint = try checkpoint(bundle["checkpoint"])
    let number = bundle["pith_number"]?.stringValue ?? ""
    let keyItems = try Self.entries(bundle["keys"], "keys", checkpoint)
    let eventItems = try Self.entries(bundle["events"], "events", checkpoint)
    let nameItems = try Self.entries(bundle["names"] ?? [], "names", checkpoint)
    var reader = LogReader()
    let checked = try await Self.read(&reader, keyItems + eventItems + nameItems)
    try Self.checkSubjects(keyItems: keyItems, eventItems: eventItems, checked, number)
    try Self.checkNames(nameItems, checked, number)
    let status = try Self.status(
      of: number, reader, eventItems.last.flatMap { checked[$0.position] })
    try status.expect(
      bundle["verification_status"], bundle["event_summary"], of: number, place: "status")
    let hasDocument = try Self.checkDocument(
      bundle["document"], eventItems.compactMap { checked[$0.position]?.entry })
    let anchors = try BundleAnchorReader(
      checkpoint: checkpoint, events: eventItems.map(\.position), checked: checked
    ).read(bundle["anchors"])
    let proofs = try BundleProofReader(
      digest: try Self.canonicalDigest(of: number, eventItems, checked),
      events: eventItems.map(\.position), checked: checked
    ).read(bundle["proofs"])
    return Outcome(
      pithNumber: number, checkpoint: checkpoint, events: eventItems.map(\.position),
      keys: keyItems.count, status: status, hasDocument: hasDocument, anchors: anchors,
      proofs: proofs)
  }

  /// The digest of the canonical record. Checks that the record has the Pith Number.
  private static func canonicalDigest(
    of number: String, _ items: [LogReader.Item], _ checked: [Position: LogReader.Checked]
  ) throws(LogFault) -> Digest {
    for item in items {
      guard case .recordCreated(let created)? = checked[item.position]?.entry.event.body.payload
      else { continue }
      guard created.canonical.pithNumber.description == number else {
        throw LogFault(
          "bundle.subject", position: item.position, place: "events",
          "the canonical record has the number \(created.canonical.pithNumber)")
      }
      return created.canonical.digest
    }
    throw LogFault("bundle.subject", place: "events", "no entry has the canonical record")
  }

  /// Parses a bundle, and checks its members, its canonical form and its format.
  private static func parse(_ bytes: [UInt8]) throws(LogFault) -> JSONObject {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, limits: JSONLimits(maxBytes: maxBytes, maxDepth: 64))
    } catch { throw LogFault("bundle.json", place: "byte \(error.offset)", error.message) }
    guard let bundle = json.objectValue else {
      throw LogFault("bundle.members", place: "bundle", "a bundle is an object")
    }
    let form = bundle["format"]?.stringValue
    let expected =
      form == earlierFormat ? members.filter { $0 != "names" && $0 != "proofs" } : members
    guard bundle.keys == expected else {
      throw LogFault(
        "bundle.members", place: "bundle",
        "a bundle has the members \(expected.joined(separator: ", "))")
    }
    let canonical = json.canonicalBytes()
    if canonical != bytes {
      let place = zip(canonical, bytes).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      throw LogFault(
        "bundle.canonical", place: "byte \(place ?? min(canonical.count, bytes.count))",
        "the bundle is not in canonical JSON")
    }
    guard form == format || form == earlierFormat else {
      throw LogFault(
        "bundle.format", place: "format", "\(format) and \(earlierFormat) are known")
    }
    return bundle
  }

  /// Reads the bundle's checkpoint, and verifies the log's signature.
  private func checkpoint(_ json: JSON?) throws(LogFault) -> Checkpoint {
    let signed: SignedCheckpoint
    do throws(TransparencyError) {
      signed = try SignedCheckpoint(Array((json?.stringValue ?? "").utf8), by: keys)
    } catch { throw LogFault(error, place: "checkpoint") }
    // A signature of a witness is not bound by anything in the bundle. Only the log's own signature is
    // allowed, so that every byte of a bundle is checked.
    guard signed.note.signatures.count == 1, signed.note.signatures[0].isCanonical,
      signed.checkpoint.text == signed.note.text
    else {
      throw LogFault(
        "checkpoint.form", place: "checkpoint", "one signature in canonical base64, and three lines"
      )
    }
    return signed.checkpoint
  }

  /// Checks that `events` has only events of the record, and `keys` only events of the registry.
  private static func checkSubjects(
    keyItems: [LogReader.Item], eventItems: [LogReader.Item],
    _ checked: [Position: LogReader.Checked], _ number: String
  ) throws(LogFault) {
    for item in eventItems where checked[item.position]?.entry.event.body.subject.text != number {
      throw LogFault(
        "bundle.subject", position: item.position, place: "events",
        "the event is about another record than \(number)")
    }
    for item in keyItems where checked[item.position]?.entry.event.body.subject != .registry {
      throw LogFault(
        "bundle.subject", position: item.position, place: "keys", "not an event of the registry")
    }
  }

  /// Checks that `names` has only events that name other papers than the record.
  private static func checkNames(
    _ items: [LogReader.Item], _ checked: [Position: LogReader.Checked], _ number: String
  ) throws(LogFault) {
    for item in items {
      guard let body = checked[item.position]?.entry.event.body, body.type.namesPaper,
        body.subject.text != number
      else {
        throw LogFault(
          "bundle.subject", position: item.position, place: "names",
          "the event does not name another paper")
      }
    }
  }

  /// Folds the events of the record, as of the time when its last event was recorded.
  private static func status(
    of number: String, _ reader: LogReader, _ last: LogReader.Checked?
  ) throws(LogFault) -> RecordStatus {
    guard let record = reader.records[number], let last else {
      throw LogFault(
        "bundle.subject", place: "pith_number", "the bundle has no event about \(number)")
    }
    return reader.fold(record, reader.foldContext(), at: last.entry.admission.recordedAt)
  }

  /// Verifies entries in the order of the log. Returns them by position.
  private static func read(
    _ reader: inout LogReader, _ items: [LogReader.Item]
  ) async throws -> [Position: LogReader.Checked] {
    let sorted = items.sorted { $0.position < $1.position }
    var checked: [Position: LogReader.Checked] = [:]
    for entry in try await reader.read(sorted) { checked[entry.position] = entry }
    return checked
  }

  /// Reads entries with their positions, and verifies their inclusion under the checkpoint.
  private static func entries(
    _ json: JSON?, _ member: String, _ checkpoint: Checkpoint
  ) throws -> [LogReader.Item] {
    guard let items = json?.arrayValue else {
      throw LogFault("bundle.form", place: member, "an array of entries")
    }
    var entries: [LogReader.Item] = []
    for (number, item) in items.enumerated() {
      let place = "\(member)[\(number)]"
      guard item.objectValue?.keys == ["entry", "inclusion", "position"],
        let entry = item["entry"], let number = item["position"]?.integerValue, number >= 0
      else {
        throw LogFault("bundle.form", place: place, "an entry has entry, inclusion and position")
      }
      let position = Position(rawValue: number)
      guard position > entries.last?.position ?? .beforeFirst else {
        throw LogFault(
          "bundle.order", position: position, place: place, "the positions do not ascend")
      }
      let bytes = entry.canonicalBytes()
      do throws(TransparencyError) {
        try TreeProofs.verifyInclusion(
          leaf: .leaf(bytes), index: position.leafIndex, size: checkpoint.size,
          root: checkpoint.root,
          proof: try TreeProofs.hashes(item["inclusion"]))
      } catch { throw LogFault(error, position: position, place: place) }
      entries.append(LogReader.Item(position: position, bytes: bytes))
    }
    return entries
  }

  /// Checks that an entry of the record names the document's SHA-256.
  private static func checkDocument(_ json: JSON?, _ entries: [Entry]) throws -> Bool {
    guard let json, !json.isNull else { return false }
    let digest = Digest(hashing: json.canonicalBytes())
    guard entries.contains(where: { $0.event.body.payload.evidence == digest }) else {
      throw LogFault(
        "bundle.document", place: "document",
        "no entry of the record names a document of SHA-256 \(digest.hex)")
    }
    return true
  }
}
