import Foundation

/// The limits of the HTTP service.
public struct ServerLimits: Sendable {
  /// The time for a request's head from its first byte, and for a connection's first byte from its opening.
  public var headerTimeout: Duration = .seconds(10)
  /// How long a body may fall behind ``bodyBytesPerSecond``.
  public var bodyTimeout: Duration = .seconds(20)
  /// The slowest rate at which a body may arrive. Time in which the ledger does not read is not counted.
  public var bodyBytesPerSecond = 2048
  /// How long a connection stays open between two requests.
  public var idleTimeout: Duration = .seconds(60)
  /// How long a client may take to read a part of an answer.
  public var writeTimeout: Duration = .seconds(30)
  /// Open connections. `nil` uses what the limit of file descriptors leaves.
  public var connections: Int?
  /// Open connections of one client. Addresses of trusted proxies have no such limit.
  public var connectionsPerClient = 256
  /// Bytes of request bodies in memory. One client may use at most half of them.
  public var bodyMemory = 64 << 20
  /// Open event streams of one client.
  public var streamsPerClient = 64
  /// How long running requests may take after a shutdown began.
  public var shutdownTimeout: Duration = .seconds(5)
  /// Host names by which clients reach the ledger, beside its own address, this machine's and the
  /// public URL's.
  public var allowedHosts: Set<String> = []
  /// Proxies whose `X-Forwarded-For` header is used.
  public var trustedProxies: [AddressRange] = []
  /// The files of the service's certificate. `nil` serves HTTP without TLS.
  public var tls: TLSFiles?
  /// Who may read `/metrics`.
  public var metricsAccess = MetricsAccess.everyone

  /// The files of a certificate.
  public struct TLSFiles: Sendable {
    /// The certificate with its chain, in PEM.
    public var certificate: String
    /// The private key, in PEM. Only the owner may read the file.
    public var key: String

    /// Names the files.
    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// Who may read the metrics of the service.
  public enum MetricsAccess: String, Sendable {
    /// Every client.
    case everyone
    /// The operator: with the token, or over the Unix socket.
    case `operator`
  }

  /// File descriptors reserved for the database, files and fetches.
  static let reservedDescriptors = 320

  /// The defaults.
  public init() {}

  /// The number of connections that a number of file descriptors allows.
  public func connections(descriptors: Int) -> Int {
    let available = max(16, descriptors - Self.reservedDescriptors)
    return min(connections ?? 8192, available)
  }

  /// Raises the process's limit of file descriptors to the system's maximum. Returns the new limit.
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
}
