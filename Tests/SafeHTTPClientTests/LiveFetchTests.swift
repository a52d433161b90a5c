import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import SafeHTTPClient
import Synchronization
import Testing

/// Fetches from a server on this machine, whose address is private.
@Suite("The addresses that a fetch reaches")
struct LiveFetchTests {
  /// Counts requests.
  final class Hits: Sendable {
    let count = Mutex(0)
    let now = Mutex((running: 0, most: 0))
  }

  /// Collects the results of fetches in the order of their ends.
  final class Codes: Sendable {
    let all = Mutex<[FetchError.Code?]>([])
  }

  private func withServer(
    _ body: @escaping @Sendable (Int, Hits) async throws -> Void
  ) async throws {
    let hits = Hits()
    let router = Router()
    router.get("/ok") { _, _ in
      hits.count.withLock { $0 += 1 }
      return Response(
        status: .ok,
        headers: [
          .contentType: "Text/Plain; charset=utf-8",
          HTTPField.Name("Memento-Datetime") ?? .date: "Tue, 24 Nov 2026 00:00:00 GMT",
        ], body: .init(byteBuffer: ByteBuffer(string: "hello world\n")))
    }
    router.get("/to/:target") { request, context in
      let target = try context.parameters.require("target")
      return Response(
        status: .found, headers: [.location: target.removingPercentEncoding ?? target])
    }
    router.get("/slow") { _, _ in
      hits.now.withLock {
        $0.running += 1
        $0.most = max($0.most, $0.running)
      }
      try await Task.sleep(for: .milliseconds(300))
      hits.now.withLock { $0.running -= 1 }
      return "slow"
    }
    router.get("/drip") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          for _ in 0..<600 {
            try await writer.write(ByteBuffer(string: "."))
            try await Task.sleep(for: .milliseconds(100))
          }
          try await writer.finish(nil)
        })
    }
    router.get("/big") { _, _ in String(repeating: "x", count: 5000) }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    try await application.test(.live) { client in
      try await body(#require(client.port), hits)
    }
  }

  private func code(_ url: String, _ fetch: SafeHTTPClient) async -> FetchError.Code? {
    do {
      _ = try await fetch.fetch(SafeHTTPClient.Request(url))
      return nil
    } catch { return (error as? FetchError)?.code }
  }

  private static func resolver(
    _ answers: [String: [String]], asked: (@Sendable (String) -> Void)? = nil
  ) -> @Sendable (String) async -> [NetworkAddress] {
    { name in
      asked?(name)
      return (answers[name] ?? []).compactMap { NetworkAddress($0) }
    }
  }

  @Test("The connection goes to the checked address, and its answer is read")
  func pinned() async throws {
    try await withServer { port, hits in
      // Only this resolver knows the name, so a connection proves that its answer was used.
      let fetch = SafeHTTPClient(
        allowedHosts: ["pinned.example:\(port)"],
        resolve: Self.resolver(["pinned.example": ["127.0.0.1"]]))
      var request = SafeHTTPClient.Request("http://PINNED.example:\(port)/ok#part")
      request.maxResponseBytes = 100
      request.blobLength = 12
      let fetched = try await fetch.fetch(request)
      #expect(fetched.bytes == Array("hello world\n".utf8) && fetched.length == 12)
      #expect(fetched.head.mediaType == "text/plain" && fetched.head.length == 12)
      #expect(fetched.head.mementoTime == 1_795_478_400)
      #expect(
        fetched.gitBlobSHA1?.map { String($0, radix: 16) }.prefix(2).joined() == "3b18",
        "git hash-object says 3b18e512…")
      #expect(hits.count.withLock { $0 } == 1)
    }
  }

  @Test("A changed answer of the resolver has no effect")
  func changingAnswers() async throws {
    try await withServer { port, hits in
      let asked = Mutex(0)
      // The resolver answers a public address first, and then the address of the server.
      let fetch = SafeHTTPClient(
        limits: {
          var limits = SafeHTTPClient.Limits()
          limits.time = .seconds(2)
          return limits
        }(),
        resolve: { _ in
          let first = asked.withLock {
            $0 += 1
            return $0 == 1
          }
          return [NetworkAddress(first ? "1.1.1.1" : "127.0.0.1")].compactMap { $0 }
        })
      let code = await code("http://rebind.example:\(port)/ok", fetch)
      #expect(
        code == .unreachable || code == .tooSlow, "the public address was tried, and it alone")
      #expect(asked.withLock { $0 } == 1)
      #expect(hits.count.withLock { $0 } == 0)
      // The next fetch resolves the name again and gets the private address.
      #expect(await self.code("http://rebind.example:\(port)/ok", fetch) == .inside)
      #expect(hits.count.withLock { $0 } == 0)
    }
  }

  @Test(
    "A redirect to a private address is not followed",
    arguments: [
      "http://127.0.0.1:PORT/ok", "http://[::1]:PORT/ok", "http://[::ffff:127.0.0.1]:PORT/ok",
      "http://10.0.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/",
      "http://[fd00:ec2::254]/latest/meta-data/", "http://[fe80::1]/",
      "http://inner.example:PORT/ok",
      "http://mapped.example:PORT/ok", "http://six.example:PORT/ok", "//127.0.0.1:PORT/ok",
    ])
  func redirects(target: String) async throws {
    try await withServer { port, hits in
      let fetch = SafeHTTPClient(
        allowedHosts: ["start.example:\(port)"],
        resolve: Self.resolver([
          "start.example": ["127.0.0.1"], "inner.example": ["127.0.0.1"],
          "mapped.example": ["::ffff:127.0.0.1"], "six.example": ["::1"],
        ]))
      let place = target.replacing("PORT", with: "\(port)")
      let encoded = place.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      #expect(await code("http://start.example:\(port)/to/\(encoded)", fetch) == .inside)
      #expect(hits.count.withLock { $0 } == 0)
    }
  }

  @Test("Credentials and trust are not carried over a redirect")
  func redirectedRequests() async throws {
    try await withServer { port, hits in
      let fetch = SafeHTTPClient(
        allowedHosts: ["start.example"], resolve: Self.resolver(["start.example": ["127.0.0.1"]]))
      let place = "http://start.example:\(port)/to/%2fok"
      #expect(await code(place, fetch) == nil)
      var believed = SafeHTTPClient.Request(place)
      believed.followsRedirects = false
      let request = believed
      await #expect(throws: FetchError.self) { try await fetch.fetch(request) }
      #expect(hits.count.withLock { $0 } == 1)
    }
  }

  @Test("Size, time and the number of concurrent fetches are limited")
  func limits() async throws {
    try await withServer { port, hits in
      var limits = SafeHTTPClient.Limits()
      limits.bytes = 1000
      limits.concurrent = 2
      let fetch = SafeHTTPClient(allowedHosts: ["127.0.0.1"], limits: limits)
      #expect(await code("http://127.0.0.1:\(port)/big", fetch) == .tooLarge)
      // The short limit applies to this fetch only, because a busy machine may be slow.
      limits.time = .milliseconds(900)
      let hurried = SafeHTTPClient(allowedHosts: ["127.0.0.1"], limits: limits)
      #expect(await code("http://127.0.0.1:\(port)/drip", hurried) == .tooSlow)
      let codes = await withTaskGroup(of: FetchError.Code?.self) { group in
        for _ in 0..<14 {
          group.addTask { await self.code("http://127.0.0.1:\(port)/slow", fetch) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      // Two fetches run, eight wait, and four are refused.
      #expect(codes.count { $0 == .busy } == 4)
      #expect(codes.count { $0 == nil } == 10)
      #expect(hits.now.withLock { $0.most } == 2)
    }
  }

  @Test(
    "A redirect to an invalid address ends the fetch, and not the process",
    arguments: [
      "https://8.8.8.8:99999/", "http://127.0.0.1:65536/", "//127.0.0.1:99999999999999999999/",
      "http://1.1.1.1:0/", "http://[::1%25lo]/", "http://", "http:///x", "http://a..b/",
      "ftp://1.1.1.1/",
      "http://u@1.1.1.1/", "http://%00/",
    ])
  func redirectsToNoAddress(target: String) async throws {
    try await withServer { port, _ in
      let fetch = SafeHTTPClient(allowedHosts: ["127.0.0.1"])
      let encoded = target.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      #expect(await code("http://127.0.0.1:\(port)/to/\(encoded)", fetch) == .address)
    }
  }

  @Test("A slow answer is aborted long before the timeout of a fetch")
  func minimumRate() async throws {
    try await withServer { port, _ in
      var limits = SafeHTTPClient.Limits()
      limits.grace = .milliseconds(300)
      limits.rateWindow = .milliseconds(500)
      let fetch = SafeHTTPClient(allowedHosts: ["127.0.0.1"], limits: limits)
      let start = ContinuousClock.now
      #expect(await code("http://127.0.0.1:\(port)/drip", fetch) == .tooSlow)
      #expect(ContinuousClock.now - start < .seconds(25), "all of it takes sixty")
      #expect(await code("http://127.0.0.1:\(port)/big", fetch) == nil)
    }
  }

  @Test("Forty slow fetches of one client do not delay another client or another pool")
  func starvation() async throws {
    try await withServer { port, _ in
      var limits = SafeHTTPClient.Limits()
      limits.time = .seconds(20)
      let fetch = SafeHTTPClient(
        allowedHosts: (0..<41).reduce(into: []) { $0.insert("h\($1).example") },
        limits: limits, resolve: { _ in [NetworkAddress("127.0.0.1")].compactMap { $0 } })
      let codes = Codes()
      let slow = Task {
        await withDiscardingTaskGroup { group in
          for index in 0..<40 {
            group.addTask {
              let code = await FetchClient.$current.withValue("attacker") {
                await self.code("http://h\(index).example:\(port)/drip", fetch)
              }
              codes.all.withLock { $0.append(code) }
            }
          }
        }
      }
      defer { slow.cancel() }
      for _ in 0..<200 where codes.all.withLock({ $0.count }) < 28 {
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(codes.all.withLock { $0 } == Array(repeating: .clientLimit, count: 28))
      let start = ContinuousClock.now
      let other = await FetchClient.$current.withValue("reader") {
        await self.code("http://h40.example:\(port)/ok", fetch)
      }
      #expect(other == nil)
      let request = SafeHTTPClient.Request("http://h40.example:\(port)/ok", .issuers)
      #expect(try await fetch.fetch(request).status == 200)
      #expect(ContinuousClock.now - start < .seconds(5), "the slow ones take ten")
    }
  }

  @Test("An ambiguous host is refused")
  func hosts() async {
    let fetch = SafeHTTPClient(resolve: Self.resolver([:]))
    for url in [
      "http://%6c%6fcalhost/", "http://127.0.0.1%2f@example.com/", "http://exämple.com/",
      "http://[::1%25lo]/", "http://①②⑦.⓪.⓪.①/", "http://a b/", "http://a\\@b/", "http://[::1/",
    ] {
      let code = await code(url, fetch)
      let isRefused = code == .address || code == .unreachable || code == .inside
      #expect(isRefused, "\(url) \(String(describing: code))")
    }
  }
}

@Suite("The head of an answer")
struct FetchedHeadTests {
  @Test("Dates")
  func dates() {
    func time(_ text: String) -> Int64? { FetchedHead([("memento-datetime", text)]).mementoTime }
    #expect(time("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(time("Tue, 29 Feb 2000 23:59:59 GMT") == 951_868_799)
    #expect(time("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    for wrong in [
      "", "Tue, 24 Nov 2026 00:00:00", "Wed, 24 Nov 2026 00:00:00 GMT",
      "Mon, 29 Feb 2100 00:00:00 GMT", "Tue, 24 nov 2026 00:00:00 GMT",
      "Tue, 24 Nov 2026 24:00:00 GMT", "Tue, +4 Nov 2026 00:00:00 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Thu, 01 Jan 1970 00:00:00 UTC",
    ] {
      #expect(time(wrong) == nil, "\(wrong)")
    }
  }

  @Test("Media types and lengths")
  func types() {
    func type(_ text: String) -> String? { FetchedHead([("Content-Type", text)]).mediaType }
    #expect(type("Application/LD+json;profile=x") == "application/ld+json")
    for wrong in ["", "text", "text/", "/html", "a/b/c", "text/ht\u{202E}ml", "text/<script>"] {
      #expect(type(wrong) == nil, "\(wrong)")
    }
    for (text, length) in [
      ("12", 12), ("-1", nil), ("1e3", nil), ("99999999999999999999", nil),
    ] as [(String, Int64?)] {
      #expect(FetchedHead([("content-length", text)]).length == length)
    }
  }
}
