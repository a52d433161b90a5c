public import Foundation
public import Logging
import Synchronization

/// Writes each message of a logger as one line, as text or as JSON.
public struct StructuredLogHandler: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var logLevel: Logger.Level
  public var metadataProvider: Logger.MetadataProvider?
  private let format: LogFormat
  private let write: @Sendable ([UInt8]) -> Void
  private let now: @Sendable () -> Date

  /// Makes a handler.
  ///
  /// - Parameters:
  ///   - format: the format of the lines.
  ///   - level: the lowest level that is written.
  ///   - now: the clock.
  ///   - write: receives each line with its newline; called from any thread.
  public init(
    format: LogFormat, level: Logger.Level, now: @escaping @Sendable () -> Date = { Date() },
    write: @escaping @Sendable ([UInt8]) -> Void = StandardError.write
  ) {
    self.format = format
    self.write = write
    self.now = now
    logLevel = level
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    if let error = event.error { all["error"] = "\(error)" }
    let line = LogLine(
      time: Self.text(now()), level: event.level, message: "\(event.message)", metadata: all)
    write(line.bytes(format))
  }

  /// RFC 3339 in UTC with milliseconds.
  private static func text(_ date: Date) -> String {
    date.formatted(
      Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
  }
}

/// The standard error of the process.
public enum StandardError {
  /// Lines of several threads are not mixed.
  private static let lock = Mutex(())

  /// Writes bytes. What cannot be written is lost.
  @Sendable public static func write(_ bytes: [UInt8]) {
    lock.withLock { _ in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
          unsafe Foundation.write(2, $0.baseAddress, $0.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
