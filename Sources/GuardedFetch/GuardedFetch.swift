import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// Why something was not fetched.
public struct FetchError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// No address of http or https, or one with user info.
    case address = "fetch.address"
    /// A loopback, private, link-local or otherwise inner address.
    case inside = "fetch.inside"
    /// The name does not resolve, or nobody answers.
    case unreachable = "fetch.unreachable"
    case tooLarge = "fetch.size"
    case tooSlow = "fetch.time"
    case redirects = "fetch.redirects"
    case status = "fetch.status"
    case busy = "fetch.busy"
  }

  public let code: Code
  public let message: String
  /// The status that was answered, for ``Code/status``.
  public let status: Int?

  public init(_ code: Code, _ message: String, status: Int? = nil) {
    self.code = code
    self.message = message
    self.status = status
  }

  public var description: String { "\(message) [\(code.rawValue)]" }
}

/// What was fetched.
public struct Fetched: Sendable {
  public let status: Int
  public let sha256: [UInt8]
  /// SHA-1 over Git's blob header and the bytes, where the length was asked for beforehand.
  public let gitBlobSHA1: [UInt8]?
  public let length: Int64
  /// What the answer's head said of them.
  public let head: FetchedHead
  /// The address that answered in the end.
  public let location: String
  /// The bytes themselves, where the request wanted them kept.
  public let bytes: [UInt8]
}

/// A host without the brackets of a literal.
private func bareName(_ host: String) -> String {
  host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
}

