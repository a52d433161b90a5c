import AgentTools
import CanonicalJSON
import LedgerClient
import LedgerDomain
import LedgerHTTP
import LedgerService
import Logging

/// The operations of a ledger that this process opened. They have no rights of the operator.
struct LocalOperations: LedgerOperations {
  let service: InProcessService
  let logger: Logger

  func answer(to request: OperationRequest) async throws -> [UInt8] {
    let answer = try await service.answer(
      request.target, body: request.body, maxBytes: AgentTools.maxResultBytes)
    return try OperationProblem.body(answer.status, answer.body)
  }

  func problem(_ error: any Error) -> JSONObject { InProcessService.problem(error, logger: logger) }
}

/// The operations of a ledger that a server serves. The client has no token of the operator.
struct RemoteOperations: LedgerOperations {
  let client: LedgerClient
  let logger: Logger

  func answer(to request: OperationRequest) async throws -> [UInt8] {
    let answer = try await client.answer(
      request.path, request.query.map { ($0.name, $0.value) }, body: request.body,
      maxBytes: AgentTools.maxResultBytes)
    return try OperationProblem.body(answer.status, answer.body)
  }

  func problem(_ error: any Error) -> JSONObject { InProcessService.problem(error, logger: logger) }
}

extension OperationProblem {
  /// The body of an answer with a status of success.
  ///
  /// Errors: the problem document of another answer; a `Refusal` with check `server` if it has none.
  fileprivate static func body(_ status: Int, _ body: [UInt8]) throws -> [UInt8] {
    if (200...299).contains(status) { return body }
    guard let document = try? JSON.parse(body).objectValue, document["check"]?.stringValue != nil,
      document["detail"]?.stringValue != nil,
      document["status"]?.integerValue == Int64(status)
    else {
      throw Refusal(
        .unavailable, check: "server",
        "The ledger answered with status \(status) and no problem document.")
    }
    throw OperationProblem(document)
  }
}

/// Runs a body with the operations of the ledger that the options name.
///
/// The jobs of a ledger that this process opens run too: the agent's statements are part of its answers.
func withOperations(
  _ common: Common, _ body: (any LedgerOperations, LedgerConfiguration) async throws -> Void
) async throws {
  try await common.reported {
    let configuration = try LedgerConfiguration(common.values)
    guard let server = configuration.remoteURL else {
      return try await common.withExistingLedger { ledger in
        try await body(
          LocalOperations(service: InProcessService(ledger: ledger), logger: ledger.logger),
          ledger.configuration)
      }
    }
    try await common.withClient(server, configuration, token: nil) { client in
      let logger = configuration.logging.logger(.warning)
      try await body(RemoteOperations(client: client, logger: logger), configuration)
    }
  }
}
