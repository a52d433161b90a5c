import HTTPTypes
import Hummingbird
import Logging

/// The identifier of a request in the answer, in problem documents and in the log.
enum RequestID {
  /// The header field of requests and answers.
  static let fieldName = "X-Request-Id"
  /// The largest number of characters.
  static let maxLength = 64
  /// The key of the identifier in the metadata of log lines.
  static let metadataKey = "request_id"

  /// The identifier that a client gives its request, or a random one.
  ///
  /// A given one is used only if the field occurs once and is well formed, so that no text of a client gets into the log.
  static func accepting(_ values: [String]) -> String {
    guard values.count == 1, let given = values.first, isWellFormed(given) else { return random() }
    return given
  }

  /// Whether a text has 1 to 64 characters of `[A-Za-z0-9._-]`.
  static func isWellFormed(_ text: String) -> Bool {
    (1...maxLength).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
      }
  }

  /// 32 random hexadecimal digits.
  static func random() -> String { part() + part() }

  private static func part() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}

/// Gives each request an identifier, which the log, the answer and its problem document have.
///
/// It is the outermost middleware, so that every answer has it.
struct RequestIDMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.requestID = RequestID.accepting(request.headers[values: .requestID])
    context.logger[metadataKey: RequestID.metadataKey] = .string(context.requestID)
    // The framework's own identifier would be a second one in each line.
    context.logger[metadataKey: "hb.request.id"] = nil
    var response: Response
    do { response = try await next(request, context) } catch {
      response = try Problem(error, logger: context.logger).response(
        from: request, context: context)
    }
    response.headers[.requestID] = context.requestID
    return response
  }
}
