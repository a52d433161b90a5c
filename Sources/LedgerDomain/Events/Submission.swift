public import CanonicalJSON
public import Encodings

/// A parsed submission: a signed event with its evidence, or a bare action.
///
/// Specification: events.md, section On the wire.
public enum SubmissionParser: Sendable {
  /// A signed event, with evidence by SHA-256.
  case signed(event: SignedEvent, evidence: [Digest: [UInt8]])
  /// A bare action, which the ledger signs with the registry key.
  case bare(BareSubmission)

  /// Parses a submission, which is one JSON object.
  ///
  /// - Throws: a `Refusal` with the byte offset for invalid JSON, and with the member otherwise.
  public static func parse(_ bytes: [UInt8], limits: JSONLimits) throws(Refusal) -> SubmissionParser
  {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes, limits: limits) } catch {
      throw Refusal(json: error)
    }
    guard let object = json.objectValue else {
      throw Refusal(.malformed, check: "json", offset: 0, "A submission is a JSON object.")
    }
    let evidence = try Self.evidence(object["evidence"])
    guard object["signature"] != nil else {
      var members = try JSONObjectReader(json, "")
      guard let payload = try members.value("payload").objectValue else {
        throw Refusal(.malformed, check: "member", field: "payload", "Not a JSON object.")
      }
      let target = try members.optionalText("target").map { text throws(Refusal) in try Target(text)
      }
      _ = members.optional("evidence")
      do throws(Refusal) { try members.finish() } catch {
        throw Refusal(
          .malformed, check: "signature", field: error.field,
          "Without a signature only payload, target and evidence are taken: sign the event, or leave "
            + "this member out.")
      }
      return .bare(BareSubmission(payload: payload, target: target, evidence: evidence))
    }
    let event = try SignedEvent(json)
    try checkNamed(evidence, by: event.body.payload)
    return .signed(event: event, evidence: evidence)
  }

  /// Refuses evidence that the payload does not name. The ledger stores no bytes that are not bound
  /// by a signature.
  public static func checkNamed(
    _ evidence: [Digest: [UInt8]], by payload: Payload
  ) throws(Refusal) {
    for digest in evidence.keys where digest != payload.evidence {
      throw Refusal(
        .invalid, check: "evidence", field: "evidence.\(digest.hex)",
        "The payload names no evidence of this SHA-256.")
    }
  }

  private static func evidence(_ json: JSON?) throws(Refusal) -> [Digest: [UInt8]] {
    guard let json else { return [:] }
    guard let object = json.objectValue, object.count <= 8 else {
      throw Refusal(
        .malformed, check: "evidence", field: "evidence",
        "An object of at most 8 members, from SHA-256 to base64.")
    }
    var evidence: [Digest: [UInt8]] = [:]
    for (key, value) in object {
      guard let digest = Digest(hex: key), let text = value.stringValue,
        let bytes = Base64.decode(text)
      else {
        throw Refusal(
          .malformed, check: "evidence", field: "evidence.\(key)",
          "The name is a SHA-256 in hexadecimal, the value padded base64.")
      }
      guard Digest(hashing: bytes) == digest else {
        throw Refusal(
          .invalid, check: "evidence", field: "evidence.\(key)",
          "The bytes hash to \(Digest(hashing: bytes).hex).")
      }
      evidence[digest] = bytes
    }
    return evidence
  }
}

/// An action without a signature. Its evidence or its location proves it.
public struct BareSubmission: Sendable {
  /// The payload. The submission does not state its type.
  public let payload: JSONObject
  /// The target; `nil` if the submission gives none.
  public let target: Target?
  /// The bytes that came with the submission, by SHA-256.
  public let evidence: [Digest: [UInt8]]

  /// Makes a bare submission from its parts.
  public init(payload: JSONObject, target: Target? = nil, evidence: [Digest: [UInt8]] = [:]) {
    self.payload = payload
    self.target = target
    self.evidence = evidence
  }
}
