import Hummingbird
import LedgerService

/// Builds the router with every route of the service. It works without a socket.
///
/// - Parameter host: the name or address that the service listens on. Browsers may write under this name.
func buildRouter(
  ledger: Ledger, state: ServerState, listensOn host: String?
) -> Router<LedgerRequestContext> {
  let router = Router(context: LedgerRequestContext.self, options: .autoGenerateHeadEndpoints)
  router.add(middleware: ProblemMiddleware())
  let reader = RequestReader(
    configuration: ledger.configuration, callers: Callers(ledger.configuration, listensOn: host),
    bodies: state.bodies)
  RecordRoutes(ledger: ledger, statuses: state.statuses, reader: reader).add(to: router)
  SubmissionRoutes(ledger: ledger, reader: reader).add(to: router)
  EventRoutes(ledger: ledger, feed: state.feed, table: state.table, reader: reader).add(to: router)
  EvidenceRoutes(ledger: ledger, reader: reader).add(to: router)
  KeyRoutes(keys: ledger.keys).add(to: router)
  TransparencyRoutes(ledger: ledger).add(to: router)
  OperationRoutes(ledger: ledger).add(to: router)
  return router
}
