import CoreMetrics
import LedgerService
import NIOCore
import NIOHTTP1

/// Counts what arrives on a connection, before it is parsed.
final class ArrivalHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let requests: RequestGuard

  init(_ requests: RequestGuard) { self.requests = requests }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    requests.arrived(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }
}

/// Forwards well-formed requests to the routes, and closes connections that are too slow.
///
/// A malformed request is answered here, after the answers to the requests before it. All calls are on the
/// connection's event loop.
final class RequestGuard: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    /// Between requests, or within a head once bytes of one have come.
    case head
    case body
    /// No more input of this connection is read.
    case closing
  }

  /// What the form of an answer depends on.
  private struct ForwardedRequest {
    let isHead: Bool
    /// Whether the client knows no chunks (RFC 9112, section 6.1).
    let isHTTP10: Bool
  }

  /// A request that is answered here.
  private struct RefusedRequest {
    let refusal: HeadRefusal
    let isHead: Bool
    let id: String
  }

  /// How long a refused connection may take to read its answer, and a half-sent request to end at a shutdown.
  private static let linger: Duration = .seconds(1)

  private let limits: ServerLimits
  private let table: ConnectionTable
  private let connection: ConnectionTable.ID
  private var state = State.head
  /// Requests that were handed on and whose answers are not complete.
  private var forwarded = CircularBuffer<ForwardedRequest>()
  private var unanswered: Int { forwarded.count }
  private var refused: RefusedRequest?
  /// Whether the connection ends with the answer that is under way.
  private var isLast = false
  /// When the bytes of the next head began to come; `nil` before.
  private var headBegan: ContinuousClock.Instant?
  private var quietSince = ContinuousClock.now
  private var isFresh = true
  /// The time in which further bytes of the body must arrive. Arriving bytes extend it.
  private var bodyTimeLeft: Duration = .zero
  /// Since when bytes of the body are awaited; `nil` while they are not.
  private var readSince: ContinuousClock.Instant?
  private var blockedSince: ContinuousClock.Instant?
  private var lingersUntil: ContinuousClock.Instant?
  private var timer: (task: Scheduled<Void>, due: ContinuousClock.Instant)?

  init(limits: ServerLimits, table: ConnectionTable, connection: ConnectionTable.ID) {
    self.limits = limits
    self.table = table
    self.connection = connection
  }

  func handlerAdded(context: ChannelHandlerContext) { rearm(context) }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.task.cancel()
    timer = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.task.cancel()
    timer = nil
    table.close(connection)
    context.fireChannelInactive()
  }

  // MARK: Input

  /// Handles the arrival of bytes of any part of a request.
  fileprivate func arrived(_ count: Int) {
    let now = ContinuousClock.now
    switch state {
    case .head: headBegan = headBegan ?? now
    case .body:
      if let since = readSince { bodyTimeLeft -= now - since }
      readSince = nil
      let earned = Duration.seconds(Double(count) / Double(limits.bodyBytesPerSecond))
      bodyTimeLeft = min(limits.bodyTimeout, bodyTimeLeft + earned)
    case .closing: break
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state != .closing else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      headBegan = nil
      isFresh = false
      if let refusal = RequestHeadCheck.refusal(of: head) {
        refuse(context, refusal, head)
        return
      }
      state = .body
      bodyTimeLeft = limits.bodyTimeout
      readSince = nil
      if unanswered == 0 {
        table.note(connection, isBusy: true)
        if head.headers["Expect"].first?.lowercased() == "100-continue", head.version == .http1_1 {
          let go = HTTPResponseHead(version: .http1_1, status: .continue)
          context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
        }
      }
      let isHTTP10 = head.version == .http1_0
      forwarded.append(ForwardedRequest(isHead: head.method == .HEAD, isHTTP10: isHTTP10))
      // Another protocol would follow this request. The service supports none.
      if !head.headers["Upgrade"].isEmpty || !head.isKeepAlive || isHTTP10 { isLast = true }
      context.fireChannelRead(data)
    case .body: context.fireChannelRead(data)
    case .end:
      state = isLast ? .closing : .head
      quietSince = .now
      context.fireChannelRead(data)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // A complete head needs no timeout.
    if state == .head, headBegan != nil { rearm(context) }
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    if state == .body, readSince == nil {
      readSince = .now
      rearm(context)
    }
    context.read()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else {
      context.fireErrorCaught(error)
      return
    }
    switch state {
    case .closing: break
    case .head: refuse(context, Self.refusal(for: error))
    case .body:
      // Its route is reading the body, and answers.
      fail(context, Self.refusal(for: error))
    }
  }

  private static func refusal(for error: HTTPParserError) -> HeadRefusal {
    switch error {
    case .headerOverflow:
      HeadRefusal(
        .requestHeaderFieldsTooLarge, check: "http.headers", "The headers are larger than is taken."
      )
    case .invalidVersion:
      HeadRefusal(
        .httpVersionNotSupported, check: "http.version", "The versions are HTTP/1.0 and HTTP/1.1.")
    case .invalidEOFState:
      HeadRefusal(check: "http.framing", "The request breaks off.")
    default:
      HeadRefusal(check: "http.framing", "The request is not well-formed HTTP/1.1.")
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed where state == .closing && unanswered == 0:
      context.close(promise: nil)
    case ChannelEvent.inputClosed where state == .head && headBegan == nil && unanswered == 0:
      context.close(promise: nil)
    case is ChannelShouldQuiesceEvent:
      isLast = true
      // A request that is incomplete by then gets no answer.
      if state == .body || headBegan != nil || unanswered == 0 {
        linger(context, for: unanswered == 0 ? .zero : Self.linger)
      } else {
        // A stream whose client does not read never ends by itself.
        linger(context, for: limits.shutdownTimeout)
      }
      context.fireUserInboundEventTriggered(event)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: Output

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      if isLast || refused != nil, head.status.code >= 200 {
        head.headers.replaceOrAdd(name: "Connection", value: "close")
      }
      // The end of the connection is the end of such a body.
      if forwarded.first?.isHTTP10 ?? false, !head.headers.contains(name: "Content-Length") {
        head.version = .http1_0
      }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      context.write(isAnsweringHead ? nothing : data, promise: promise)
    case .end:
      // The encoder would end an answer without Content-Length by an empty chunk, which a HEAD request does not get.
      context.write(isAnsweringHead ? nothing : data, promise: promise)
      forwarded.removeFirst()
      guard unanswered == 0 else { return }
      if let refused {
        answer(context, refused)
      } else if isLast || state == .body {
        // The rest of a body is not needed after the answer.
        finish(context)
      } else {
        quietSince = .now
        table.note(connection, isBusy: false)
        rearm(context)
      }
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    blockedSince = context.channel.isWritable ? nil : .now
    rearm(context)
    context.fireChannelWritabilityChanged()
  }

  private var isAnsweringHead: Bool { forwarded.first?.isHead ?? false }
  private var nothing: NIOAny { wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))) }

  /// Refuses the request, after the requests before it are answered.
  ///
  /// - Parameter head: the head of the request; `nil` if it cannot be parsed.
  private func refuse(
    _ context: ChannelHandlerContext, _ refusal: HeadRefusal, _ head: HTTPRequestHead? = nil
  ) {
    guard refused == nil else { return }
    table.malformed.increment()
    let refused = RefusedRequest(
      refusal: refusal, isHead: head?.method == .HEAD,
      id: RequestID.accepting(head?.headers[RequestID.fieldName] ?? []))
    self.refused = refused
    state = .closing
    if unanswered == 0 { answer(context, refused) }
  }

  private func answer(_ context: ChannelHandlerContext, _ refused: RefusedRequest) {
    let bytes = refused.refusal.problem(requestID: refused.id)
    var headers = refused.refusal.headers(requestID: refused.id, length: bytes.count)
    headers.add(name: "Connection", value: "close")
    let head = HTTPResponseHead(
      version: .http1_1, status: refused.refusal.status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !refused.isHead {
      let body = context.channel.allocator.buffer(bytes: bytes)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    finish(context)
  }

  /// Makes the route's reading of the body fail.
  private func fail(_ context: ChannelHandlerContext, _ refusal: HeadRefusal) {
    table.malformed.increment()
    state = .closing
    isLast = true
    if unanswered == 0 {
      context.close(promise: nil)
      return
    }
    linger(context, for: .seconds(10))
    context.fireErrorCaught(refusal)
  }

  /// Ends the output, and gives the client a short time to read it.
  private func finish(_ context: ChannelHandlerContext) {
    state = .closing
    context.flush()
    context.close(mode: .output, promise: nil)
    linger(context, for: Self.linger)
  }

  private func linger(_ context: ChannelHandlerContext, for time: Duration) {
    guard time > .zero else {
      context.close(promise: nil)
      return
    }
    let end = ContinuousClock.now + time
    lingersUntil = min(end, lingersUntil ?? end)
    rearm(context)
  }

  // MARK: Time

  /// The next deadline.
  private var due: ContinuousClock.Instant? {
    var due = lingersUntil
    func add(_ time: ContinuousClock.Instant) { due = min(time, due ?? time) }
    if let blockedSince { add(blockedSince + limits.writeTimeout) }
    switch state {
    case .closing: break
    case .body: if let readSince { add(readSince + max(.zero, bodyTimeLeft)) }
    case .head:
      if let headBegan {
        add(headBegan + limits.headerTimeout)
      } else if unanswered == 0 {
        add(quietSince + (isFresh ? limits.headerTimeout : limits.idleTimeout))
      }
    }
    return due
  }

  /// Schedules the timer for the next deadline. A timer that fires too early is scheduled again.
  private func rearm(_ context: ChannelHandlerContext) {
    guard let due, context.channel.isActive || isFresh else { return }
    if let timer {
      guard due < timer.due else { return }
      timer.task.cancel()
    }
    // The handler and its context are used on this event loop only.
    let task = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(
      in: TimeAmount(max(.zero, due - .now))
    ) { self.rang(context) }
    timer = (task, due)
  }

  private func rang(_ context: ChannelHandlerContext) {
    timer = nil
    guard let due else { return }
    let now = ContinuousClock.now
    guard now >= due else {
      rearm(context)
      return
    }
    if let lingersUntil, now >= lingersUntil {
      context.close(promise: nil)
    } else if let blockedSince, now >= blockedSince + limits.writeTimeout {
      context.close(promise: nil)
    } else if state == .body {
      fail(
        context,
        HeadRefusal(
          .requestTimeout, check: "http.body_timeout",
          "The body arrives more slowly than \(limits.bodyBytesPerSecond) bytes a second."))
    } else if headBegan != nil {
      refuse(
        context,
        HeadRefusal(
          .requestTimeout, check: "http.header_timeout", "The request's head did not come in time.")
      )
    } else {
      context.close(promise: nil)
    }
  }
}

@available(*, unavailable)
extension RequestGuard: Sendable {}
@available(*, unavailable)
extension ArrivalHandler: Sendable {}
