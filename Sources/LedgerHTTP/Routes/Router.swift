import Hummingbird
import LedgerService
import Tracing

/// Builds the router with every route of the service. It works without a socket.
///
/// - Parameter host: the name or address that the service listens on. Browsers may write under this name.
func buildRouter(
  ledger: Ledger, state: ServerState, listensOn host: String?
) -> Router<LedgerRequestContext> {
  let reader = RequestReader(
    configuration: ledger.configuration, callers: Callers(ledger.configuration, listensOn: host),
    bodies: state.bodies)
  let routes = allRoutes(ledger: ledger, state: state, reader: reader)
  let router = Router(context: LedgerRequestContext.self)
  addMiddleware(
    to: router, routes, state,
    ErrorPageMiddleware(ledger: ledger, reader: reader, renderer: state.renderer))
  routes.add(to: router)
  return router
}

/// Every route of the service.
func allRoutes(ledger: Ledger, state: ServerState, reader: RequestReader) -> RouteTable {
  let routes = RouteTable()
  let recordPages = RecordPages(
    ledger: ledger, reader: reader, renderer: state.renderer, cache: state.recordPages)
  recordPages.add(to: routes)
  RecordRoutes(ledger: ledger, statuses: state.statuses, reader: reader, pages: recordPages).add(
    to: routes)
  FormatRoutes(ledger: ledger, reader: reader).add(to: routes)
  SubmissionRoutes(ledger: ledger, reader: reader).add(to: routes)
  EventRoutes(ledger: ledger, feed: state.feed, table: state.table, reader: reader).add(to: routes)
  ReplicationRoutes(ledger: ledger, reader: reader).add(to: routes)
  EvidenceRoutes(ledger: ledger, reader: reader).add(to: routes)
  KeyRoutes(ledger: ledger, reader: reader).add(to: routes)
  TransparencyRoutes(ledger: ledger).add(to: routes)
  ProblemRoutes(reader: reader, renderer: state.renderer).add(to: routes)
  OperationRoutes(ledger: ledger, metrics: state.metrics, reader: reader).add(to: routes)
  DescriptionRoutes(description: state.description, reader: reader).add(to: routes)
  PageRoutes(ledger: ledger, reader: reader, renderer: state.renderer).add(to: routes)
  FindingRoutes(ledger: ledger, reader: reader, renderer: state.renderer).add(to: routes)
  LogPageRoutes(ledger: ledger, reader: reader, renderer: state.renderer).add(to: routes)
  AdminRoutes(ledger: ledger, reader: reader, renderer: state.renderer).add(to: routes)
  ActionPageRoutes(ledger: ledger, reader: reader, renderer: state.renderer).add(to: routes)
  return routes
}

/// Adds what all requests pass, the outermost first.
private func addMiddleware(
  to router: Router<LedgerRequestContext>, _ routes: RouteTable, _ state: ServerState,
  _ errorPages: ErrorPageMiddleware
) {
  router.add(middleware: RequestIDMiddleware())
  router.add(middleware: TraceMiddleware(hasTracer: !(InstrumentationSystem.tracer is NoOpTracer)))
  router.add(middleware: ObservationMiddleware(metrics: state.requests))
  if state.certificate != nil { router.add(middleware: SecureSchemeMiddleware()) }
  router.add(middleware: HeadMiddleware())
  router.add(middleware: CompressionMiddleware())
  router.add(middleware: ConditionalMiddleware())
  router.add(middleware: CrossOriginMiddleware())
  router.add(middleware: RateLimitMiddleware())
  router.add(middleware: ProblemMiddleware())
  router.add(middleware: errorPages)
  router.add(middleware: MethodMiddleware(methods: PathMethods(routes)))
}
