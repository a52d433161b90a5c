import CanonicalJSON
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerClient
import LedgerDomain
import NIOCore
import Testing

/// The bounds of what a server may answer, and the form of requests.
@Suite("The client of a served ledger")
struct LedgerClientTests {
  /// Runs a test with a client of a server.
  private func withClient(
    _ router: Router<BasicRequestContext>, path: String = "",
    _ limits: LedgerClient.Limits = .init(),
    _ body: @escaping @Sendable (LedgerClient) async throws -> Void
  ) async throws {
    try await Application(router: router).test(.live) { server in
      let client = try LedgerClient(
        server: "http://127.0.0.1:\(server.port ?? 0)\(path)", token: "secret", limits: limits)
      do { try await body(client) } catch {
        await client.close()
        throw error
      }
      await client.close()
    }
  }

  private func refusal(_ body: () async throws -> Void) async -> Refusal? {
    do {
      try await body()
      return nil
    } catch { return error as? Refusal }
  }

  @Test("Path and query are escaped, and the path of the address comes first")
  func addresses() async throws {
    let router = Router()
    router.get("**") { request, _ in
      Response(
        status: .ok,
        body: .init(
          byteBuffer: ByteBuffer(
            bytes: JSON.object(["uri": .string("\(request.uri)")]).canonicalBytes())))
    }
    try await withClient(router, path: "/base/") { client in
      let answer = try await client.get(
        ["api", "10.1000/a?b#c%2F é", ".."], [("q", "a&b=c d+"), ("none", nil)])
      #expect(
        answer["uri"]
          == "/base/api/10.1000%2Fa%3Fb%23c%252F%20%C3%A9/..?q=a%26b%3Dc%20d%2B", "\(answer)")
    }
  }

  @Test("The token goes with requests that write, and a body has its type")
  func token() async throws {
    let router = Router()
    @Sendable func headers(_ request: Request) -> Response {
      let members = ["authorization", "content-type"].map { name in
        (
          name,
          HTTPField.Name(name).flatMap { request.headers[$0] }.map { JSON.string($0) } ?? .null
        )
      }
      return Response(
        status: .ok,
        body: .init(
          byteBuffer: ByteBuffer(bytes: JSON.object(JSONObject(members)).canonicalBytes())))
    }
    router.get("**") { request, _ in headers(request) }
    router.post("**") { request, _ in headers(request) }
    try await withClient(router) { client in
      let read = try await client.get(["x"])
      #expect(read == ["authorization": .null, "content-type": .null])
      let written = try await client.post(["x"], body: [])
      #expect(
        written == ["authorization": "Bearer secret", "content-type": "application/json"])
    }
  }

  @Test("A long answer, a slow one and an endless problem document are given up")
  func bounds() async throws {
    let router = Router()
    router.get("long") { _, _ in
      Response(
        status: .ok,
        body: .init(byteBuffer: ByteBuffer(bytes: [UInt8](repeating: 0x20, count: 2000))))
    }
    router.get("problem") { _, _ in
      Response(
        status: .notFound,
        body: .init(byteBuffer: ByteBuffer(bytes: [UInt8](repeating: 0x20, count: 1 << 17))))
    }
    router.get("silent") { _, _ in
      try await Task.sleep(for: .seconds(20))
      return Response(status: .ok)
    }
    router.get("slow") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          for _ in 0..<200 {
            try await writer.write(ByteBuffer(string: " "))
            try await Task.sleep(for: .milliseconds(100))
          }
          try await writer.finish(nil)
        })
    }
    var limits = LedgerClient.Limits()
    limits.answerBytes = 1000
    limits.time = .seconds(2)
    try await withClient(router, limits) { client in
      for path in ["long", "problem", "silent", "slow"] {
        let start = ContinuousClock.now
        let refused = await refusal { _ = try await client.get([path]) }
        #expect(refused?.check == "server" && refused?.code == .unavailable, "\(path)")
        #expect(ContinuousClock.now - start < .seconds(10), "\(path)")
      }
    }
  }

  @Test("A problem document becomes a refusal with the same parts")
  func problems() async throws {
    let router = Router()
    router.get("**") { _, _ in
      let problem: JSON = [
        "candidates": ["a", "b"], "check": "slot", "detail": "No. Try again in 7 seconds.",
        "field": "payload.supersedes", "offset": 3, "retry_after": 7, "status": 429,
      ]
      return Response(
        status: .tooManyRequests,
        body: .init(byteBuffer: ByteBuffer(bytes: problem.canonicalBytes())))
    }
    try await withClient(router) { client in
      let refused = await refusal { _ = try await client.get(["x"]) }
      #expect(refused?.code == .tooMany && refused?.check == "slot")
      #expect(refused?.field == "payload.supersedes" && refused?.offset == 3)
      #expect(refused?.candidates == ["a", "b"] && refused?.retryAfter == 7)
      #expect(refused?.message == "No. Try again in 7 seconds.")
    }
  }
}
