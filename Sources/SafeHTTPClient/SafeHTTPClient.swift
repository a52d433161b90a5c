import Foundation
import ProofFormats

/// An HTTP client for addresses that submitters name. It connects to public addresses only.
///
/// A name is resolved once. All its addresses are compared with the registries of special addresses,
/// and the connection goes to the address that was checked, so that a later answer of the resolver has
/// no effect. Each redirect is checked like the first address. Proxies of the environment are not used.
public actor SafeHTTPClient {
  /// Limits of one fetch, and of simultaneous fetches.
  public struct Limits: Sendable {
    /// Bytes of one answer.
    public var bytes: Int64 = 256 << 20
    /// Time of one fetch, redirects included.
    public var time: Duration = .seconds(60)
    /// Redirects of one fetch.
    public var redirects = 5
    /// Simultaneous fetches of one pool. At most four times as many wait.
    public var concurrent = 8
    /// Simultaneous fetches for one client. At most twice as many wait.
    public var perClient = 4
    /// Simultaneous fetches of one pool from one host. Further ones wait.
    public var perHost = 4
    /// Minimum rate of an answer in bytes a second, as the average of each ``rateWindow`` after ``grace``.
    public var minimumRate: Int64 = 10_000
    /// The time over which the rate is averaged.
    public var rateWindow: Duration = .seconds(10)
    /// How long an answer may take to begin before its rate counts.
    public var grace: Duration = .seconds(10)
    /// The default limits.
    public init() {}
  }

  /// A request and the limits of its answer.
  public struct Request: Sendable {
    /// An http or https address.
    public var url: String
    /// The HTTP method.
    public var method = "GET"
    /// Header fields. They are not sent to the target of a redirect.
    public var headers: [(String, String)] = []
    /// The body; empty sends none.
    public var body: [UInt8] = []
    /// The limit of the body, which is then returned; `nil` only hashes the body, up to the limit of
    /// the client.
    public var maxResponseBytes: Int?
    /// Whether the body of the answer is left unread: only its head is of interest.
    public var ignoresBody = false
    /// Statuses that are accepted. Others throw `fetch.status`.
    public var accepted: Set<Int> = [200]
    /// The length in the header of the Git blob, to compute ``Fetched/gitBlobSHA1``.
    public var blobLength: Int64?
    /// Whether redirects are followed. They are not where the answer is trusted because of its server.
    public var followsRedirects = true
    /// The pool of slots.
    public var pool = FetchPool.storage

    /// A GET request.
    public init(_ url: String, _ pool: FetchPool = .storage) {
      self.url = url
      self.pool = pool
    }
  }

  private let allowed: Set<String>
  let limits: Limits
  let additionalRoots: String?
  private let resolve: @Sendable (String) async -> [NetworkAddress]
  private var slots: FetchSlots
  private var waiting: [FetchSlots.Ticket: CheckedContinuation<Void, any Error>] = [:]

  /// Creates a client.
  ///
  /// - Parameters:
  ///   - allowedHosts: hosts with private addresses that may be fetched from: `name`, `address`, or either with
  ///     `:port`.
  ///   - limits: the limits of a fetch.
  ///   - additionalRoots: a PEM file of TLS roots, trusted in addition to the system's.
  ///   - resolve: resolves a name; `nil` uses the system's resolver.
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

  /// Waits for a slot, then fetches.
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
        // Only GET follows redirects, and the header fields may contain credentials.
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
    let timeout = Task { [limits] in
      try await Task.sleep(for: limits.time)
      self.abandon(
        ticket, FetchError(.busy, "Too much is being fetched already; try again."))
    }
    defer { timeout.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiting[ticket] = $0 }
    } onCancel: {
      Task { await self.abandon(ticket, CancellationError()) }
    }
    // If the task was cancelled before it waited, the handler found no waiter.
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

  enum Outcome {
    case done(Fetched)
    case redirected(Target)
  }

  /// A checked target: the host as written, and the address to connect to.
  struct Place {
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
        try await resolveName(bare, until: deadline)
      }
    guard let first = addresses.first else {
      throw FetchError(.unreachable, "The name \(bare) does not resolve.")
    }
    // One private address is enough to refuse: another look-up might return it first.
    let isInside = !addresses.allSatisfy(\.isPublic)
    let isAllowed =
      allowed.contains(bare) || allowed.contains("\(bare):\(target.address.port)")
    if isInside, !isAllowed {
      throw FetchError(
        .inside, "\(bare) leads to an address that is not on the public Internet.")
    }
    return Place(target: target, address: "\(first)", isInside: isInside || isAllowed)
  }

  /// Resolves a name. At the deadline it throws and does not wait for the resolver.
  private func resolveName(
    _ name: String, until deadline: ContinuousClock.Instant
  ) async throws -> [NetworkAddress] {
    let (answers, answer) = AsyncStream.makeStream(of: [NetworkAddress].self)
    let lookup = Task { [resolve] in
      answer.yield(await resolve(name))
      answer.finish()
    }
    let timeout = Task {
      try await Task.sleep(until: deadline, clock: .continuous)
      answer.finish()
    }
    defer {
      lookup.cancel()
      timeout.cancel()
    }
    for await addresses in answers { return addresses }
    try Task.checkCancellation()
    throw FetchError(.tooSlow, "The name \(name) was not resolved in \(limits.time).")
  }
}
