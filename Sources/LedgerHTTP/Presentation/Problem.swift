import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerStore
import Logging
import NIOCore
import NIOHTTP1
import RecordFormats

/// An answer of RFC 9457, `application/problem+json`: what was wrong, where, and what to do.
struct Problem: Error, ResponseGenerator {
  let status: HTTPResponse.Status
  let check: String
  let detail: String
  var field: String?
  var offset: Int?
  var candidates: [String] = []
  /// Seconds after which the request may be sent again.
  var retryAfter: Int?
  /// Header fields that belong to the status, such as `Allow`.
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, check: String, _ detail: String) {
    self.status = status
    self.check = check
    self.detail = detail
  }

  init(_ refusal: Refusal) {
    let status: HTTPResponse.Status =
      switch refusal.code {
      case .malformed: .badRequest
      case .forbidden: .forbidden
      case .notFound: .notFound
      case .gone: .gone
      case .conflict: .conflict
      case .tooLarge: .contentTooLarge
      case .invalid: .unprocessableContent
      case .tooMany: .tooManyRequests
      case .unavailable: .serviceUnavailable
      }
    let detail = [refusal.message, refusal.remedy?.requestAdvice].compactMap { $0 }
    self.init(status, check: refusal.check, detail.joined(separator: " "))
    field = refusal.field
    offset = refusal.offset
    candidates = refusal.candidates
    retryAfter = refusal.retryAfter
  }

  /// What a caller is told of any error; the log is told more.
  init(_ error: any Error, logger: Logger) {
    switch error {
    case let problem as Problem: self = problem
    case let refusal as Refusal: self.init(refusal)
    case let error as LedgerStoreError
    where error.code == .queueFull || error.code == .outcomeUnknown:
      self.init(
        .serviceUnavailable,
        check: error.code == .queueFull ? "queue_full" : "outcome_unknown", error.message)
    case let refusal as HeadRefusal:
      self.init(
        .init(code: Int(refusal.status.code)), check: refusal.check, refusal.detail)
    case let error as HTTPError:
      let detail =
        error.status == .contentTooLarge
        ? "The body is larger than this ledger takes." : error.body ?? error.status.reasonPhrase
      self.init(error.status, check: "http", detail)
    case is NIOTooManyBytesError:
      self.init(.contentTooLarge, check: "http", "The body is larger than this ledger takes.")
    case let error where LedgerStoreError.isUnavailability(error):
      logger.warning("the database is not available: \(error)")
      self.init(
        .serviceUnavailable, check: "database",
        "The database cannot be reached, or is too busy. Try again: an event is never stored twice."
      )
    default:
      logger.error("a request failed: \(error)")
      self.init(
        .internalServerError, check: "internal",
        "Something went wrong here, and is in the log. Whether an event was stored is shown by sending "
          + "it again: it is never stored twice.")
    }
  }

  /// The URI of the type of problem: the address of the page that explains the check (RFC 9457, section 3.1.1).
  ///
  /// It is the path alone, so that the type is the same in each ledger and does not depend on the host of the request.
  static func type(_ check: String) -> String { Links().problem(check) }

  /// The title of the type of problem.
  static func title(_ check: String, _ status: HTTPResponse.Status) -> String {
    ProblemType.of(check)?.title ?? status.reasonPhrase
  }

  /// The document.
  ///
  /// - Parameter requestID: the identifier of the request.
  func json(requestID: String?) -> JSONObject {
    var json: JSONObject = [
      "check": .string(check), "detail": .string(detail),
      "status": .integer(Int64(status.code)), "title": .string(Self.title(check, status)),
      "type": .string(Self.type(check)),
    ]
    json["field"] = field.map { .string($0) }
    json["request_id"] = requestID.map { .string($0) }
    json["offset"] = offset.map { .integer(Int64($0)) }
    json["retry_after"] = retryAfter.map { .integer(Int64($0)) }
    if !candidates.isEmpty { json["candidates"] = .array(candidates.map { .string($0) }) }
    return json
  }

  /// The seconds after which the client may try again; `nil` if waiting does not help.
  var secondsToWait: Int? {
    if let retryAfter { return retryAfter }
    let endsByItself = ProblemType.of(check)?.endsByItself ?? true
    return status == .serviceUnavailable && endsByItself ? 1 : nil
  }

  /// What is answered for a path without a route.
  static let noSuchPath = Problem(
    .notFound, check: "path", "No such path; / lists what there is.")

  func response(from request: Request, context: some RequestContext) throws -> Response {
    var headers = headers.with([
      .contentType: "application/problem+json", .cacheControl: "no-store",
    ])
    headers[.retryAfter] = secondsToWait.map { String($0) }
    let json = JSON.object(json(requestID: (context as? LedgerRequestContext)?.requestID))
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.canonicalBytes())))
  }
}

/// Turns every error of a request into a ``Problem``.
struct ProblemMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: LedgerRequestContext,
    next: @concurrent (Request, LedgerRequestContext) async throws -> Response
  ) async throws -> Response {
    do { return try await next(request, context) } catch let error as HTTPError
      where error.status == .notFound
    {
      return try Problem.noSuchPath.response(from: request, context: context)
    } catch {
      return try Problem(error, logger: context.logger).response(from: request, context: context)
    }
  }
}
