import CanonicalJSON
import LedgerDomain
import LedgerVerifier
import TransparencyLog
import VerifyCommands

/// The tools that verify without a ledger, with keys that the agent or the person who started the server gives.
struct VerificationTools {
  let logKeys: [String]

  func bundle(_ arguments: JSONObject) async throws -> JSON {
    let verifier = try verifier(arguments)
    let bundle = (arguments["bundle"] ?? .null).canonicalBytes()
    return try await Self.verified {
      try await verifier.bundle(
        bundle, headers: Self.bytes(arguments, "headers"), roots: Self.bytes(arguments, "tsa_roots")
      )
    }
  }

  func proof(_ arguments: JSONObject) async throws -> JSON {
    let verifier = try verifier(arguments)
    let entry = try arguments["entry_b64"]?.stringValue.map { text throws(Refusal) in
      try ToolArguments.bytes(text, "entry_b64")
    }
    return try await Self.verified {
      try verifier.proof(Self.bytes(arguments, "proof") ?? [], entry: entry)
    }
  }

  func receipt(_ arguments: JSONObject) async throws -> JSON {
    let verifier = try verifier(arguments)
    return try await Self.verified {
      try verifier.receipt(
        Self.bytes(arguments, "receipt") ?? [], proof: Self.bytes(arguments, "proof"))
    }
  }

  private static func bytes(_ arguments: JSONObject, _ name: String) -> [UInt8]? {
    arguments[name]?.stringValue.map { Array($0.utf8) }
  }

  private func verifier(_ arguments: JSONObject) throws(Refusal) -> OfflineVerifier {
    let given = arguments["log_keys"]?.arrayValue?.compactMap(\.stringValue)
    let texts = given ?? logKeys
    guard !texts.isEmpty else {
      throw ToolArguments.refusal(
        "log_keys", "This server was started without keys of the log: give keys that you trust.")
    }
    do { return OfflineVerifier(keys: try texts.map { try NoteVerifierKey($0) }) } catch {
      throw ToolArguments.refusal("log_keys", "A key is NAME+ID+KEY. \(error)")
    }
  }

  /// Runs a verification. What does not hold is a refusal with the check of the fault.
  private static func verified(_ body: () async throws -> JSONObject) async throws -> JSON {
    do {
      var result = try await body()
      result["verified"] = true
      return .object(result)
    } catch let fault as LogFault {
      throw refusal(fault)
    } catch let error as TransparencyError {
      throw refusal(LogFault(error))
    }
  }

  private static func refusal(_ fault: LogFault) -> Refusal {
    let place = fault.position.map { " It is about the entry at position \($0)." } ?? ""
    return Refusal(
      .invalid, check: fault.check, field: fault.place,
      "This does not hold: \(fault.message).\(place)")
  }
}
