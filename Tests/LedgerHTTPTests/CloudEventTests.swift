import CanonicalJSON
import HTTPTypes
import HummingbirdTesting
import LedgerService
import LedgerTestSupport
import NIOCore
import TestSupport
import Testing
import TransparencyLog

@Suite("CloudEvents", .privateServer())
struct CloudEventTests {
  private static let missing = PythonPackages.missing(["cloudevents.core", "jsonschema"])

  /// Reads CloudEvents with the library of the CNCF, and against the schema of the description.
  private static let reader = """
    import json, sys, urllib.request
    import jsonschema
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent
    server, count = sys.argv[1], int(sys.argv[2])
    schema = json.load(urllib.request.urlopen(server + "/schemas/cloud_event.json"))
    validator = jsonschema.Draft202012Validator(schema)
    report = []
    with urllib.request.urlopen(server + "/api/events/stream?format=cloudevents&from=0", timeout=60) as stream:
        for line in stream:
            if not line.startswith(b"data: "):
                continue
            data = line[6:].strip()
            validator.validate(json.loads(data))
            event = JSONFormat().read(CloudEvent, data)
            report.append([event.get_type(), event.get_subject(), event.get_extension("sequence"),
                           event.get_data()["position"], event.get_source()])
            if len(report) == count:
                break
    print(json.dumps(report))
    """

  @Test(
    "The stream sends CloudEvents that another library reads, past ones and new ones",
    .enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
  func stream() async throws {
    try await withService { test, client in
      let server = "http://127.0.0.1:\(try #require(client.port))"
      let key = try await test.key("k")
      let size = Int(try await test.ledger.health().size.stored)
      async let read = python(Self.reader, [server, String(size + 3)])
      // These are appended while the stream is open, or just before.
      for index in 0..<3 { _ = try await test.cite("10.1000/\(index)", by: key) }
      let events = try #require(try JSON.parse(await read).arrayValue)
      #expect(events.count == size + 3)
      for (index, event) in events.enumerated() {
        let members = try #require(event.arrayValue)
        #expect(members[3] == .integer(Int64(index)))
        #expect(members[2].stringValue.flatMap { Int($0) } == index)
        #expect(members[4].stringValue?.hasPrefix("urn:pithledger:log:") == true)
      }
      let last = try #require(events.last?.arrayValue)
      #expect(last[0] == "science.pith.ledger.citation_signature")
      #expect(last[1] == .string(LedgerUnderTest.number))
    }
  }

  @Test("Another format is refused")
  func unknown() async throws {
    try await withService { _, client in
      let answer = try await client.execute(
        uri: "/api/events/stream?format=xml", method: .get
      ) { ($0.status.code, String(buffer: $0.body)) }
      #expect(answer.0 == 400 && answer.1.contains("\"field\":\"format\""))
    }
  }
}
