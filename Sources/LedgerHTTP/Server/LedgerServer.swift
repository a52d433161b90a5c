import APIDescription
import CoreMetrics
import Foundation
public import Hummingbird
import HummingbirdCore
import LedgerDomain
import LedgerPages
public import LedgerService
public import Logging
import NIOCore
import PrometheusMetrics
public import ServiceLifecycle
import UnixSignals

/// The state that the requests of all listeners share.
struct ServerState: Sendable {
  let table: ConnectionTable
  let bodies: BodyBudget
  let feed: LogFeed
  let statuses: StatusCache
  let recordPages: PageCache
  let renderer: PageRenderer
  let description: APIDescription
  let requests: RequestMetrics
  let metrics: ServiceMetricsText
  /// `nil` without TLS.
  let certificate: TLSCertificate?

  /// Errors: those of parsing the pages' templates.
  init(_ ledger: Ledger, connections: Int) throws {
    let (limits, configured) = (ledger.configuration.server, ledger.configuration.metrics)
    // Without a factory of the ledger, `/metrics` has what the service itself counts.
    let registry = configured as? MetricRegistry ?? MetricRegistry(MetricCatalogue.all)
    let factory = configured is NOOPMetricsHandler ? registry : configured
    let table = ConnectionTable(
      total: connections, perClient: limits.connectionsPerClient,
      streamsPerClient: limits.streamsPerClient, metrics: factory)
    let bodies = BodyBudget(total: limits.bodyMemory)
    let requests = RequestMetrics(factory)
    let certificate = try limits.tls.map { (files) throws(Refusal) in try TLSCertificate(files) }
    self.table = table
    self.bodies = bodies
    self.requests = requests
    self.certificate = certificate
    metrics = ServiceMetricsText(ledger, registry) {
      Self.samples(table, bodies, requests, certificate)
    }
    feed = LogFeed(ledger.events)
    let validity = CacheValidity(ledger.records, clock: ledger.configuration.clock)
    statuses = StatusCache(
      capacity: StatusCache.maxStatuses, validity: validity,
      metrics: CacheMetrics("status", factory))
    recordPages = PageCache(
      capacity: PageCache.maxPages, validity: validity, metrics: CacheMetrics("page", factory))
    renderer = try PageRenderer(origin: ledger.origin)
    description = try APIDescription()
  }

  /// The numbers of the service at this moment.
  private static func samples(
    _ table: ConnectionTable, _ bodies: BodyBudget, _ requests: RequestMetrics,
    _ certificate: TLSCertificate?
  ) -> [MetricSample] {
    var samples = [
      MetricSample("pithledger_http_requests_in_flight", requests.inFlight),
      MetricSample("pithledger_http_connections", table.count),
      MetricSample("pithledger_http_connections_limit", table.limit),
      MetricSample("pithledger_http_streams", table.streamCount),
      MetricSample("pithledger_http_body_memory_bytes", bodies.used),
      MetricSample("pithledger_http_body_memory_limit_bytes", bodies.limit),
    ]
    if let certificate {
      samples.append(
        MetricSample(
          "pithledger_tls_certificate_expiry_timestamp_seconds",
          certificate.expires.microseconds / 1_000_000))
    }
    return samples
  }
}

/// The service on a port, and on a Unix socket for the operator.
public struct LedgerServer: Sendable {
  private let ledger: Ledger
  let state: ServerState

  /// Raises the limit of file descriptors, from which the limit of connections follows.
  ///
  /// Errors: those of parsing the pages' templates.
  public init(ledger: Ledger) throws {
    self.ledger = ledger
    let limits = ledger.configuration.server
    state = try ServerState(
      ledger, connections: limits.connections(descriptors: ServerLimits.raiseDescriptorLimit()))
  }

  /// The service on a port.
  ///
  /// - Parameters:
  ///   - host: the address to listen on.
  ///   - port: the port; 0 selects a free one.
  ///   - onServerRunning: called with the port when the server accepts connections.
  public func network(
    host: String, port: UInt16,
    onServerRunning: @escaping @Sendable (Int?) async -> Void = { _ in }
  ) -> some ApplicationProtocol {
    application(
      .hostname(host, port: Int(port)), listensOn: host, isLocalSocket: false,
      onServerRunning: { channel in await onServerRunning(channel.localAddress?.port) })
  }

  /// The scheme of the addresses on the port: `https` if the service has a certificate.
  public var scheme: String { state.certificate == nil ? "http" : "https" }

  /// The service on a Unix socket, over which the ledger's user and root are the operator.
  public func operatorSocket(_ socket: OperatorSocket) -> some ApplicationProtocol {
    application(
      .unixDomainSocket(path: socket.path), listensOn: nil, isLocalSocket: true,
      onServerRunning: { _ in socket.restrict() })
  }

  private func application(
    _ address: BindAddress, listensOn host: String?, isLocalSocket: Bool,
    onServerRunning: @escaping @Sendable (any Channel) async -> Void
  ) -> Application<RouterResponder<LedgerRequestContext>> {
    let limits = ledger.configuration.server
    let (table, submitter) = (state.table, ledger.submitter)
    let isFull: @Sendable () -> Bool = { submitter.isFull }
    return Application(
      router: buildRouter(ledger: ledger, state: state, listensOn: host),
      server: .limited(
        limits, table, isLocalSocket: isLocalSocket,
        certificate: isLocalSocket ? nil : state.certificate,
        isFull: isLocalSocket ? nil : isFull),
      configuration: .init(address: address, serverName: "pithledger", backlog: 1024),
      onServerRunning: onServerRunning, logger: ledger.logger)
  }

  /// Runs listeners until a signal. Requests in progress end at the latest after the shutdown timeout.
  public func run(_ listeners: [any Service]) async throws {
    var services = listeners
    if let certificate = state.certificate {
      services.append(CertificateReloader(certificate: certificate, logger: ledger.logger))
    }
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: ledger.logger)
    configuration.maximumGracefulShutdownDuration = ledger.configuration.server.shutdownTimeout
    try await ServiceGroup(configuration: configuration).run()
  }
}

/// The Unix socket in a ledger's data directory.
public struct OperatorSocket: Sendable {
  let path: String

  /// Makes the socket of a data directory. `nil` if its path is too long, or if another process listens on it.
  public init?(directory: String, logger: Logger) {
    path = URL(fileURLWithPath: directory).appendingPathComponent("ledger.sock").path
    guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
      logger.warning(
        "no Unix socket: the path \(path) is too long for one. The operator's token works as ever.")
      return nil
    }
    guard !isServed else {
      logger.warning("no Unix socket: another process listens on \(path).")
      return nil
    }
    // A process that was killed leaves its socket file behind.
    if FileManager.default.fileExists(atPath: path) { unsafe unlink(path) }
  }

  private var isServed: Bool {
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }

  /// Restricts the socket to its owner. Other users who connected before are refused by their credentials.
  func restrict() { unsafe chmod(path, 0o600) }

  /// Removes the socket's file.
  public func remove() { unsafe unlink(path) }
}

extension HTTPServerBuilder {
  /// HTTP/1.1 with a service's limits.
  static func limited(
    _ limits: ServerLimits, _ table: ConnectionTable, isLocalSocket: Bool = false,
    certificate: TLSCertificate? = nil, isFull: (@Sendable () -> Bool)? = nil
  ) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      LedgerChannel(
        responder: responder, limits: limits, table: table, isLocalSocket: isLocalSocket,
        certificate: certificate, isFull: isFull)
    }
  }
}
