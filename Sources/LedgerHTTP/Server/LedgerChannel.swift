import Glibc
import Hummingbird
import HummingbirdCore
import LedgerService
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import SafeHTTPClient

/// A connection of the service: HTTP/1.1 with this service's limits.
struct LedgerChannel: ServerChildChannel, HTTPChannelHandler {
  typealias Value = HTTP1Channel.Value

  /// Bytes of one header, of all headers of a request, and how many headers.
  private static let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
    maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 100)
  /// Unread parts of bodies wait in buffers of at most this many bytes, ten of them on a connection.
  private static let buffers = AdaptiveRecvByteBufferAllocator(
    minimum: 1024, initial: 2048, maximum: 8192)

  let responder: HTTPChannelHandler.Responder
  private let limits: ServerLimits
  private let table: ConnectionTable
  private let isLocalSocket: Bool
  private let certificate: TLSCertificate?
  private let isFull: (@Sendable () -> Bool)?
  private let http: HTTP1Channel

  /// - Parameters:
  ///   - isLocalSocket: whether the connections come over the operator's Unix socket.
  ///   - certificate: the certificate of the service; `nil` for connections without TLS.
  ///   - isFull: whether submissions are refused at present; `nil` if they never are.
  init(
    responder: @escaping HTTPChannelHandler.Responder, limits: ServerLimits,
    table: ConnectionTable, isLocalSocket: Bool, certificate: TLSCertificate?,
    isFull: (@Sendable () -> Bool)?
  ) {
    self.isFull = isFull
    self.certificate = certificate
    self.responder = responder
    self.limits = limits
    self.table = table
    self.isLocalSocket = isLocalSocket
    http = HTTP1Channel(
      responder: responder, configuration: .init(httpDecoderConfiguration: Self.decoder))
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    let connection = admit(channel)
    if let connection {
      channel.closeFuture.whenComplete { _ in table.close(connection) }
    }
    return mayUse(channel).flatMap { mayUse in
      channel.setOption(.recvAllocator, value: Self.buffers).map { mayUse }
    }.flatMapThrowing { mayUse in
      if let certificate {
        try channel.pipeline.syncOperations.addHandler(
          NIOSSLServerHandler(context: certificate.context))
      }
      return mayUse
    }.flatMap { mayUse in
      http.setup(channel: channel, logger: logger).flatMapThrowing { value in
        let pipeline = channel.pipeline.syncOperations
        guard let connection, mayUse else {
          try pipeline.addHandler(
            RejectionHandler(isSecure: certificate != nil), position: .first)
          return value
        }
        let decoder = try pipeline.context(
          handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self
        ).handler
        let requests = RequestGuard(limits: limits, table: table, connection: connection)
        try pipeline.addHandler(requests, position: .after(decoder))
        if let isFull {
          try pipeline.addHandler(OverloadHandler(isFull: isFull), position: .after(requests))
        }
        try pipeline.addHandler(ArrivalHandler(requests), position: .before(decoder))
        return value
      }
    }
  }

  private func admit(_ channel: any Channel) -> ConnectionTable.ID? {
    let address = channel.remoteAddress?.ipAddress.flatMap { NetworkAddress($0) }
    let isProxy = address.map { address in
      limits.trustedProxies.contains { $0.contains(address) }
    }
    return table.open(
      client: address.map { ClientID($0) } ?? .shell, isShared: isLocalSocket || isProxy ?? false
    ) { channel.close(promise: nil) }
  }

  /// Whether the process at the other end may use the operator's socket. It must run as the same user or as root.
  private func mayUse(_ channel: any Channel) -> EventLoopFuture<Bool> {
    guard isLocalSocket else { return channel.eventLoop.makeSucceededFuture(true) }
    guard let options = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeSucceededFuture(false)
    }
    let peer: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
    return peer.map { $0.uid == geteuid() || $0.uid == 0 }
      .flatMapErrorThrowing { _ in false }
  }

  func handle(value: Value, logger: Logger) async {
    await handleHTTP(asyncChannel: value, logger: logger)
  }
}

/// The credentials of the process at the other end of a Unix socket (`struct ucred` of unix(7)).
private struct PeerCredentials: Sendable {
  var pid: Int32
  var uid: UInt32
  var gid: UInt32
}

/// Responds that there are too many connections, and closes the connection.
private final class RejectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Whether an answer would need a handshake, which costs more than there is to say.
  private let isSecure: Bool

  init(isSecure: Bool) { self.isSecure = isSecure }

  func channelActive(context: ChannelHandlerContext) {
    if isSecure {
      context.close(promise: nil)
      return
    }
    let answer = [
      "HTTP/1.1 503 Service Unavailable", "Content-Length: 0", "Connection: close",
      "Retry-After: 5", "\(RequestID.fieldName): \(RequestID.random())",
      "", "",
    ].joined(separator: "\r\n")
    let bytes = context.channel.allocator.buffer(string: answer)
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
