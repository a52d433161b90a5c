import Foundation
import LedgerDomain

/// What the HTTP service takes from its clients, and for how long it waits for them.
public struct ServerLimits: Sendable {
  /// How long a request's head may take from its first byte, and a connection's first byte from its opening.
  public var headerTimeout: Duration = .seconds(10)
  /// How long a body may fall behind ``bodyBytesPerSecond``.
  public var bodyTimeout: Duration = .seconds(20)
  /// The slowest rate at which a body may arrive. Time in which the ledger does not read is not counted.
  public var bodyBytesPerSecond = 2048
  /// How long a connection stays open between two requests.
  public var idleTimeout: Duration = .seconds(60)
  /// How long a client may leave an answer unread.
  public var writeTimeout: Duration = .seconds(30)
  /// Open connections; `nil` takes what the limit of file descriptors leaves.
  public var connections: Int?
  /// Open connections of one client. Addresses of trusted proxies have no such limit.
  public var connectionsPerClient = 256
  /// Bytes of request bodies that are held at once; one client gets half of them at most.
  public var bodyMemory = 64 << 20
  /// Open event streams of one client.
  public var streamsPerClient = 64
  /// How long requests that are under way at a shutdown may take to finish.
  public var shutdownTimeout: Duration = .seconds(5)
  /// Names under which clients reach the ledger, beside its own address, this machine's and the public URL's.
  public var allowedHosts: Set<String> = []
  /// Proxies whose `X-Forwarded-For` is believed.
  public var trustedProxies: [AddressRange] = []

  /// File descriptors that are not given to connections: the database's, files, fetches.
  static let reservedDescriptors = 320

  public init() {}

  /// How many connections a number of file descriptors allows.
  public func connections(descriptors: Int) -> Int {
    let available = max(16, descriptors - Self.reservedDescriptors)
    return min(connections ?? 8192, available)
  }

  /// Raises the process's limit of file descriptors as far as the system allows, and answers it.
  public static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return 1024
    }
    if limit.rlim_cur < limit.rlim_max {
      var raised = limit
      raised.rlim_cur = limit.rlim_max
      if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
        limit = raised
      }
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// Reads the `PITHLEDGER_*` variables about the service.
  mutating func read(
    _ text: (String) -> String?, _ number: (String, Int) throws(Refusal) -> Int
  ) throws(Refusal) {
    func seconds(_ name: String, _ fallback: Duration) throws(Refusal) -> Duration {
      .seconds(try number(name, Int(fallback.components.seconds)))
    }
    func list(_ name: String) -> [String] {
      text(name)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    }
    headerTimeout = try seconds("HEADER_TIMEOUT_SECONDS", headerTimeout)
    bodyTimeout = try seconds("BODY_TIMEOUT_SECONDS", bodyTimeout)
    bodyBytesPerSecond = try number("BODY_BYTES_PER_SECOND", bodyBytesPerSecond)
    idleTimeout = try seconds("IDLE_TIMEOUT_SECONDS", idleTimeout)
    writeTimeout = try seconds("WRITE_TIMEOUT_SECONDS", writeTimeout)
    shutdownTimeout = try seconds("SHUTDOWN_TIMEOUT_SECONDS", shutdownTimeout)
    if text("CONNECTIONS") != nil { connections = try number("CONNECTIONS", 1) }
    connectionsPerClient = try number("CONNECTIONS_PER_CLIENT", connectionsPerClient)
    bodyMemory = try number("BODY_MEMORY_BYTES", bodyMemory)
    streamsPerClient = try number("STREAMS_PER_CLIENT", streamsPerClient)
    allowedHosts = Set(list("ALLOWED_HOSTS").map { $0.lowercased() })
    if text("TRUSTED_PROXY") != nil {
      throw Refusal(
        .malformed, check: "configuration", field: "PITHLEDGER_TRUSTED_PROXY",
        "This setting is gone. Name the proxies' addresses in PITHLEDGER_TRUSTED_PROXIES, as in "
          + "127.0.0.1,10.0.0.0/8.")
    }
    for item in list("TRUSTED_PROXIES") {
      guard let range = AddressRange(item) else {
        throw Refusal(
          .malformed, check: "configuration", field: "PITHLEDGER_TRUSTED_PROXIES",
          "\(item) is no address or range such as 10.0.0.0/8.")
      }
      trustedProxies.append(range)
    }
  }
}
