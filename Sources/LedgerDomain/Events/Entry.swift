import CanonicalJSON
import Encodings

/// One thing that admission looked at, and what it found.
public struct Check: Sendable, Equatable {
  public let name: String
  public let verdict: Verdict

  public init(_ name: String, _ verdict: Verdict) {
    self.name = name
    self.verdict = verdict
  }
}

/// What the ledger found when it took an event: verdicts on bytes and the outside world, never on
/// other events.
public struct Admission: Sendable, Equatable {
  public var checks: [Check]
  public var verdict: Verdict
  public var provenAt: Timestamp?
  public var recordedAt: Timestamp

  public init(
    checks: [Check], verdict: Verdict, provenAt: Timestamp? = nil, recordedAt: Timestamp
  ) {
    self.checks = checks
    self.verdict = verdict
    self.provenAt = provenAt
    self.recordedAt = recordedAt
  }

  /// That the signature holds, and nothing more was to be checked.
  public static func signedOnly(at time: Timestamp) -> Admission {
    Admission(checks: [Check("signature", .verified)], verdict: .verified, recordedAt: time)
  }

  /// The check that fails for an unsigned anchor whose proof names no calendar that the ledger asks and no block
  /// that may exist.
  static let settleable = "settleable"

  func verdict(of check: String) -> Verdict? { checks.first { $0.name == check }?.verdict }
}

/// The bytes of one entry of the log: what is stored, hashed as a leaf, and never changed.
///
/// Canonical JSON of at most 65,535 bytes, so that it fits an entry bundle of C2SP tlog-tiles.
public struct Entry: Sendable {
  public static let maxBytes = 65_535

  public let bytes: [UInt8]
  public let event: SignedEvent
  public let admission: Admission

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
    let json: JSON = ["admission": .object(outcome), "event": .object(event.json)]
    bytes = json.canonicalBytes()
    guard bytes.count <= Self.maxBytes else {
      throw Refusal(
        .tooLarge, check: "entry_size",
        "The entry would have \(bytes.count) bytes; an entry has at most \(Self.maxBytes).")
    }
  }

  /// Reads an entry back.
  public init(bytes: [UInt8]) throws(Refusal) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, limits: JSONLimits(maxBytes: Self.maxBytes, maxDepth: 64))
    } catch { throw Refusal(json: error) }
    var top = try JSONObjectReader(json, "")
    event = try SignedEvent(top.value("event"))
    var outcome = try JSONObjectReader(top.value("admission"), "admission")
    try top.finish()
    var checks: [Check] = []
    for item in try outcome.value("checks").arrayValue ?? [] {
      guard let name = item["check"]?.stringValue,
        let verdict = item["verdict"]?.stringValue.flatMap({ Verdict(name: $0) })
      else { throw Refusal(.invalid, check: "entry", field: "admission.checks", "Not a check.") }
      checks.append(Check(name, verdict))
    }
    guard let verdict = Verdict(name: try outcome.text("verdict")) else {
      throw Refusal(.invalid, check: "entry", field: "admission.verdict", "Not a verdict.")
    }
    admission = Admission(
      checks: checks, verdict: verdict, provenAt: try outcome.optionalTimestamp("proven_at"),
      recordedAt: try outcome.timestamp("recorded_at"))
    try outcome.finish()
    self.bytes = bytes
  }

  /// Whether the bytes are the one canonical spelling of what they say.
  public var isCanonical: Bool {
    (try? Entry(event: event, admission: admission))?.bytes == bytes
  }
}
