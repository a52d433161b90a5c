import HTTPTypes
import LedgerDomain
import SafeHTTPClient
import Testing

@testable import LedgerHTTP
@testable import LedgerService

@Suite("The caller of a request")
struct CallerTests {
  private func callers(
    listensOn host: String? = "127.0.0.1", _ change: (inout LedgerConfiguration) -> Void = { _ in }
  ) -> Callers {
    var configuration = LedgerConfiguration(dataDirectory: "/nowhere")
    change(&configuration)
    return Callers(configuration, listensOn: host)
  }

  private func fields(_ values: [(String, String)]) throws -> HTTPFields {
    var fields = HTTPFields()
    for (name, value) in values {
      fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
    }
    return fields
  }

  private func mayWrite(
    _ callers: Callers, _ host: String, _ headers: [(String, String)] = [],
    local: String = "127.0.0.1"
  ) throws -> Bool {
    let request = HTTPRequest(
      method: .post, scheme: "http", authority: host, path: "/api/events",
      headerFields: try fields(headers))
    do {
      try callers.checkSite(request, .network(NetworkAddress("127.0.0.1")), localAddress: local)
      return true
    } catch { return false }
  }

  @Test("Writes are accepted only for the ledger's own hosts")
  func hosts() throws {
    let callers = callers {
      $0.publicURL = "https://ledger.example/path"
      $0.server.allowedHosts = ["ledger", "inner.example:8080"]
    }
    for host in [
      "localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:9", "127.9.9.9", "[::1]:8080",
      "ledger:8080",
      "ledger.example", "Ledger.Example:443", "inner.example:8080",
    ] { #expect(try mayWrite(callers, host), "\(host)") }
    for host in [
      "evil.example", "localhost.evil.example", "evil.example:8080", "127.0.0.1.evil.example",
      "8.8.8.8",
      "10.0.0.1", "0.0.0.0", "[::2]", "ledger.example.evil", "127.0.0.1@evil.example", "",
      "2130706433",
    ] { #expect(try !mayWrite(callers, host), "\(host)") }
    // A server that listens on all addresses accepts the address of the connection as its host.
    let everywhere = self.callers(listensOn: "0.0.0.0")
    #expect(try mayWrite(everywhere, "192.0.2.5:8080", local: "192.0.2.5"))
    #expect(try mayWrite(everywhere, "192.0.2.5:8080", local: "::ffff:192.0.2.5"))
    #expect(try !mayWrite(everywhere, "192.0.2.6:8080", local: "192.0.2.5"))
  }

  @Test("A page of another site cannot write")
  func origins() throws {
    let callers = callers { $0.publicURL = "https://ledger.example:443/" }
    for (name, value) in [
      ("Origin", "http://localhost:8080"), ("Origin", "https://ledger.example"),
      ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none"),
    ] { #expect(try mayWrite(callers, "localhost:8080", [(name, value)]), "\(value)") }
    for (name, value) in [
      ("Origin", "null"), ("Origin", "http://evil.example"), ("Origin", "http://localhost:9090"),
      ("Origin", "http://localhost"), ("Origin", "http://127.0.0.1:8080"), ("Origin", ""),
      ("Origin", "https://ledger.example.evil"), ("Origin", "https://ledger.example:444"),
      ("Origin", "file://"), ("Origin", "http://localhost:8080@evil.example"),
      ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
    ] { #expect(try !mayWrite(callers, "localhost:8080", [(name, value)]), "\(name) \(value)") }
    #expect(
      try !mayWrite(
        callers, "localhost:8080",
        [("Origin", "http://localhost:8080"), ("Origin", "http://evil.example")]))
  }

  @Test(
    "A forwarded address counts only from a trusted proxy, and only as far as proxies are trusted")
  func forwarded() throws {
    let callers = callers {
      $0.server.trustedProxies = ["10.0.0.0/8", "2001:db8::/32"].compactMap { AddressRange($0) }
    }
    func client(_ peer: String, _ forwarded: [String]) throws -> String {
      callers.client(
        try fields(forwarded.map { ("X-Forwarded-For", $0) }), .network(NetworkAddress(peer))
      ).name
    }
    #expect(try client("192.0.2.1", ["203.0.113.9"]) == "192.0.2.1", "no proxy")
    #expect(try client("10.0.0.1", ["203.0.113.9"]) == "203.0.113.9")
    #expect(try client("::ffff:10.0.0.1", ["203.0.113.9"]) == "203.0.113.9")
    #expect(
      try client("10.0.0.1", ["1.1.1.1, 203.0.113.9"]) == "203.0.113.9",
      "what the client said before")
    #expect(try client("10.0.0.1", ["1.1.1.1", "203.0.113.9, 10.2.3.4"]) == "203.0.113.9")
    #expect(try client("10.0.0.1", ["10.0.0.2"]) == "10.0.0.2")
    #expect(try client("10.0.0.1", []) == "10.0.0.1")
    #expect(
      try client("10.0.0.1", ["203.0.113.9, nonsense"]) == "10.0.0.1", "unreadable: the proxy")
    #expect(try client("10.0.0.1", ["203.0.113.9:4711"]) == "203.0.113.9")
    #expect(try client("2001:db8::1", ["[2001:dead:beef:1:2:3:4:5]:80"]) == "2001:dead:beef:1::/64")
    #expect(callers.client([:], .operatorSocket) == .shell)
  }

  @Test("A client is an IPv4 address, or an IPv6 network of 64 bits")
  func clients() throws {
    func client(_ text: String) throws -> ClientID { ClientID(try #require(NetworkAddress(text))) }
    #expect(try client("192.0.2.1") == client("::ffff:192.0.2.1"))
    #expect(try client("192.0.2.1") != client("192.0.2.2"))
    #expect(try client("2001:db8:1:2:3::4") == client("2001:db8:1:2:ffff:ffff:ffff:ffff"))
    #expect(try client("2001:db8:1:2::") != client("2001:db8:1:3::"))
  }

  @Test("Ranges of addresses have one notation")
  func ranges() throws {
    for text in [
      "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "x", "", "::/129", "10.0.0/8",
      "1.2.3.4/8/8",
    ] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
    let all = try #require(AddressRange("0.0.0.0/0"))
    #expect(all.contains(try #require(NetworkAddress("255.1.2.3"))))
    #expect(!all.contains(try #require(NetworkAddress("::1"))))
    let odd = try #require(AddressRange("192.0.2.128/25"))
    #expect(odd.contains(try #require(NetworkAddress("192.0.2.200"))))
    #expect(!odd.contains(try #require(NetworkAddress("192.0.2.127"))))
  }

  @Test("The old setting for a proxy names the new one")
  func oldSetting() {
    #expect(throws: Refusal(.malformed, check: "configuration", "")) {
      try LedgerConfiguration.fromEnvironment(
        dataDirectory: "/nowhere", environment: ["PITHLEDGER_TRUSTED_PROXY": "1"])
    }
  }
}
