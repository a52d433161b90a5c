import CanonicalJSON
import Encodings

/// One check of admission and its verdict.
public struct Check: Sendable, Equatable {
  /// The name of the check, such as `signature`. Specification: log.md, section Entry.
  public let name: String
  /// The verdict.
  public let verdict: Verdict

  /// Makes a check.
  public init(_ name: String, _ verdict: Verdict) {
    self.name = name
    self.verdict = verdict
  }
}

/// The results of the checks with which the ledger admitted an event.
///
/// They are about the event's bytes and external facts, and never about other events.
/// Specification: log.md, section Entry.
public struct Admission: Sendable, Equatable {
  /// The checks, in the order in which they ran.
  public var checks: [Check]
  /// The overall verdict.
  public var verdict: Verdict
  /// The time by which the attested fact existed, if a proof gives one.
  public var provenAt: Timestamp?
  /// The time of admission, by the ledger's clock.
  public var recordedAt: Timestamp

  /// Makes an admission from its parts.
  public init(
    checks: [Check], verdict: Verdict, provenAt: Timestamp? = nil, recordedAt: Timestamp
  ) {
    self.checks = checks
    self.verdict = verdict
    self.provenAt = provenAt
    self.recordedAt = recordedAt
  }

  /// The admission of an event for which only the signature is checked. The signature verifies.
  public static func signedOnly(at time: Timestamp) -> Admission {
    Admission(checks: [Check("signature", .verified)], verdict: .verified, recordedAt: time)
  }

  /// The check that fails for an unsigned anchor if its proof names neither a configured calendar
  /// nor a block that can exist.
  static let settleable = "settleable"

  /// The verdict of a check; `nil` if it did not run.
  func verdict(of check: String) -> Verdict? { checks.first { $0.name == check }?.verdict }
}

/// One entry of the log: an event with its admission. The bytes are stored, are hashed as a leaf,
/// and never change.
///
/// They are canonical JSON of at most 65,535 bytes, because C2SP tlog-tiles stores the length of an
/// entry in 16 bits. Specification: log.md, section Entry.
public struct Entry: Sendable {
  /// The largest entry, in bytes.
  public static let maxBytes = 65_535

  /// The bytes of the entry.
  public let bytes: [UInt8]
  /// The signed event.
  public let event: SignedEvent
  /// The results of admission.
  public let admission: Admission
  /// Whether the bytes are the canonical encoding of the entry.
  public let isCanonical: Bool

  /// Encodes an entry.
  ///
  /// - Throws: a `Refusal` with the check `entry_size` if the entry is too large.
  public init(event: SignedEvent, admission: Admission) throws(Refusal) {
    self.event = event
    self.admission = admission
    var outcome: JSONObject = [
      "checks": .array(
        admission.checks.map { ["check": .string($0.name), "verdict": .string($0.verdict.name)] }),
      "recorded_at": .string(admission.recordedAt.description),
      "verdict": .string(admission.verdict.name),
    ]
    outcome["proven_at"] = admission.provenAt.map { .string($0.description) }
    // The canonical bytes of the event are not written again member by member.
    var bytes = Array("{\"admission\":".utf8)
    bytes.reserveCapacity(1024)
    bytes += JSON.object(outcome).canonicalBytes()
    bytes += ",\"event\":".utf8
    event.body.write(signature: event.signature, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
    self.bytes = bytes
    isCanonical = true
    guard bytes.count <= Self.maxBytes else {
      throw Refusal(
        .tooLarge, check: "entry_size",
        "The entry would have \(bytes.count) bytes; an entry has at most \(Self.maxBytes).")
    }
  }

  /// Parses the bytes of an entry. It does not check that they are canonical, or the signature.
  ///
  /// - Throws: a `Refusal` with the path of the member.
  public init(bytes: [UInt8]) throws(Refusal) {
    let text: JSONText
    do throws(JSONError) {
      text = try JSONText(bytes, limits: JSONLimits(maxBytes: Self.maxBytes, maxDepth: 64))
    } catch { throw Refusal(json: error) }
    var top = try JSONObjectReader(text.value, "")
    let eventJSON = try top.value("event")
    let source = EventText(ofEntry: text, bytes)
    event = try SignedEvent(eventJSON, in: source)
    var outcome = try JSONObjectReader(top.value("admission"), "admission")
    try top.finish()
    let items = try outcome.value("checks").arrayValue
    var checks: [Check] = []
    checks.reserveCapacity(items?.count ?? 0)
    var hasOtherMembers = items == nil
    for item in items ?? [] {
      guard let name = item["check"]?.stringValue,
        let verdict = item["verdict"]?.stringValue.flatMap({ Verdict(name: $0) })
      else { throw Refusal(.invalid, check: "entry", field: "admission.checks", "Not a check.") }
      checks.append(Check(name, verdict))
      if item.objectValue?.count != 2 { hasOtherMembers = true }
    }
    guard let verdict = Verdict(name: try outcome.text("verdict")) else {
      throw Refusal(.invalid, check: "entry", field: "admission.verdict", "Not a verdict.")
    }
    let provenAt = try outcome.optionalTimestamp("proven_at")
    let recordedAt = try outcome.timestamp("recorded_at")
    admission = Admission(
      checks: checks, verdict: verdict, provenAt: provenAt, recordedAt: recordedAt)
    // A canonical text is that of the entry, unless it has members that the entry ignores, or a value
    // that has several spellings. Each other value has one.
    isCanonical =
      source != nil && !hasOtherMembers && outcome.spells("proven_at", provenAt)
      && outcome.spells("recorded_at", recordedAt)
    try outcome.finish()
    self.bytes = bytes
  }
}

extension JSONObjectReader {
  /// Whether a member is the time as the program writes it.
  fileprivate mutating func spells(_ key: String, _ time: Timestamp?) -> Bool {
    guard let text = optional(key)?.stringValue else { return time == nil }
    return time?.description == text
  }
}
