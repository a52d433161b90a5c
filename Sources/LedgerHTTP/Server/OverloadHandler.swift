import NIOCore
import NIOHTTP1

/// Refuses submissions on the event loop while too many are in progress.
///
/// A refusal by a route would wait behind the work that is in progress, and delay it. Requests with an `Authorization`
/// header go on, because the operator may send them. All calls are on the connection's event loop.
final class OverloadHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// The largest body that is read and thrown away, so that the connection can be used again.
  private static let maxDiscarded = 65_536

  private static let refusal = HeadRefusal(
    .serviceUnavailable, check: "queue_full",
    "too many submissions are waiting to be written; try again")

  private let isFull: @Sendable () -> Bool
  /// Requests that were handed on and whose answers are not complete.
  private var unanswered = 0
  /// The request whose body is being thrown away.
  private var refused: (head: HTTPRequestHead, discarded: Int)?
  /// Whether the rest of a body is ignored, because its request was answered.
  private var ignoresRest = false

  init(isFull: @escaping @Sendable () -> Bool) { self.isFull = isFull }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      if unanswered == 0, head.method == .POST, isFull(), head.headers["Authorization"].isEmpty {
        refused = (head, 0)
        return
      }
      unanswered += 1
      context.fireChannelRead(data)
    case .body(let bytes):
      if ignoresRest { return }
      guard let (head, discarded) = refused else {
        context.fireChannelRead(data)
        return
      }
      refused = (head, discarded + bytes.readableBytes)
      if discarded + bytes.readableBytes > Self.maxDiscarded {
        // The connection ends with an answer that comes before the end of the body.
        ignoresRest = true
        answer(context, head)
      }
    case .end:
      if ignoresRest { return }
      guard let (head, _) = refused else {
        context.fireChannelRead(data)
        return
      }
      answer(context, head)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
    context.write(data, promise: promise)
  }

  private func answer(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
    refused = nil
    let id = RequestID.accepting(head.headers[RequestID.fieldName])
    let body = Self.refusal.problem(requestID: id)
    var headers = Self.refusal.headers(requestID: id, length: body.count)
    headers.add(name: "Retry-After", value: "1")
    let answer = HTTPResponseHead(
      version: .http1_1, status: Self.refusal.status, headers: headers)
    context.write(wrapOutboundOut(.head(answer)), promise: nil)
    let bytes = context.channel.allocator.buffer(bytes: body)
    context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}

@available(*, unavailable)
extension OverloadHandler: Sendable {}
