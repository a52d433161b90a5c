public import CoreMetrics
import DurableFiles
public import Encodings
import Foundation
public import LedgerDomain
import ProofFormats

/// The settings of a ledger. The defaults suit a private ledger on one machine.
public struct LedgerConfiguration: Sendable {
  // MARK: Database

  /// A libpq URI or connection string. `nil` starts a private PostgreSQL under `dataDirectory`.
  public var databaseURL: String?
  /// Whether the process connects with a separate login for each kind of work, instead of the URL's user.
  public var usesSeparateLogins = false
  /// The connection of the schema's owner, for migrations. `nil` uses `databaseURL`.
  public var databaseOwnerURL: String?
  /// Whether this process takes no writes, as on a standby.
  public var isReadOnly = false
  /// Whether opening the ledger creates what is missing: the data directory, the private database, the
  /// keys, and the log's first event. A command that only reads sets it to `false`.
  public var createsMissing = true

  // MARK: Identity

  /// The directory of key files, the operator's token, and the private PostgreSQL.
  public var dataDirectory: String
  /// The name of this ledger in events that it authorises. Fixed when the log begins. `nil` derives it
  /// from the registry key.
  public var origin: String?
  /// The address of the service, for links. `nil` takes it from each request.
  public var publicURL: String?
  /// The file whose first line is the operator's bearer token. `nil` is `operator.token` in the data
  /// directory.
  public var operatorTokenFile: String?
  /// The registry key's file. `nil` is `registry.key` in the data directory.
  public var registryKeyFile: String?
  /// Keys trusted for receipts: fingerprint to 32 raw bytes.
  public var trustedReceiptKeys: [Digest128: [UInt8]]
  /// The address on which a service listens.
  public var listenHost = "127.0.0.1"
  /// The port on which a service listens. 0 selects a free one.
  public var listenPort: UInt16 = 8080
  /// The address of a ledger that is served elsewhere, to use instead of this one. `nil` uses this one.
  public var remoteURL: String?
  /// The operator's token of that ledger.
  public var remoteToken: String?
  /// Quotas and sizes.
  public var limits: Limits
  /// The limits of the HTTP service.
  public var server = ServerLimits()

  /// The clock. The order of events does not depend on it. Tests replace it.
  public var clock: @Sendable () -> Timestamp = { .now }

  /// The external services that the ledger uses.
  public var externalServices = ExternalServices()

  // MARK: Observation

  /// Makes the metrics that the ledger records. By default nothing is recorded.
  public var metrics: any MetricsFactory = NOOPMetricsHandler.instance
  /// The log of the process.
  public var logging = LogSettings()

  // MARK: Transparency

  /// The file of the key that signs checkpoints and receipts. `nil` is `log.key` in the data directory.
  public var logKeyFile: String?

  /// The witnesses that cosign checkpoints.
  public var witnesses: [WitnessEndpoint] = []
  /// How often a service signs a checkpoint while the log grows.
  public var checkpointInterval: Duration = .seconds(5)
  /// How often a service requests proofs of time for its newest checkpoint.
  public var checkpointTimestampInterval: Duration = .seconds(86_400)
  /// Calendars that timestamp checkpoints.
  public var checkpointTimestampCalendars: [String] = []
  /// Authorities that timestamp checkpoints.
  public var checkpointTimestampAuthorities: [String] = []

  var logKeyPath: String {
    logKeyFile ?? URL(fileURLWithPath: dataDirectory).appendingPathComponent("log.key").path
  }

  /// The defaults.
  public init(dataDirectory: String) {
    self.dataDirectory = dataDirectory
    trustedReceiptKeys = Receipt.publishedKeys
    limits = Limits()
  }

  /// Refuses an address that cannot be fetched.
  ///
  /// - Parameter field: the setting, for the refusal.
  static func checkAddress(_ text: String, _ field: String) throws(Refusal) {
    do throws(WebAddress.Fault) { _ = try WebAddress(text) } catch {
      throw Refusal(.malformed, check: "configuration", field: field, error.message)
    }
  }

  /// Reads the operator's token from its file. A changed file takes effect without a restart.
  ///
  /// `nil` if no file is configured and the data directory has none, as on a read-only ledger.
  ///
  /// Errors: a `Refusal` that names `PITHLEDGER_OPERATOR_TOKEN_FILE` if the file cannot be used.
  public func operatorToken() throws(Refusal) -> String? {
    if operatorTokenFile == nil, !FileManager.default.fileExists(atPath: operatorTokenPath) {
      return nil
    }
    return try SettingsReader.firstLine(
      of: operatorTokenPath, field: "PITHLEDGER_OPERATOR_TOKEN_FILE")
  }

  var operatorTokenPath: String {
    operatorTokenFile
      ?? URL(fileURLWithPath: dataDirectory).appendingPathComponent(OperatorToken.fileName).path
  }

  /// Creates the operator's token in the data directory, unless another file is configured.
  func makeOperatorToken() throws(Refusal) {
    guard operatorTokenFile == nil else { return }
    try OperatorToken.make(at: operatorTokenPath)
  }

  /// Refuses a write in a read-only process.
  ///
  /// Errors: a `Refusal`, unavailable, with check `read_only`.
  func requireWriting() throws(Refusal) {
    if isReadOnly { throw Refusal.readOnly }
  }

  /// Whether this process takes writes and the key of the log is there.
  var hasLogKey: Bool { !isReadOnly && FileManager.default.fileExists(atPath: logKeyPath) }

  /// Whether this process may create keys and the log's first event.
  var mayBeginLedger: Bool { createsMissing && !isReadOnly }
}
