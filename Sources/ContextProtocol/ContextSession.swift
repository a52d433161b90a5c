import CanonicalJSON

/// A connection over which messages come in order: standard input and output.
///
/// Requests are answered at the same time, at most ``maxRequests`` of them. Another one is refused, so that a
/// cancellation is always read. Nothing else is kept but the version of the handshake.
public actor ContextSession {
  /// The number of requests in progress.
  public static let maxRequests = 16

  private let server: ContextServer
  private let send: @Sendable ([UInt8]) async -> Void
  private var handshake: ProtocolVersion?
  /// The requests that may still be cancelled.
  private var tasks: [MessageID: Task<Void, Never>] = [:]
  /// The requests in progress, also those that were cancelled and have not ended.
  private var running = 0

  /// Makes a session.
  ///
  /// - Parameters:
  ///   - server: the server that answers.
  ///   - send: sends the bytes of a message, without a line feed.
  public init(_ server: ContextServer, send: @escaping @Sendable ([UInt8]) async -> Void) {
    self.server = server
    self.send = send
  }

  /// Takes a line of the input. Returns when the line is understood, and not when it is answered.
  public func receive(_ line: [UInt8]) async {
    let message: ClientMessage
    do throws(ClientMessage.Fault) { message = try ClientMessage(line) } catch {
      return await refuse(error.id, error.error)
    }
    switch message {
    case .answer: break
    case .notification("notifications/cancelled", let params):
      guard let id = params["requestId"].flatMap({ MessageID($0) }) else { return }
      // A cancelled request gets no answer.
      tasks.removeValue(forKey: id)?.cancel()
    case .notification: break
    case .request(let id, let method, let params):
      do throws(ProtocolError) { try start(id, method, params) } catch {
        await refuse(id, error)
      }
    }
  }

  /// Refuses a line that is longer than a message may be.
  public func refuseLongLine() async {
    await refuse(
      nil,
      ProtocolError(.parse, "A message has at most \(ClientMessage.limits.maxBytes) bytes."))
  }

  /// Waits until every request is answered.
  public func finish() async {
    while let task = tasks.values.first { await task.value }
  }

  private func refuse(_ id: MessageID?, _ error: ProtocolError) async {
    await send(ServerMessage.bytes(id, error: error))
  }

  private func start(
    _ id: MessageID, _ method: String, _ params: JSONObject
  ) throws(ProtocolError) {
    guard tasks[id] == nil else {
      throw ProtocolError(.invalidRequest, "A request with this id is in progress.")
    }
    let version = try version(method, params)
    guard running < Self.maxRequests else {
      throw ProtocolError(.busy, "\(Self.maxRequests) requests are in progress.")
    }
    if method == "initialize" { handshake = version }
    running += 1
    tasks[id] = Task {
      let answer = await answer(id, method, params, version)
      // A cancelled request gets no answer, and its id may be that of another one by now.
      if !Task.isCancelled { await send(answer) }
      if !Task.isCancelled { tasks[id] = nil }
      running -= 1
    }
  }

  private func answer(
    _ id: MessageID, _ method: String, _ params: JSONObject, _ version: ProtocolVersion
  ) async -> [UInt8] {
    do {
      return ServerMessage.bytes(id, result: try await server.answer(method, params, version))
    } catch let error as ProtocolError {
      return ServerMessage.bytes(id, error: error)
    } catch {
      return ServerMessage.bytes(id, error: ProtocolError(.internal, "The request failed."))
    }
  }

  private func version(
    _ method: String, _ params: JSONObject
  ) throws(ProtocolError) -> ProtocolVersion {
    if let named = try ContextServer.version(in: params) { return named }
    if method == "initialize" {
      guard handshake == nil else {
        throw ProtocolError(.invalidRequest, "The connection is initialised already.")
      }
      return try ContextServer.negotiated(params)
    }
    if method == "ping" { return handshake ?? .offered }
    guard let handshake else {
      throw ProtocolError(
        .invalidRequest, "Send initialize first, or name the version of the protocol in _meta.")
    }
    return handshake
  }
}
