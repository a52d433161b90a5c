import CanonicalJSON
public import Encodings
public import LedgerDomain
import LedgerStore

/// An event body that is ready to be signed.
public struct PreparedEvent: Sendable {
  /// The canonical JSON of the event's body.
  public let body: [UInt8]
  /// The SHA-256 of ``body``: the 32 bytes to sign, and the event's id.
  public let eventID: Digest
}

/// Makes the body of an event for a client that signs it. Stores nothing.
public struct SubmissionPreparer: Sendable {
  let resolver: RecordResolver
  let clock: @Sendable () -> Timestamp

  /// Makes a body from a JSON object with the members `payload`, `signer`, and optionally `target` and
  /// `created_at`.
  ///
  /// - Parameters:
  ///   - bytes: the JSON, at most 128 KiB.
  ///   - name: a name of the record. `nil` for the registry.
  ///   - action: the event type.
  ///
  /// Errors: a `Refusal` for malformed members or an unknown record.
  public func prepare(
    _ bytes: [UInt8], record name: String?, action: EventType
  ) async throws -> PreparedEvent {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, limits: JSONLimits(maxBytes: 131_072, maxDepth: 64))
    } catch { throw Refusal(json: error) }
    var subject = Subject.registry
    if let name { subject = .record(try await resolver.resolve(name).record.pithNumber) }
    var members = try JSONObjectReader(json, "")
    let payload = try members.value("payload")
    let signer = try Signer(members.value("signer"))
    let target = try members.optionalText("target", maxBytes: 200) ?? "record"
    let created = try members.optionalTimestamp("created_at") ?? clock()
    try members.finish()
    let body = try EventBody.make(
      type: action, payload: payload.objectValue ?? [:], signer: signer, subject: subject,
      target: target, createdAt: created)
    return PreparedEvent(body: body.canonicalBytes(), eventID: body.eventID)
  }
}
