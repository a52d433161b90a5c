import APIDescription
import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerService

/// The tools that prepare and sign statements.
///
/// The ledger does not decide what is signed: what it prepares must be what the agent asked for, and the key signs a
/// body only as the agent was shown it.
struct StatementTools {
  let tools: AgentTools

  /// Prepares a statement.
  func prepare(_ arguments: JSONObject) async throws -> JSON {
    guard let signer = arguments["signer"] ?? tools.key?.signer.json else {
      throw ToolArguments.refusal("signer", "This server has no key: name the signer.")
    }
    let created = arguments["created_at"]?.stringValue ?? Timestamp.now.description
    var draft: JSONObject = [
      "created_at": .string(created), "payload": arguments["payload"] ?? .null, "signer": signer,
    ]
    draft["target"] = arguments["target"]
    let type = arguments["event_type"]?.stringValue ?? ""
    let record = arguments["record"]?.stringValue ?? ""
    guard !["", ".", ".."].contains(record) else {
      throw ToolArguments.refusal("record", "This is no name.")
    }
    let answer = try await ask(
      "submit_action", ["id": record, "event_type": type], query: [("prepare", "true")],
      body: .object(draft))
    guard let text = answer["body"]?.stringValue, let body = try? Self.body(text),
      Self.isPrepared(body, answer), body.type.name == type,
      .object(body.payloadJSON) == draft["payload"],
      body.signer.json == signer, body.target.text == draft["target"]?.stringValue ?? "record",
      body.createdAt == Timestamp(created), try Self.isNamed(record, body.subject)
    else { throw Self.otherStatement }
    return answer
  }

  private static let otherStatement = Refusal(
    .unavailable, check: "server", "The ledger prepared another statement than the one asked for.")

  /// Whether the digests of an answer are those of its body.
  private static func isPrepared(_ body: EventBody, _ answer: JSON) -> Bool {
    answer["event_id"]?.stringValue == "sha256:" + body.eventID.hex
      && answer["digest_sha256"]?.stringValue == body.eventID.hex
      && answer["body_b64"]?.stringValue == Base64.encode(body.canonicalBytes())
  }

  /// Whether a name can designate a subject. Only the ledger knows what an arXiv identifier or a DOI designates.
  private static func isNamed(_ name: String, _ subject: Subject) throws(Refusal) -> Bool {
    guard case .record(let number) = subject else { return false }
    return switch try RecordName(name) {
    case .pithNumber(let named): named == number
    case .suffix(let beginning): number.suffix.hasPrefix(beginning)
    case .alias: true
    }
  }

  /// Reads a body as it was shown.
  ///
  /// - Throws: a `Refusal` unless the text is the canonical form of a body.
  private static func body(_ text: String) throws(Refusal) -> EventBody {
    let bytes = Array(text.utf8)
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, limits: JSONLimits(maxBytes: 131_072))
    } catch {
      throw Refusal(
        .malformed, check: "prepared", field: "body", offset: error.offset,
        "The body is not JSON: \(error.message).")
    }
    let body = try EventBody(json)
    guard body.canonicalBytes() == bytes else {
      throw Refusal(
        .malformed, check: "prepared", field: "body",
        "The body is not the one that prepare_statement answered. Pass it unchanged.")
    }
    return body
  }

  /// Signs a prepared statement and submits it.
  func submit(_ arguments: JSONObject) async throws -> JSON {
    guard let key = tools.key else { throw Self.noKey }
    let body = try Self.body(arguments["body"]?.stringValue ?? "")
    guard arguments["event_id"]?.stringValue == "sha256:" + body.eventID.hex else {
      throw Refusal(
        .invalid, check: "event_id", field: "event_id",
        "The event id is not the digest of the body: prepare the statement again.")
    }
    guard body.signer == key.signer else {
      throw Refusal(
        .forbidden, check: "signer", field: "body.signer",
        "The body names another signer than the key of this server.")
    }
    guard case .record = body.subject else {
      throw Refusal(
        .forbidden, check: "subject", field: "body.subject_pith_number",
        "This server signs statements about records only.")
    }
    return try await send(body, key, evidence: arguments["evidence"])
  }

  /// Registers the key of the server.
  func register() async throws -> JSON {
    guard let key = tools.key else { throw Self.noKey }
    let body = try EventBody.make(
      type: .keyRegistered, payload: key.registration, signer: key.signer, subject: .registry,
      target: "key:\(key.signer.fingerprint.hex)", createdAt: .now)
    return try await send(body, key, evidence: nil)
  }

  private static let noKey = Refusal(
    .forbidden, check: "key_file", "This server was started without a key.")

  private func send(_ body: EventBody, _ key: KeyFile, evidence: JSON?) async throws -> JSON {
    var event = try key.key.sign(body).json
    event["evidence"] = evidence
    let answer = try await ask("submit_event", [:], body: .object(event))
    guard answer["event_id"]?.stringValue == "sha256:" + body.eventID.hex else {
      throw Refusal(
        .unavailable, check: "server", "The ledger answered about another event than it was sent.")
    }
    return answer
  }

  private func ask(
    _ id: String, _ path: [String: String], query: [(name: String, value: String)] = [],
    body: JSON
  ) async throws -> JSON {
    guard let operation = tools.operations[id] else {
      throw Refusal(.unavailable, check: "internal", "The operation is not described.")
    }
    return try AgentTools.parse(
      try await tools.ledger.answer(
        to: OperationRequest(
          path: ToolArguments.path(operation, path), query: query,
          body: (body.canonicalBytes(), "application/json"))))
  }
}
