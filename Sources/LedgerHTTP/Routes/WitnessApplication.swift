import HTTPTypes
public import Hummingbird
public import LedgerService
public import Logging
import NIOCore
import TransparencyLog

/// The one route of a witness, mountable without a socket (C2SP tlog-witness).
func buildRouter(witness: LogWitness) -> Router<BasicRequestContext> {
  let router = Router()
  router.post("/add-checkpoint") { request, context in
    let body = try await request.body.collect(upTo: SignedNote.maxBytes)
    let answer = try await witness.addCheckpoint(Array(body.readableBytesView))
    context.logger.info("add-checkpoint", metadata: ["status": .stringConvertible(answer.status)])
    return Response(
      status: .init(code: answer.status), headers: [.contentType: answer.contentType],
      body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
  }
  router.get("/checkpoint/:origin") { _, context in
    guard let note = await witness.checkpoint(try context.parameters.require("origin")) else {
      throw HTTPError(.notFound)
    }
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: note)))
  }
  router.get("/healthz") { _, _ in "alive\n" }
  return router
}

/// A witness on a port, with the limits that a ledger has by default.
///
/// - Parameters:
///   - witness: the witness, which decides about each request.
///   - host: the address to listen on.
///   - port: the port; 0 selects a free one.
///   - logger: the log of the process.
///   - onServerRunning: told the port once connections are taken.
public func buildWitnessApplication(
  _ witness: LogWitness, host: String, port: UInt16, logger: Logger,
  onServerRunning: @escaping @Sendable (Int?) async -> Void = { _ in }
) -> some ApplicationProtocol {
  let limits = ServerLimits()
  let table = ConnectionTable(
    total: limits.connections(descriptors: ServerLimits.raiseDescriptorLimit()),
    perClient: limits.connectionsPerClient, streamsPerClient: limits.streamsPerClient)
  return Application(
    router: buildRouter(witness: witness), server: .limited(limits, table),
    configuration: .init(address: .hostname(host, port: Int(port)), backlog: 1024),
    onServerRunning: { channel in await onServerRunning(channel.localAddress?.port) },
    logger: logger)
}
