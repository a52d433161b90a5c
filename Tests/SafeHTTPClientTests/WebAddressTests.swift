import ProofFormats
import SafeHTTPClient
import Testing

/// Submitted addresses. An accepted address is valid for the network library, which does not check that
/// the port has 16 bits.
@Suite("Addresses that may be fetched")
struct WebAddressTests {
  private static let long = String(repeating: "a", count: 63)

  @Test(
    "Addresses that are refused",
    arguments: [
      "https://8.8.8.8:99999/", "https://8.8.8.8:65536/", "https://8.8.8.8:0/", "https://8.8.8.8:/",
      "https://8.8.8.8:-1/", "https://8.8.8.8:+443/", "https://8.8.8.8:4 4/",
      "https://8.8.8.8:0x50/",
      "https://8.8.8.8:443:443/", "https://8.8.8.8:99999999999999999999999/",
      "https://8.8.8.8:18446744073709551617/", "https://8.8.8.8:٤٤٣/", "https://8.8.8.8:000443/",
      "https://[2606:4700::1111]:99999/", "https://[2606:4700::1111]443/", "https://[::1%25eth0]/",
      "https://[::1%eth0]/", "https://[fe80::1%25]/", "https://[]/", "https://[::1/",
      "https://::1/",
      "https://[1.1.1.1]/", "https://[v1.x]/", "https://", "https:///", "https://:443/",
      "https:/example.com/", "https:example.com", "example.com", "//example.com/", "", "?", "#",
      "file:///etc/passwd", "ftp://example.com/", "http+unix://%2Fvar%2Frun%2Fx/", "javascript:1",
      "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/",
      "https://example.com@evil.example/", "https://example.com:80@evil.example/",
      "https://exa mple.com/", " https://example.com/", "https://example.com /",
      "https://example.com\u{0}/", "https://example.com\u{0}.evil.example/",
      "https://example.com/\u{0}",
      "https://example.com/a\r\nHost: inner", "https://example.com/\u{7F}",
      "https://exam\tple.com/",
      "https://ex%61mple.com/", "https://%00/", "https://127.0.0.1%2f.example.com/",
      "https://exämple.com/", "https://①②⑦.⓪.⓪.①/", "https://example。com/", "https://a\\b/",
      "https://a..b/", "https://.a/", "https://./", "https://a!b/", "https://a,b/", "https://a*b/",
      "https://\(long)a.example/",
      "https://\(Array(repeating: long, count: 4).joined(separator: "."))/",
      "https://example.com/\(String(repeating: "x", count: 4096))",
    ])
  func refused(text: String) {
    #expect(throws: WebAddress.Fault.self) { try WebAddress(text) }
    #expect(throws: FetchError.self) { try SafeHTTPClient.Target(text) }
  }

  @Test("Accepted addresses and their normal forms")
  func taken() throws {
    for (text, written, port) in [
      ("https://example.com", "https://example.com/", 443),
      ("HTTP://EXAMPLE.com:80/A?b#c", "http://example.com:80/A?b", 80),
      ("https://example.com.:65535/", "https://example.com.:65535/", 65_535),
      ("https://a_b.example:1?q", "https://a_b.example:1/?q", 1),
      ("https://[2606:4700::1111]:8443/x", "https://[2606:4700::1111]:8443/x", 8443),
      ("https://1.1.1.1/%41%zz%", "https://1.1.1.1/%41%25zz%25", 443),
      ("https://a/ä b\"<>\\^`{|}[]", "https://a/%C3%A4%20b%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D", 443),
      ("https://a/?x=/?:@!$&'()*+,;=", "https://a/?x=/?:@!$&'()*+,;=", 443),
    ] {
      let address = try WebAddress(text)
      #expect("\(address)" == written && address.port == port, "\(text)")
      #expect(try WebAddress(written) == address)
      #expect(try SafeHTTPClient.Target(text).url == written)
    }
  }

