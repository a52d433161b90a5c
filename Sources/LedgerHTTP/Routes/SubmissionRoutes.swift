import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerDomain
import LedgerService
import NIOCore
import RecordFormats

/// The routes that write: documents, signed events, and actions on a record.
struct SubmissionRoutes: Sendable {
  let ledger: Ledger
  let reader: RequestReader

  func add(to routes: RouteTable) {
    routes.post("/pith/:id/action/:action", takes: ["prepare"], use: action)
    addIntake(to: routes, "/api/records", .documents) { bytes, caller in
      try await ledger.documentImporter.importDocument(
        bytes, client: caller.client, operatorAuthorised: caller.isOperator)
    }
    addIntake(to: routes, "/api/events", .events) { bytes, caller in
      try await ledger.submitter.submit(
        bytes, client: caller.client, operatorAuthorised: caller.isOperator)
    }
  }

  private func action(
    _ request: Request, _ context: LedgerRequestContext
  ) async throws -> Response {
    let action = try Parameters.action(context.parameters.require("action"))
    let record = try context.identifier()
    try reader.checkWrite(request, context)
    let caller = try reader.caller(request, context)
    return try await reader.withBody(request, context) { bytes in
      if try context.query.isSet("prepare") {
        return .json(
          try await ledger.preparer.prepare(bytes, record: record, action: action).json,
          headers: [.cacheControl: "no-store"])
      }
      return response(
        to: request,
        try await ledger.submitter.submit(
          bytes, record: record, action: action, client: caller.client,
          operatorAuthorised: caller.isOperator))
    }
  }

  /// Adds a path that takes one document or event, or one per line.
  private func addIntake(
    to routes: RouteTable, _ path: RouterPath, _ kind: BulkSubmitter.LineKind,
    submit: @escaping @Sendable ([UInt8], RequestReader.Caller) async throws -> SubmissionAnswer
  ) {
    let types: [RequestReader.MediaType] = [.json, .lines, .jsonLines]
    routes.post(path, bodies: types, answers: types.map(\.rawValue)) { request, context in
      let type = try reader.checkWrite(request, context)
      // Lines are answered in the type in which they come.
      try Accept.require([type.rawValue], request.headers)
      if type != .json { return try lines(request, context, kind, type) }
      let caller = try reader.caller(request, context)
      return try await reader.withBody(request, context) { bytes in
        response(to: request, try await submit(bytes, caller))
      }
    }
  }

  private func response(to request: Request, _ answer: SubmissionAnswer) -> Response {
    var headers: HTTPFields = [.cacheControl: "no-store"]
    headers[.location] = Links(base: request.baseURL).events(.log, from: answer.position, limit: 1)
    return .json(answer.json, status: answer.created ? .created : .ok, headers: headers)
  }

  /// Answers each line of the body with a line, in order, as soon as the line is processed.
  private func lines(
    _ request: Request, _ context: LedgerRequestContext, _ kind: BulkSubmitter.LineKind,
    _ type: RequestReader.MediaType
  ) throws -> Response {
    let caller = try reader.caller(request, context)
    ledger.quotas.showSubmissions(caller.client)
    let window = LineWindow(reader.bodies.lease(for: caller.client))
    let lines = BodyLines(
      body: request.body, limit: ledger.configuration.limits.submissionBytes, window: window)
    @Sendable func problem(_ error: any Error) -> JSON {
      .object(Problem(error, logger: context.logger).json(requestID: context.requestID))
    }
    @Sendable func line(_ json: JSON, number: Int) -> ByteBuffer {
      var members = json.objectValue ?? [:]
      members["line"] = .integer(Int64(number))
      return ByteBuffer(bytes: JSON.object(members).canonicalBytes() + [0x0A])
    }
    return Response(
      status: .ok,
      headers: [.contentType: type.rawValue, .cacheControl: "no-store"],
      body: ResponseBody { writer in
        let answers = ledger.bulkSubmitter.submit(
          lines, kind, client: caller.client, operatorAuthorised: caller.isOperator)
        var last = 0
        do {
          for try await answer in answers {
            let json: JSON =
              switch answer.result {
              case .success(let answer): answer.json
              case .failure(let error): problem(error)
              }
            try await window.answered()
            last = answer.line
            try await writer.write(line(json, number: last))
          }
        } catch let refusal as Refusal {
          // The rest of the body cannot be read. The lines before it have their answers.
          try await writer.write(
            line(problem(refusal), number: last + 1))
        }
        try await writer.finish(nil)
      })
  }
}
