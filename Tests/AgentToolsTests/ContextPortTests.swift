import APIDescription
import AgentTools
import CanonicalJSON
import ContextProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerHTTP
import LedgerService
import LedgerTestSupport
import Logging
import NIOCore
import Testing

/// The port of the command `mcp --http`, attacked.
@Suite("The port of the Model Context Protocol")
struct ContextPortTests {
  private static let body = Array(
    #"{"id":1,"jsonrpc":"2.0","method":"ping"}"#.utf8)

  private static func serving(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let server = ContextServer(ToolDescriptionTests.tools(try APIDescription()))
    var configuration = LedgerConfiguration(dataDirectory: "/tmp/plt-none")
    configuration.publicURL = "https://ledger.example"
    try await buildContextApplication(
      server, configuration: configuration, host: "127.0.0.1", port: 0,
      logger: Logger(label: "test")
    ).test(.live) { client in try await body(client) }
  }

  @Test("Pages of other sites, rebound names and other media types are refused")
  func sites() async throws {
    try await Self.serving { client in
      func status(_ headers: HTTPFields) async throws -> HTTPResponse.Status {
        try await client.execute(
          uri: "/mcp", method: .post, headers: headers, body: ByteBuffer(bytes: Self.body)
        ) { response in
          for name in response.headers.map(\.name.canonicalName) {
            #expect(!name.hasPrefix("access-control-"))
          }
          return response.status
        }
      }
      let origin = try #require(HTTPField.Name("Origin"))
      let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
      #expect(try await status([.contentType: "application/json"]) == .ok)
      #expect(
        try await status([.contentType: "application/json", origin: "https://evil.example"])
          == .forbidden)
      #expect(
        try await status([.contentType: "application/json", origin: "null"]) == .forbidden)
      #expect(
        try await status([.contentType: "application/json", origin: "https://ledger.example"])
          == .forbidden)
      #expect(
        try await status([.contentType: "application/json", site: "cross-site"]) == .forbidden)
      #expect(try await status([.contentType: "text/plain"]) == .unsupportedMediaType)
      #expect(try await status([:]) == .unsupportedMediaType)
    }
  }

  @Test("There is one path with one method, and a body is bounded")
  func methods() async throws {
    try await Self.serving { client in
      for method in [HTTPRequest.Method.get, .delete, .put] {
        try await client.execute(uri: "/mcp", method: method) { response in
          #expect(response.status == .methodNotAllowed)
          #expect(response.headers[.allow] == "OPTIONS, POST")
        }
      }
      try await client.execute(uri: "/", method: .get) { #expect($0.status == .notFound) }
      let large = ByteBuffer(repeating: 0x20, count: (12 << 20) + 1)
      try await client.execute(
        uri: "/mcp", method: .post, headers: [.contentType: "application/json"], body: large
      ) { #expect($0.status == .contentTooLarge) }
      try await client.execute(
        uri: "/mcp", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(bytes: [0xFF, 0xFE])
      ) { response in
        #expect(response.status == .badRequest)
        let json = try response.json()
        #expect(json["error"]?["code"] == -32700)
      }
    }
  }

  @Test("A rebound name is refused")
  func host() async throws {
    try await Self.serving { client in
      let connection = try RawConnection(port: try #require(client.port))
      let text = String(decoding: Self.body, as: UTF8.self)
      _ = connection.send(
        "POST /mcp HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\n"
          + "Content-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n\(text)")
      let answer = try #require(await connection.receiveAll())
      #expect(answer.hasPrefix("HTTP/1.1 403") && answer.contains(#""check":"host""#))
    }
  }
}
