public import LedgerDomain
public import Logging
public import StructuredLogs

/// How a process writes its log, to standard error.
public struct LogSettings: Sendable {
  /// The format of its lines.
  public var format = LogFormat.text
  /// The lowest level that is written. `nil` leaves the choice to the command.
  public var level: Logger.Level?

  /// Text, at the level of the command.
  public init() {}

  /// Reads the settings, for a process without a ledger.
  ///
  /// Errors: the first `Refusal` about any setting that was given.
  public init(_ values: SettingValues) throws(Refusal) {
    if let fault = values.faults.first { throw fault }
    read(SettingsReader(values: values))
  }

  /// Makes a logger.
  ///
  /// - Parameter fallback: the level if none is set.
  public func logger(_ fallback: Logger.Level) -> Logger {
    let handler = StructuredLogHandler(format: format, level: level ?? fallback)
    return Logger(label: "pithledger") { _ in handler }
  }

  mutating func read(_ reader: SettingsReader) {
    format = reader.text("LOG_FORMAT").flatMap { LogFormat(rawValue: $0) } ?? format
    level = reader.text("LOG_LEVEL").flatMap { Logger.Level(rawValue: $0) } ?? level
  }
}