/// Fetches what others name, from the public Internet and from nowhere inside.
///
/// Every name is resolved once, all its addresses are held against the registries of special addresses,
/// and the connection goes to the very address that was checked: a name that resolves otherwise a moment
/// later changes nothing. Each redirect is checked as the first address was. Proxies of the environment
/// are not used.
public actor GuardedFetch {
  public struct Limits: Sendable {
    public var bytes: Int64 = 256 << 20
    public var time: Duration = .seconds(60)
    public var redirects = 5
    /// Fetches at one time; more wait, and at most four times as many.
    public var concurrent = 8
    public init() {}
  }

  public struct Request: Sendable {
    public var url: String
    public var method = "GET"
    public var headers: [(String, String)] = []
    public var body: [UInt8] = []
    /// Bytes kept and taken at most; `nil` keeps none and takes what the limits allow.
    public var keeping: Int?
    /// Statuses that are answers; others are errors.
    public var accepted: Set<Int> = [200]
    /// The length that a Git blob's header would state.
    public var blobLength: Int64?
    /// Whether a redirect is followed; not where the answer is believed because of who gives it.
    public var followsRedirects = true

    public init(_ url: String) { self.url = url }
  }

  private let allowed: Set<String>
  private let limits: Limits
  private let additionalRoots: String?
  private let resolve: @Sendable (String) async -> [NetworkAddress]
  private var running = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// - Parameters:
  ///   - allowedHosts: hosts, as `name`, `address` or either with `:port`, that may be inside.
  ///   - additionalRoots: a PEM file of roots that are trusted beside the system's.
  ///   - resolve: what a name resolves to; the system's resolver unless told.
  public init(
    allowedHosts: Set<String> = [], limits: Limits = Limits(), additionalRoots: String? = nil,
    resolve: (@Sendable (String) async -> [NetworkAddress])? = nil
  ) {
    allowed = Set(allowedHosts.map { $0.lowercased() })
    self.limits = limits
    self.additionalRoots = additionalRoots
    self.resolve = resolve ?? { await NetworkAddress.resolve($0) }
  }

  public func fetch(_ request: Request) async throws -> Fetched {
    if running >= limits.concurrent {
      guard waiting.count < limits.concurrent * 4 else {
        throw FetchError(.busy, "Too much is being fetched already; try again.")
      }
      await withCheckedContinuation { waiting.append($0) }
    } else {
      running += 1
    }
    defer {
      if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
    }
    let deadline = ContinuousClock.now + limits.time
    var request = request
    for _ in 0...limits.redirects {
      switch try await once(request, until: deadline) {
      case .done(let fetched): return fetched
      case .redirected(let target):
        // A redirect is followed for reading only, and takes no credentials along.
        request.headers = []
        request.url = target
      }
    }
    throw FetchError(.redirects, "More than \(limits.redirects) redirects.")
  }

  private enum Outcome {
    case done(Fetched)
    case redirected(String)
  }

  /// A URL of http or https, in one spelling that every part of the program reads alike.
  public struct Target: Sendable, Equatable {
    /// With its host in lower case.
    public let url: String
    /// As the URL has it: a name, or a literal in brackets.
    let host: String
    let port: Int

    /// Errors: `fetch.address`. A host is letters, digits, dots, hyphens and underscores, or an IPv6 literal
    /// without a zone: whatever else a resolver or a client might read in two ways is no host here.
    public init(_ text: String) throws(FetchError) {
      guard text.utf8.count <= 4096, var components = URLComponents(string: text),
        let scheme = components.scheme?.lowercased(), scheme == "http" || scheme == "https",
        let host = components.percentEncodedHost?.lowercased(), !host.isEmpty
      else { throw FetchError(.address, "Only http and https addresses are fetched.") }
      guard components.user == nil, components.password == nil else {
        throw FetchError(.address, "An address with user info is not fetched.")
      }
      let isName = host.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x2E
          || $0 == 0x5F
      }
      let isLiteral =
        host.hasPrefix("[") && host.hasSuffix("]")
        && NetworkAddress(String(host.dropFirst().dropLast()))?.bytes.count == 16
      guard isName || isLiteral else {
        throw FetchError(
          .address, "The host is no plain name or address; an international one is written xn--….")
      }
      components.scheme = scheme
      components.percentEncodedHost = host
      components.fragment = nil
      guard let url = components.string, URL(string: url)?.host() == bareName(host) else {
        throw FetchError(.address, "The address can be read in more than one way.")
      }
      self.url = url
      self.host = host
      port = components.port ?? (scheme == "https" ? 443 : 80)
    }

    /// The host without brackets.
    var bare: String { bareName(host) }
  }

  /// Where a URL leads, checked: the host as written, and the address to connect to.
  private func checked(
    _ url: String, until deadline: ContinuousClock.Instant
  ) async throws -> (target: Target, address: String) {
    let target = try Target(url)
    let bare = target.bare
    let port = target.port
    let addresses =
      if let literal = NetworkAddress(bare) { [literal] } else {
        try await look(up: bare, until: deadline)
      }
    guard let first = addresses.first else {
      throw FetchError(.unreachable, "The name \(bare) does not resolve.")
    }
    if !allowed.contains(bare), !allowed.contains("\(bare):\(port)") {
      // One inner address among several is enough: the next look might find that one.
      guard addresses.allSatisfy(\.isPublic) else {
        throw FetchError(
          .inside, "\(bare) leads to an address that is not on the public Internet.")
      }
    }
    return (target, "\(first)")
  }

  /// What a name resolves to; a resolver that is silent at the deadline is left to itself.
  private func look(
    up name: String, until deadline: ContinuousClock.Instant
  ) async throws -> [NetworkAddress] {
    let (answers, answer) = AsyncStream.makeStream(of: [NetworkAddress].self)
    let looking = Task { [resolve] in
      answer.yield(await resolve(name))
      answer.finish()
    }
    let patience = Task {
      try await Task.sleep(until: deadline, clock: .continuous)
      answer.finish()
    }
    defer {
      looking.cancel()
      patience.cancel()
    }
    for await addresses in answers { return addresses }
    try Task.checkCancellation()
    throw FetchError(.tooSlow, "The name \(name) was not resolved in \(limits.time).")
  }

  private func once(
    _ request: Request, until deadline: ContinuousClock.Instant
  ) async throws -> Outcome {
    let (target, address) = try await checked(request.url, until: deadline)
    var request = request
    request.url = target.url
    let outgoing = request
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(5), read: .seconds(30)))
    configuration.httpVersion = .http1Only
    if let additionalRoots {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.additionalTrustRoots = [.file(additionalRoots)]
      configuration.tlsConfiguration = tls
    }
    // A literal is looked up with or without its brackets; for a name the two are one.
    configuration.dnsOverride = [target.host: address]
    configuration.dnsOverride[target.bare] = address
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: configuration)
    let left = deadline - .now
    do {
      let outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
        group.addTask { try await self.exchange(outgoing, client) }
        group.addTask {
          try await Task.sleep(for: left)
          throw FetchError(.tooSlow, "The answer took more than \(self.limits.time).")
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
      }
      try? await client.shutdown()
      return outcome
    } catch {
      try? await client.shutdown()
      switch error {
      case let error as FetchError: throw error
      case is CancellationError: throw error
      default: throw FetchError(.unreachable, "No usable answer (\(type(of: error)): \(error)).")
      }
    }
  }

  private nonisolated func exchange(
    _ request: Request, _ client: HTTPClient
  ) async throws -> Outcome {
    var outgoing = HTTPClientRequest(url: request.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    outgoing.headers = HTTPHeaders(request.headers)
    outgoing.headers.replaceOrAdd(name: "user-agent", value: "pithledger")
    if !request.body.isEmpty { outgoing.body = .bytes(request.body) }
    let response = try await client.execute(outgoing, timeout: .hours(1))
    let status = Int(response.status.code)
    if [301, 302, 303, 307, 308].contains(status), request.method == "GET",
      request.followsRedirects, let location = response.headers.first(name: "location"),
      let base = URL(string: request.url),
      let target = URL(string: location, relativeTo: base)
    {
      return .redirected(target.absoluteString)
    }
    guard request.accepted.contains(status) else {
      throw FetchError(.status, "It answered \(status).", status: status)
    }
    let limit = request.keeping.map(Int64.init) ?? limits.bytes
    let head = FetchedHead(response.headers.map { ($0.name, $0.value) })
    if let announced = head.length, announced > limit {
      throw FetchError(.tooLarge, "It has \(announced) bytes; at most \(limit) are fetched.")
    }
    var sha256 = SHA256()
    var blob = request.blobLength.map { length in
      var hash = Insecure.SHA1()
      hash.update(data: Array("blob \(length)\u{0}".utf8))
      return hash
    }
    var length: Int64 = 0
    var kept: [UInt8] = []
    for try await buffer in response.body {
      length += Int64(buffer.readableBytes)
      guard length <= limit else {
        throw FetchError(.tooLarge, "It has more than \(limit) bytes, and no more are fetched.")
      }
      let chunk = Array(buffer.readableBytesView)
      sha256.update(data: chunk)
      blob?.update(data: chunk)
      if request.keeping != nil { kept += chunk }
    }
    return .done(
      Fetched(
        status: status, sha256: Array(sha256.finalize()),
        gitBlobSHA1: blob.map { Array($0.finalize()) }, length: length,
        head: head, location: request.url, bytes: kept))
  }
}