  @Test("Targets of redirects")
  func references() throws {
    let base = try WebAddress("https://example.com:8443/a/b?c")
    for (reference, target) in [
      ("", "https://example.com:8443/a/b?c"), ("#x", "https://example.com:8443/a/b?c"),
      ("?d", "https://example.com:8443/a/b?d"), ("d", "https://example.com:8443/a/d"),
      ("./d", "https://example.com:8443/a/d"), ("../d", "https://example.com:8443/d"),
      ("../../../d/..", "https://example.com:8443/"),
      ("/d/./e/../f", "https://example.com:8443/d/f"),
      ("//other.example/d", "https://other.example/d"), ("http://o.example", "http://o.example/"),
      ("d/e:f", "https://example.com:8443/a/d/e:f"), (".", "https://example.com:8443/a/"),
    ] {
      #expect("\(try base.resolving(reference))" == target, "\(reference)")
    }
    for reference in [
      "//8.8.8.8:99999/", "https://8.8.8.8:99999/", "//", "///x", "file:///x", "d:e", "/\u{0}",
      "//a@b/",
    ] {
      #expect(throws: WebAddress.Fault.self, "\(reference)") { try base.resolving(reference) }
    }
  }

  @Test("The normal form of any accepted address is accepted again")
  func anyText() {
    let seeds = [
      "https://example.com:8443/a/b?c#d", "http://[::ffff:127.0.0.1]:80/%2e%2e/x", "//a.b:99999/c",
      "https://user@a.b:0/\\..\\", "../../x?y", "https://xn--bcher-kva.example:65536/%zz", "?q",
      "a:b",
    ].map { Array($0.utf8) }
    let pieces = [
      "/", "//", "..", ":", "@", "[", "]", "%", "%00", "?", "#", "\u{0}", " ", "\r\n", "ä", "65535",
      "65536",
      "99999999999999999999", "0x", "-", "::", "\\", ".",
    ].map { Array($0.utf8) }
    // A fixed seed gives the same texts in each run.
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random(_ count: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(count))
    }
    var taken = 0
    for _ in 0..<30_000 {
      var text = seeds[random(seeds.count)]
      for _ in 0..<1 + random(4) {
        let place = random(text.count + 1)
        switch random(3) {
        case 0: text.insert(contentsOf: pieces[random(pieces.count)], at: place)
        case 1: if place < text.count { text[place] = UInt8(random(256)) }
        default: text.removeSubrange(place..<min(text.count, place + 1 + random(3)))
        }
      }
      let string = String(decoding: text, as: UTF8.self)
      if let target = try? SafeHTTPClient.Target(string) {
        taken += 1
        #expect((try? SafeHTTPClient.Target(target.url)) == target, "\(string)")
      }
      guard let base = try? WebAddress("https://a.example:8443/x/y?z"),
        let next = try? base.resolving(string)
      else { continue }
      #expect((1...65_535).contains(next.port), "\(string)")
      #expect((try? WebAddress("\(next)")) == next, "\(string)")
    }
    #expect(taken > 1000)
  }

  @Test("An address that percent-encoding makes too long is refused, also as a redirect's target")
  func lengths() throws {
    let fits = "https://a.example/" + String(repeating: "é", count: 679)
    let address = try WebAddress(fits)
    #expect("\(address)".utf8.count == 18 + 679 * 6)
    #expect(try WebAddress("\(address)") == address)
    #expect(throws: WebAddress.Fault.self) { try WebAddress(fits + "é") }
    let folder = try WebAddress("https://a.example/" + String(repeating: "x", count: 2000) + "/y")
    #expect(throws: WebAddress.Fault.self) {
      try folder.resolving(String(repeating: "z", count: 2080))
    }
    #expect(throws: WebAddress.Fault.self) {
      try folder.resolving("?" + String(repeating: "é", count: 400))
    }
  }

  @Test("Ambiguous paths")
  func escapes() {
    for path in [
      "..", "a/../b", "a/..", "./a", "a/%2e%2E/b", "a/%252e%252e/b", "a%2f..%2fb", "a/%2e./b",
      "a\\..\\b", "a%5c..%5cb", "a%5cb", "a/%25252e%25252e",
    ] { #expect(WebAddress.mayEscape(path), "\(path)") }
    for path in ["a/b", "a..b/c", "...", "a/.b/c", "with%20space", "it's%2B1", ""] {
      #expect(!WebAddress.mayEscape(path), "\(path)")
    }
  }
}
