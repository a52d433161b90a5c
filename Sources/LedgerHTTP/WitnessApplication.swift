import HTTPTypes
public import Hummingbird
public import LedgerService
import NIOCore
import TransparencyLog

/// The one route of a witness, mountable without a socket (C2SP tlog-witness).
public func buildRouter(witness: LogWitness) -> Router<BasicRequestContext> {
  let router = Router()
  router.post("/add-checkpoint") { request, _ in
    let body = try await request.body.collect(upTo: SignedNote.maxBytes)
    let answer = try await witness.addCheckpoint(Array(body.readableBytesView))
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
