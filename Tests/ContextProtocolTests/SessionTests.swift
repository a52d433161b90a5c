import CanonicalJSON
import ContextProtocol
import TestSupport
import Testing

@Suite("Sessions of the Model Context Protocol")
struct SessionTests {
  private let provider = FakeProvider()
  private let sent = Sent()
  private let session: ContextSession

  init() {
    session = ContextSession(ContextServer(provider)) { [sent] in sent.add($0) }
  }

  private func answer(_ message: [UInt8]) async throws -> JSON {
    let before = sent.all.count
    await session.receive(message)
    return try #require(try await sent.first(before + 1).last)
  }

  private func code(_ message: [UInt8]) async throws -> Int64? {
    try await answer(message)["error"]?["code"]?.integerValue
  }

  @Test(
    "A client and the server agree on a version",
    arguments: [
      ("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("2024-11-05", "2025-11-25"),
      ("tomorrow", "2025-11-25"),
    ])
  func handshake(asked: String, agreed: String) async throws {
    let result = try await answer(Messages.initialize(asked))["result"]
    #expect(result?["protocolVersion"]?.stringValue == agreed)
    #expect(result?["serverInfo"]?["name"] == "fake" && result?["instructions"] == "Call echo.")
    #expect(result?["capabilities"]?["tools"] != nil)
    // Nothing of the newest version is in answers of older ones.
    #expect(try await answer(Messages.request(1, "tools/list"))["result"]?["resultType"] == nil)
    #expect(try await answer(Messages.request(2, "ping"))["result"] == [:])
    #expect(try await code(Messages.request(3, "server/discover")) == -32601)
    #expect(try await code(Messages.initialize(asked, id: 4)) == -32600)
  }

  @Test("A request that names its version needs no handshake")
  func stateless() async throws {
    let result = try await answer(Messages.modern("a", "server/discover"))["result"]
    #expect(result?["supportedVersions"] == ["2026-07-28"] && result?["resultType"] == "complete")
    #expect(result?["ttlMs"]?.integerValue ?? -1 >= 0 && result?["cacheScope"] == "private")
    let call = try await answer(
      Messages.modern("b", "tools/call", ["arguments": ["x": 1], "name": "echo"]))
    #expect(call["id"] == "b" && call["result"]?["structuredContent"] == ["x": 1])
    #expect(call["result"]?["isError"] == false)
    let read = try await answer(Messages.modern(1, "resources/read", ["uri": "fake:one"]))
    #expect(read["result"]?["contents"]?.arrayValue?.first?["text"] == "one")
    #expect(try await code(Messages.modern(2, "resources/read", ["uri": "fake:two"])) == -32602)
    #expect(try await code(Messages.modern(3, "ping")) == -32601)
    #expect(try await code(Messages.modern(4, "initialize")) == -32601)
    #expect(try await code(Messages.modern(5, "tools/call", ["name": "none"])) == -32602)
    #expect(try await code(Messages.modern(6, "tools/list", ["cursor": "x"])) == -32602)
  }

  @Test("Malformed messages are refused with the code of JSON-RPC")
  func malformed() async throws {
    let cases: [(text: String, code: Int64)] = [
      ("{", -32700), ("\u{FEFF}{}", -32700), ("[]", -32600), ("1", -32600), ("{}", -32600),
      (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
      (#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, -32600),
      (#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, -32600),
      (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32700),
      (#"{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}"#, -32700),
      (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
      (#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
      (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32700),
      (#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#, -32602),
      // Before the handshake.
      (#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, -32600),
      (#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#, -32602),
    ]
    for (text, code) in cases {
      #expect(try await self.code(Array(text.utf8)) == code, "\(text)")
    }
    #expect(try await code([0x7B, 0xFF, 0x7D]) == -32700)
    let deep = String(repeating: "[", count: 100_000)
    #expect(try await code(Array(deep.utf8)) == -32700)
    let long = String(repeating: "x", count: 257)
    #expect(try await code(Messages.request(.string(long), "ping")) == -32600)
  }

  @Test("Versions and capabilities in _meta are checked")
  func meta() async throws {
    func request(_ meta: JSON) -> [UInt8] { Messages.request(1, "tools/list", ["_meta": meta]) }
    let version = "io.modelcontextprotocol/protocolVersion"
    let capabilities = "io.modelcontextprotocol/clientCapabilities"
    let unknown = try await answer(request([version: "2030-01-01", capabilities: [:]]))
    #expect(unknown["error"]?["code"] == -32022)
    #expect(unknown["error"]?["data"]?["supported"] == ["2026-07-28"])
    #expect(unknown["error"]?["data"]?["requested"] == "2030-01-01")
    #expect(try await code(request([version: "2025-11-25", capabilities: [:]])) == -32022)
    #expect(try await code(request([version: "2026-07-28"])) == -32602)
    #expect(try await code(request([version: 7, capabilities: [:]])) == -32602)
    #expect(try await code(request([version: "2026-07-28", capabilities: 1])) == -32602)
  }

  @Test("A cancelled request ends without an answer, and its id is free again")
  func cancellation() async throws {
    await session.receive(Messages.modern(1, "tools/call", ["name": "wait"]))
    #expect(try await code(Messages.modern(1, "tools/list")) == -32600)
    await session.receive(Messages.notification("notifications/cancelled", ["requestId": "1"]))
    await session.receive(Messages.notification("notifications/cancelled", ["requestId": 1]))
    await session.receive(Messages.notification("notifications/cancelled", ["requestId": 1]))
    await session.receive(Messages.notification("notifications/cancelled"))
    for _ in 0..<500 where provider.cancelled.value == 0 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(provider.cancelled.value == 1)
    #expect(try await answer(Messages.modern(1, "tools/list"))["result"] != nil)
    #expect(sent.all.count == 2)
    await session.finish()
  }

  @Test("More requests than a session takes at once are refused, and cancellations are still read")
  func load() async throws {
    for id in 0..<ContextSession.maxRequests {
      await session.receive(Messages.modern(.integer(Int64(id)), "tools/call", ["name": "wait"]))
    }
    #expect(try await code(Messages.modern(99, "tools/list")) == -32000)
    for id in 0..<ContextSession.maxRequests {
      await session.receive(
        Messages.notification("notifications/cancelled", ["requestId": .integer(Int64(id))]))
    }
    await session.finish()
    for id in Int64(1000)..<2000 {
      if try await answer(Messages.modern(.integer(id), "tools/list"))["result"] != nil { return }
      // A cancelled request ends when its task runs, which takes a while on a busy machine.
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("The session takes no requests again.")
  }

  @Test("A request that takes too long is answered with an error")
  func time() async throws {
    let slow = ContextSession(ContextServer(provider, timeLimit: .milliseconds(50))) { [sent] in
      sent.add($0)
    }
    await slow.receive(Messages.modern(1, "tools/call", ["name": "wait"]))
    #expect(try await sent.first(1).first?["error"]?["code"] == -32001)
    #expect(provider.cancelled.value == 1)
  }

  @Test("Notifications and answers are not answered, however many there are")
  func silence() async {
    for number in Int64(0)..<10_000 {
      await session.receive(Messages.notification("notifications/\(number)"))
      await session.receive(Array(#"{"jsonrpc":"2.0","id":1,"result":{}}"#.utf8))
    }
    await session.finish()
    #expect(sent.all.isEmpty)
  }

  @Test("Arbitrary bytes get at most one answer, which is well formed", arguments: 1...4)
  func arbitrary(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let samples = [
      Messages.modern(1, "tools/call", ["arguments": ["x": "\u{202E}"], "name": "echo"]),
      Messages.initialize("2025-11-25"), Messages.modern("a", "server/discover"),
      Messages.notification("notifications/cancelled", ["requestId": 1]),
    ]
    var expected = 0
    for _ in 0..<2000 {
      var bytes = samples[Int.random(in: 0..<samples.count, using: &random)]
      for _ in 0..<Int.random(in: 0...6, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(contentsOf: "{\"[]},:09".utf8.shuffled(using: &random), at: index)
        default: bytes.removeLast(bytes.count - index)
        }
      }
      await session.receive(bytes)
      await session.finish()
      // A message that cannot be read is answered, because it may have been a request.
      let isSilent: Bool =
        switch try? ClientMessage(bytes) {
        case .notification, .answer: true
        default: false
        }
      if !isSilent { expected += 1 }
      #expect(sent.all.count == expected, "\(String(decoding: bytes, as: UTF8.self))")
    }
    for answer in sent.all {
      #expect(answer["jsonrpc"] == "2.0" && answer["id"] != nil)
      #expect((answer["result"] == nil) != (answer["error"] == nil))
    }
  }
}
