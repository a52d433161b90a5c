import AgentTools
import CanonicalJSON
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
    guard (200...299).contains(answer.status) else {
      guard let document = try? JSON.parse(answer.body).objectValue else {
        throw Refusal(
          .unavailable, check: "server", "The ledger answered with status \(answer.status).")
      }
      throw OperationProblem(document)
    }
    return answer.body
  }

  func problem(_ error: any Error) -> JSONObject { InProcessService.problem(error, logger: logger) }
}

/// Runs a body with the operations of the ledger that the options name.
///
/// The jobs of a ledger run too: the agent's statements are part of its answers.
func withOperations(
  _ common: Common, _ body: (any LedgerOperations, LedgerConfiguration) async throws -> Void
) async throws {
  try await common.withExistingLedger { ledger in
    try await body(
      LocalOperations(service: InProcessService(ledger: ledger), logger: ledger.logger),
      ledger.configuration)
  }
}
