public import CoreMetrics
public import Logging

/// The settings that a store is opened with.
public struct StoreConfiguration: Sendable {
  /// Which database users the connections log in as.
  public enum Logins: Sendable {
    /// The user of the URI logs in and sets the role that each kind of work needs.
    case shared
    /// Each role logs in as itself. The user of the URI is not used.
    case separate
  }

  /// The connection URI of the database, as libpq reads it.
  public var uri: String
  /// Which users log in.
  public var logins: Logins
  /// The number of connections for reads.
  public var readers: Int
  /// Receives warnings about lost connections and restarts.
  public var logger: Logger
  /// Makes the metrics that the store records.
  public var metrics: any MetricsFactory

  /// Creates a configuration, by default with six connections for reads.
  public init(
    uri: String, logins: Logins = .shared, readers: Int = 6, logger: Logger,
    metrics: any MetricsFactory = NOOPMetricsHandler.instance
  ) {
    self.metrics = metrics
    self.uri = uri
    self.logins = logins
    self.readers = readers
    self.logger = logger
  }
}
