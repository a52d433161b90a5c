import CanonicalJSON
import Foundation
import HTTPTypes
import HummingbirdTesting
import InMemoryTracing
import LedgerTestSupport
import Logging
import NIOCore
import StructuredLogs
import Synchronization
import TestSupport
import Testing
import Tracing

@testable import LedgerHTTP
@testable import LedgerService

/// Spans and lines of the log of a request.
@Suite("Traces and lines about requests", .privateServer())
struct TracingTests {
  /// The tracer of the test process. A process has one.
  private static let tracer: InMemoryTracer = {
    let tracer = InMemoryTracer()
    InstrumentationSystem.bootstrap(tracer)
    return tracer
  }()

  private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  @Test("A submission has a span with its steps below it, in the trace of its client")
  func spans() async throws {
    let tracer = Self.tracer
    try await withService { test, client in
      let key = try await test.key("t")
      let line = try test.citation("10.1000/1", by: key)
      var headers = HTTPFields.json
      headers[try #require(HTTPField.Name(InMemoryTracer.traceIDKey))] = "trace-of-the-client"
      headers[try #require(HTTPField.Name(InMemoryTracer.spanIDKey))] = "span-of-the-client"
      headers[.userAgent] = "a-browser/1.0"
      try await client.execute(
        uri: "/api/events", method: .post, headers: headers, body: ByteBuffer(bytes: line)
      ) { #expect($0.status == .created) }
      let spans = tracer.finishedSpans.filter { $0.traceID == "trace-of-the-client" }
      let request = try #require(spans.first { $0.operationName == "POST /api/events" })
      #expect(request.parentSpanID == "span-of-the-client" && request.kind == .server)
      let status = request.attributes["http.response.status_code"]
      #expect(String(describing: status).contains("201"))
      let steps = spans.filter { $0.spanID != request.spanID }.sorted {
        $0.startInstant.nanosecondsSinceEpoch < $1.startInstant.nanosecondsSinceEpoch
      }
      #expect(
        steps.map(\.operationName)
          == ["load", "verify signature", "admit", "append and commit", "project"])
      for step in steps { #expect(step.parentSpanID == request.spanID) }
      for span in spans { #expect(!String(describing: span.attributes).contains("browser")) }
    }
  }

  @Test("An access line has the route, the status and the trace, and nothing of the client")
  func accessLine() async throws {
    let collected = Lines()
    var logger = Logger(label: "test") { _ in
      StructuredLogHandler(format: .json, level: .info, write: { collected.add($0) })
    }
    logger.logLevel = .info
    try await withLedger { test in
      let ledger = try await Ledger.open(
        test.ledger.configuration, runProjector: false, logger: logger)
      try await LedgerUnderTest(ledger: ledger, uri: test.uri).serving { client in
        let headers: HTTPFields = [
          try #require(HTTPField.Name("traceparent")): Self.parent,
          try #require(HTTPField.Name("X-Forwarded-For")): "203.0.113.7",
          .authorization: "Bearer secret-of-the-operator", .userAgent: "a-browser/1.0",
        ]
        try await client.execute(
          uri: "/api/records?title=0000-0002-1825-0097", method: .get, headers: headers
        ) { #expect($0.status == .ok) }
        try await client.execute(uri: "/no%0Asuch/path?x=1", method: .get) { _ in }
        try await client.execute(uri: "/healthz", method: .head) { _ in }
      }
      await ledger.close()
    }
    let requests = try collected.objects.filter { $0["message"] == "request" }
    #expect(requests.count == 3)
    let first = try #require(requests.first)
    #expect(first["route"] == "/api/records" && first["method"] == "GET" && first["status"] == 200)
    #expect(first["trace_id"] == "0af7651916cd43dd8448eb211c80319c")
    #expect(first["level"] == "info" && (first["duration_us"]?.integerValue ?? 0) > 0)
    #expect(requests[1]["route"] == "none" && requests[1]["status"] == 404)
    #expect(requests[1]["trace_id"] == nil)
    #expect(requests[2]["method"] == "HEAD" && requests[2]["status"] == 200)
    for secret in ["203.0.113.7", "secret-of", "browser", "1825", "such/path", "127.0.0.1:"] {
      #expect(
        !collected.text.split(separator: "\n").contains {
          $0.contains("\"request\"") && $0.contains(secret)
        }, "\(secret)")
    }
  }

  private final class Lines: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func add(_ line: [UInt8]) { bytes.withLock { $0 += line } }
    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    var objects: [JSON] {
      get throws { try text.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) } }
    }
  }

  @Test(
    "A malformed traceparent is ignored",
    arguments: [
      [], [""], [parent, parent], ["01" + parent.dropFirst(2)], [parent.uppercased()],
      ["00-00000000000000000000000000000000-b7ad6b7169203331-01"],
      ["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"],
      [parent + "-x"], [String(parent.dropLast())],
      ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-101"],
      ["00-0af7651916cd43dd8448eb211c8031\u{E9}-b7ad6b7169203331-01"],
    ])
  func malformed(_ values: [String]) {
    #expect(TraceParent(values) == nil)
    #expect(TraceParent([Self.parent])?.traceID == "0af7651916cd43dd8448eb211c80319c")
  }
}
