public import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
public import LedgerService
public import Logging
import NIOCore
import Synchronization

/// The routes of the service without a socket, for a part of this program that acts for others.
///
/// Requests have no rights of the operator. They count as one client, to which the limits of the service apply.
public struct InProcessService: Sendable {
  /// An answer.
  public struct Answer: Sendable {
    /// The status code.
    public let status: Int
    /// The body.
    public let body: [UInt8]
  }

  private let responder: RouterResponder<LedgerRequestContext>
  private let logger: Logger
  private let authority: String

  /// Errors: those of parsing the pages' templates.
  public init(ledger: Ledger) throws {
    let state = try ServerState(ledger, connections: 1)
    responder = buildRouter(ledger: ledger, state: state, listensOn: nil).buildResponder()
    logger = ledger.logger
    let configuration = ledger.configuration
    authority = "\(configuration.listenHost):\(configuration.listenPort)"
  }

  /// Answers a request.
  ///
  /// - Parameters:
  ///   - target: the path and the query, escaped.
  ///   - body: the body of a POST request with its media type; `nil` for a GET request.
  ///   - maxBytes: the largest answer.
  ///
  /// Errors: a `Refusal` with check `answer_size`, and errors of writing the answer.
  public func answer(
    _ target: String, body: (bytes: [UInt8], type: String)?, maxBytes: Int
  ) async throws -> Answer {
    var headers: HTTPFields = [.accept: "application/json, text/plain, */*;q=0.1"]
    headers[.contentType] = body?.type
    let request = Request(
      head: HTTPRequest(
        method: body == nil ? .get : .post, scheme: "http", authority: authority, path: target,
        headerFields: headers),
      body: RequestBody(buffer: ByteBuffer(bytes: body?.bytes ?? [])))
    let context = LedgerRequestContext(inProcess: logger)
    let response = try await responder.respond(to: request, context: context)
    let collected = CollectedBody(maxBytes: maxBytes)
    try await response.body.write(collected)
    return Answer(status: Int(response.status.code), body: collected.bytes)
  }

  /// The problem document of an error.
  ///
  /// - Parameter logger: is told of an error that the document does not describe.
  public static func problem(_ error: any Error, logger: Logger) -> JSONObject {
    Problem(error, logger: logger).json(requestID: nil)
  }
}

/// Collects the body of a response.
private final class CollectedBody: ResponseBodyWriter, Sendable {
  private let maxBytes: Int
  private let content = Mutex<[UInt8]>([])

  init(maxBytes: Int) { self.maxBytes = maxBytes }

  var bytes: [UInt8] { content.withLock { $0 } }

  func write(_ buffer: ByteBuffer) async throws {
    try content.withLock { content in
      guard content.count + buffer.readableBytes <= maxBytes else {
        throw Refusal(
          .tooLarge, check: "answer_size",
          "The result has more than \(maxBytes) bytes. Ask for less, or read it over HTTP.")
      }
      content += buffer.readableBytesView
    }
  }

  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
