import CanonicalJSON
import ContextProtocol
import Testing

@Suite("The Model Context Protocol over HTTP, without sockets")
struct HTTPExchangeTests {
  private let exchange = HTTPExchange(ContextServer(FakeProvider()))

  private static func headers(
    _ method: String, _ others: [HTTPExchange.Header] = []
  ) -> [HTTPExchange.Header] {
    [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)] + others
  }

  private func answer(
    _ body: [UInt8], _ headers: [HTTPExchange.Header]
  ) async throws -> (status: Int, json: JSON?) {
    let answer = try await exchange.answer(body, headers)
    return (answer.status, try answer.body.map { try JSON.parse($0) })
  }

  @Test("Headers of a request say what its body says")
  func routing() async throws {
    let call = Messages.modern(1, "tools/call", ["arguments": [:], "name": "echo"])
    func code(_ headers: [HTTPExchange.Header]) async throws -> JSON? {
      let answer = try await answer(call, headers)
      #expect(answer.status == (answer.json?["error"] == nil ? 200 : 400))
      return answer.json?["error"]?["code"]
    }
    #expect(try await code(Self.headers("tools/call", [("mcp-name", "echo")])) == nil)
    #expect(
      try await code(Self.headers("tools/call", [("mcp-name", "=?base64?ZWNobw==?=")])) == nil)
    #expect(try await code(Self.headers("tools/call", [("mcp-name", "=?base64?!?=")])) == -32020)
    #expect(try await code(Self.headers("tools/call", [("mcp-name", "wait")])) == -32020)
    #expect(try await code(Self.headers("tools/call")) == -32020)
    #expect(try await code(Self.headers("tools/list", [("mcp-name", "echo")])) == -32020)
    #expect(try await code([("mcp-method", "tools/call"), ("mcp-name", "echo")]) == -32020)
    let twice = Self.headers("tools/call", [("mcp-name", "echo"), ("mcp-name", "echo")])
    #expect(try await code(twice) == -32020)
  }

  @Test("Errors have the status codes of the protocol")
  func statuses() async throws {
    let unknown = try await answer(Messages.modern(1, "none"), Self.headers("none"))
    #expect(unknown.status == 404 && unknown.json?["error"]?["code"] == -32601)
    let bare = try await answer(Messages.request(1, "tools/list"), Self.headers("tools/list"))
    #expect(bare.status == 400 && bare.json?["error"]?["code"] == -32602)
    let garbage = try await answer(Array("{".utf8), [])
    #expect(garbage.status == 400 && garbage.json?["id"]?.isNull == true)
    let future = try await answer(
      Messages.request(1, "tools/list"), [("mcp-protocol-version", "2030-01-01")])
    #expect(future.status == 400 && future.json?["error"]?["code"] == -32022)
    #expect(HTTPExchange.busy.status == 503)
  }

  @Test("Requests of versions with a handshake stand alone too, and no session is named")
  func handshakes() async throws {
    let first = try await answer(Messages.initialize("2025-06-18"), [])
    #expect(first.status == 200 && first.json?["result"]?["protocolVersion"] == "2025-06-18")
    for version in ["2025-06-18", "2025-11-25", "2025-03-26"] {
      let list = try await answer(
        Messages.request(1, "tools/list"), [("mcp-protocol-version", version)])
      #expect(list.status == 200 && list.json?["result"]?["tools"]?.arrayValue?.count == 2)
    }
    #expect(try await answer(Messages.request(1, "ping"), []).json?["result"] == [:])
    #expect(try await answer(Messages.request(2, "none"), []).status == 200)
  }

  @Test("Notifications are accepted, and cancel nothing")
  func notifications() async throws {
    let cancel = Messages.notification("notifications/cancelled", ["requestId": 1])
    #expect(try await answer(cancel, []).status == 202)
    #expect(try await answer(cancel, [("mcp-protocol-version", "2030-01-01")]).status == 400)
    #expect(
      try await answer(Array(#"{"jsonrpc":"2.0","id":1,"result":{}}"#.utf8), []).status == 202)
  }
}

@Suite("Lines and text of the Model Context Protocol")
struct LineTests {
  @Test("Lines are cut wherever the bytes are cut")
  func lines() {
    let text = Array("one\r\n\ntwo\nthree".utf8)
    for size in 1...text.count {
      var reader = LineReader(maxBytes: 8)
      var lines: [LineReader.Line] = []
      for start in stride(from: 0, to: text.count, by: size) {
        lines += reader.take(text[start..<min(start + size, text.count)])
      }
      let last = reader.finish().map { [$0] } ?? []
      #expect(lines + last == ["one", "two", "three"].map { .bytes(Array($0.utf8)) })
    }
  }

  @Test("A line that is too long is dropped, and the next one is read")
  func long() {
    var reader = LineReader(maxBytes: 4)
    #expect(reader.take(Array("12345678".utf8)) == [.tooLong])
    #expect(reader.take(Array("9012345678".utf8)).isEmpty)
    #expect(reader.take(Array("90\nabcd\n".utf8)) == [.bytes(Array("abcd".utf8))])
    #expect(reader.finish() == nil)
  }

  @Test("Characters that hide are written as escapes, and the value is the same")
  func hidden() throws {
    let hidden: [Unicode.Scalar] = [
      "\u{7F}", "\u{85}", "\u{9B}", "\u{AD}", "\u{200B}", "\u{200E}", "\u{202E}", "\u{2028}",
      "\u{2066}", "\u{FE0F}", "\u{FEFF}", "\u{E000}", "\u{E0041}", "\u{E0100}", "\u{115F}",
    ]
    for scalar in hidden {
      let value: JSON = [String(scalar): .string("a\(scalar)b")]
      let text = PlainText.string(value)
      #expect(!text.unicodeScalars.contains(scalar), "\(scalar.value)")
      #expect(try JSON.parse(Array(text.utf8)) == value)
    }
    for text in ["Ünïcödé", "数学", "e\u{301}", "𝒜", "a\"\\\n"] {
      #expect(PlainText.string(.string(text)) == JSON.string(text).canonicalString())
    }
  }
}
