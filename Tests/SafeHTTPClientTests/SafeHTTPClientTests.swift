import Dispatch
import SafeHTTPClient
import Synchronization
import Testing

@Suite("Addresses that are refused as private")
struct SafeHTTPClientTests {
  @Test(
    "Private addresses",
    arguments: [
      "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254",
      "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1",
      "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "255.255.255.255", "::", "::1",
      "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
      "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
      "2002:7f00:1::", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "3fff::1",
      "5f00::1",
    ])
  func inside(text: String) throws {
    #expect(try #require(NetworkAddress(text)).isPublic == false)
  }

  @Test(
    "Addresses of the public Internet",
    arguments: [
      "1.1.1.1", "9.9.9.9", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
      "192.0.1.1", "198.17.255.255", "223.255.255.255", "::ffff:1.1.1.1", "64:ff9b::101:101",
      "2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888",
    ])
  func outside(text: String) throws {
    #expect(try #require(NetworkAddress(text)).isPublic)
  }

  private func code(_ url: String, _ fetch: SafeHTTPClient) async -> FetchError.Code? {
    do {
      _ = try await fetch.fetch(SafeHTTPClient.Request(url))
      return nil
    } catch { return (error as? FetchError)?.code }
  }

  @Test(
    "A private address is not fetched in any notation",
    arguments: [
      "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
      "http://0177.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
      "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://localhost/",
      "http://LOCALHOST./", "http://169.254.169.254/latest/meta-data/", "http://0/",
      "https://10.0.0.1:8443/", "http://[fe80::1%25eth0]/",
    ])
  func spellings(url: String) async {
    let code = await code(url, SafeHTTPClient())
    // The resolver of this machine does not accept some of the spellings. None is fetched.
    #expect(
      code == .inside || code == .unreachable || code == .address, "\(String(describing: code))")
  }

  @Test("Other schemes and user info are not fetched")
  func schemes() async {
    for url in [
      "file:///etc/passwd", "ftp://1.1.1.1/", "gopher://1.1.1.1/", "data:,x", "//1.1.1.1/", "",
      "http://user:secret@1.1.1.1/", "http://user@1.1.1.1/",
    ] {
      #expect(await code(url, SafeHTTPClient()) == .address, "\(url)")
    }
  }

  @Test("A name with one private address is refused, and a name is resolved once")
  func names() async throws {
    let asked = Mutex<[String]>([])
    let answers: [[String]] = [["1.1.1.1", "10.0.0.1"], ["127.0.0.1"], ["127.0.0.1"]]
    let fetch = SafeHTTPClient(resolve: { name in
      let index = asked.withLock {
        $0.append(name)
        return $0.count - 1
      }
      return answers[min(index, 2)].compactMap { NetworkAddress($0) }
    })
    #expect(await code("http://mixed.example/", fetch) == .inside)
    #expect(await code("http://inner.example/", fetch) == .inside)
    #expect(asked.withLock { $0 } == ["mixed.example", "inner.example"])
    // If the name is allowed, the connection goes to the first answer, and the name is not resolved
    // again.
    let allowed = SafeHTTPClient(
      allowedHosts: ["inner.example:1"],
      resolve: { name in
        asked.withLock { $0.append(name) }
        return [NetworkAddress("127.0.0.1")].compactMap { $0 }
      })
    #expect(await code("http://inner.example:1/", allowed) == .unreachable)
    #expect(await code("http://inner.example:2/", allowed) == .inside, "another port")
    #expect(asked.withLock { $0.count } == 4)
  }

  @Test("A resolver without an answer does not delay a fetch beyond its timeout")
  func silentResolver() async {
    var limits = SafeHTTPClient.Limits()
    limits.time = .milliseconds(200)
    let fetch = SafeHTTPClient(
      limits: limits,
      resolve: { _ in
        // Like getaddrinfo, it ignores cancellation.
        await withCheckedContinuation { continuation in
          DispatchQueue.global().asyncAfter(deadline: .now() + 20) { continuation.resume() }
        }
        return []
      })
    let start = ContinuousClock.now
    #expect(await code("http://slow.example/", fetch) == .tooSlow)
    #expect(ContinuousClock.now - start < .seconds(10))
  }
}
