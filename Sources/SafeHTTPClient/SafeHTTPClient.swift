import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import ProofFormats
import Synchronization

/// Why something was not fetched.
public struct FetchError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// No address of http or https that ``WebAddress`` takes.
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
    /// The client on whose behalf it would be fetched has too many fetches under way.
    case clientLimit = "fetch.client_limit"
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
  /// Whether a host was fetched from that is inside, and that the operator allowed.
  public let isInside: Bool
  /// The bytes themselves, where the request wanted them kept.
  public let bytes: [UInt8]
}

/// Fetches what others name, from the public Internet and from nowhere inside.
///
/// Every name is resolved once, all its addresses are held against the registries of special addresses,
/// and the connection goes to the very address that was checked: a name that resolves otherwise a moment
/// later changes nothing. Each redirect is checked as the first address was. Proxies of the environment
/// are not used.
public actor SafeHTTPClient {
  public struct Limits: Sendable {
    public var bytes: Int64 = 256 << 20
    public var time: Duration = .seconds(60)
    public var redirects = 5
    /// Fetches of one pool at one time; more wait, and at most four times as many.
    public var concurrent = 8
    /// Fetches on behalf of one client at one time; more wait, and at most twice as many.
    public var perClient = 4
    /// Fetches of one pool from one host at one time; more wait.
    public var perHost = 4
    /// Bytes a second that an answer must bring, on average over each ``rateWindow`` after ``grace``.
    public var minimumRate: Int64 = 10_000
    public var rateWindow: Duration = .seconds(10)
    /// How long an answer may take to begin before its rate counts.
    public var grace: Duration = .seconds(10)
    public init() {}
  }

  public struct Request: Sendable {
    public var url: String
    public var method = "GET"
    public var headers: [(String, String)] = []
    public var body: [UInt8] = []
    /// Bytes kept and taken at most; `nil` keeps none and takes what the limits allow.
    public var maxResponseBytes: Int?
    /// Statuses that are answers; others are errors.
    public var accepted: Set<Int> = [200]
    /// The length that a Git blob's header would state.
    public var blobLength: Int64?
    /// Whether a redirect is followed; not where the answer is believed because of who gives it.
    public var followsRedirects = true
    public var pool = FetchPool.storage

    public init(_ url: String, _ pool: FetchPool = .storage) {
      self.url = url
      self.pool = pool
    }
  }

  private let allowed: Set<String>
  private let limits: Limits
  private let additionalRoots: String?
  private let resolve: @Sendable (String) async -> [NetworkAddress]
  private var slots: FetchSlots
  private var waiting: [FetchSlots.Ticket: CheckedContinuation<Void, any Error>] = [:]

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
    slots = FetchSlots(
      .init(
        perPool: limits.concurrent, perClient: limits.perClient, perHost: limits.perHost))
  }

  /// Fetches, once there is a slot for it.
  ///
  /// Errors: a ``FetchError``; `fetch.busy` where no slot became free within the time of one fetch.
  public func fetch(_ request: Request) async throws -> Fetched {
    var target = try Target(request.url)
    let ticket = try await enter(request.pool, host: target.bare)
    defer { leave(ticket) }
    let deadline = ContinuousClock.now + limits.time
    var request = request
    var isInside = false
    for _ in 0...limits.redirects {
      let place = try await checked(target, until: deadline)
      isInside = isInside || place.isInside
      switch try await once(request, place, until: deadline, isInside: isInside) {
      case .done(let fetched): return fetched
      case .redirected(let next):
        // A redirect is followed for reading only, and takes no credentials along.
        request.headers = []
        target = next
        guard slots.move(ticket, to: next.bare) else {
          throw FetchError(.busy, "Too much is being fetched from \(next.bare) already; try again.")
        }
      }
    }
    throw FetchError(.redirects, "More than \(limits.redirects) redirects.")
  }

  // MARK: Slots

  private func enter(_ pool: FetchPool, host: String) async throws -> FetchSlots.Ticket {
    let ticket: FetchSlots.Ticket
    switch slots.enter(pool, client: FetchClient.current, host: host) {
    case .refused(let error): throw error
    case .granted(let ticket): return ticket
    case .waiting(let waiting): ticket = waiting
    }
    let patience = Task { [limits] in
      try await Task.sleep(for: limits.time)
      self.abandon(
        ticket, FetchError(.busy, "Too much is being fetched already; try again."))
    }
    defer { patience.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiting[ticket] = $0 }
    } onCancel: {
      Task { await self.abandon(ticket, CancellationError()) }
    }
    // Cancelled before it waited, the handler found nobody.
    if Task.isCancelled {
      leave(ticket)
      throw CancellationError()
    }
    return ticket
  }

  private func abandon(_ ticket: FetchSlots.Ticket, _ error: any Error) {
    guard let waiter = waiting.removeValue(forKey: ticket) else { return }
    leave(ticket)
    waiter.resume(throwing: error)
  }

  private func leave(_ ticket: FetchSlots.Ticket) {
    for granted in slots.leave(ticket) { waiting.removeValue(forKey: granted)?.resume() }
  }

  private enum Outcome {
    case done(Fetched)
    case redirected(Target)
  }

  /// An address of http or https, in one spelling that every part of the program reads alike.
  public struct Target: Sendable, Equatable {
    let address: WebAddress

    /// Errors: `fetch.address`.
    public init(_ text: String) throws(FetchError) {
      do throws(WebAddress.Fault) { try self.init(WebAddress(text)) } catch {
        throw FetchError(.address, error.message)
      }
    }

    private init(_ address: WebAddress) throws(WebAddress.Fault) {
      self.address = address
      // The client reads the text once more, by Foundation's rules.
      guard let url = URL(string: "\(address)"), url.host() == address.bareHost,
        url.port == address.explicitPort, url.scheme == address.scheme
      else { throw WebAddress.Fault("The address can be read in more than one way.") }
    }

    /// Where a `Location` field leads to from here.
    func redirected(to reference: String) throws(FetchError) -> Target {
      do throws(WebAddress.Fault) { return try Target(address.resolving(reference)) } catch {
        throw FetchError(.address, "It redirects to what is not fetched. \(error.message)")
      }
    }

    /// With its host in lower case.
    public var url: String { "\(address)" }
    /// As the address has it: a name, or a literal in brackets.
    var host: String { address.host }
    /// The host without brackets.
    var bare: String { address.bareHost }
  }

  /// Where a URL leads, checked: the host as written, and the address to connect to.
  private struct Place {
    let target: Target
    let address: String
    let isInside: Bool
  }

  private func checked(
    _ target: Target, until deadline: ContinuousClock.Instant
  ) async throws -> Place {
    let bare = target.bare
    let addresses =
      if let literal = NetworkAddress(bare) { [literal] } else {
        try await look(up: bare, until: deadline)
      }
    guard let first = addresses.first else {
      throw FetchError(.unreachable, "The name \(bare) does not resolve.")
    }
    // One inner address among several is enough: the next look might find that one.
    let isInside = !addresses.allSatisfy(\.isPublic)
    let isAllowed =
      allowed.contains(bare) || allowed.contains("\(bare):\(target.address.port)")
    if isInside, !isAllowed {
      throw FetchError(
        .inside, "\(bare) leads to an address that is not on the public Internet.")
    }
    return Place(target: target, address: "\(first)", isInside: isInside || isAllowed)
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
    _ request: Request, _ place: Place, until deadline: ContinuousClock.Instant, isInside: Bool
  ) async throws -> Outcome {
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: configuration(for: place))
    let left = deadline - .now
    let progress = FetchProgress()
    do {
      let outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
        group.addTask {
          try await self.exchange(request, place, client, progress, isInside: isInside)
        }
        group.addTask {
          try await Task.sleep(for: left)
          throw FetchError(.tooSlow, "The answer took more than \(self.limits.time).")
        }
        group.addTask { try await self.watch(progress) }
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

  private func configuration(for place: Place) -> HTTPClient.Configuration {
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
    configuration.dnsOverride = [place.target.host: place.address]
    configuration.dnsOverride[place.target.bare] = place.address
    return configuration
  }

  /// Ends a fetch whose answer comes too slowly. A server that sends a byte now and then would hold a slot
  /// for the whole time of a fetch.
  private nonisolated func watch(_ progress: FetchProgress) async throws -> Outcome {
    try await Task.sleep(for: limits.grace)
    var before = progress.bytes
    while true {
      try await Task.sleep(for: limits.rateWindow)
      let now = progress.bytes
      let wanted = Double(limits.minimumRate) * (limits.rateWindow / .seconds(1))
      guard Double(now - before) >= wanted else {
        throw FetchError(
          .tooSlow, "The answer brought fewer than \(limits.minimumRate) bytes a second.")
      }
      before = now
    }
  }

  private nonisolated func exchange(
    _ request: Request, _ place: Place, _ client: HTTPClient, _ progress: FetchProgress,
    isInside: Bool
  ) async throws -> Outcome {
    var outgoing = HTTPClientRequest(url: place.target.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    outgoing.headers = HTTPHeaders(request.headers)
    outgoing.headers.replaceOrAdd(name: "user-agent", value: "pithledger")
    if !request.body.isEmpty { outgoing.body = .bytes(request.body) }
    let response = try await client.execute(outgoing, timeout: .hours(1))
    let status = Int(response.status.code)
    if [301, 302, 303, 307, 308].contains(status), request.method == "GET",
      request.followsRedirects, let location = response.headers.first(name: "location")
    {
      return .redirected(try place.target.redirected(to: location))
    }
    guard request.accepted.contains(status) else {
      throw FetchError(.status, "It answered \(status).", status: status)
    }
    let limit = request.maxResponseBytes.map(Int64.init) ?? limits.bytes
    let head = FetchedHead(response.headers.map { ($0.name, $0.value) })
    // How many bytes there are is not said: it may be nobody's business.
    let tooLarge = FetchError(.tooLarge, "It has more than the \(limit) bytes that are fetched.")
    if let announced = head.length, announced > limit { throw tooLarge }
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
      guard length <= limit else { throw tooLarge }
      progress.add(buffer.readableBytes)
      let chunk = Array(buffer.readableBytesView)
      sha256.update(data: chunk)
      blob?.update(data: chunk)
      if request.maxResponseBytes != nil { kept += chunk }
    }
    return .done(
      Fetched(
        status: status, sha256: Array(sha256.finalize()),
        gitBlobSHA1: blob.map { Array($0.finalize()) }, length: length,
        head: head, location: place.target.url, isInside: isInside, bytes: kept))
  }
}

/// How many bytes of an answer have come.
private final class FetchProgress: Sendable {
  private let count = Atomic<Int64>(0)
  var bytes: Int64 { count.load(ordering: .relaxed) }
  func add(_ more: Int) { count.wrappingAdd(Int64(more), ordering: .relaxed) }
}
