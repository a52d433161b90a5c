import CLibPQ
import Foundation

/// A notification that a session sent with NOTIFY.
public struct PostgresNotification: Sendable, Equatable {
  /// The channel.
  public let channel: String
  /// The text that was sent; empty where there is none.
  public let payload: String
  /// The process ID of the server process that sent it.
  public let processID: Int32
}

/// LISTEN and its notifications.
extension PostgresConnection {
  /// Subscribes the session to a channel. The name is quoted as an identifier.
  ///
  /// - Throws: the errors of `query`.
  public func listen(_ channel: String) async throws {
    try await execute("LISTEN \"\(channel.replacing("\"", with: "\"\""))\"")
  }

  /// Waits for the next notification; `nil` if none arrives within the timeout.
  ///
  /// - Throws: a `CancellationError` if the task is cancelled; a `PostgresError` with the code
  ///   `connectionLost`.
  public func nextNotification(timeout: Duration) async throws -> PostgresNotification? {
    try await running {
      let pointer = unsafe try link.pointer()
      let deadline = ContinuousClock.now + timeout
      while true {
        if let raw = unsafe PQnotifies(pointer) {
          defer { unsafe PQfreemem(raw) }
          return unsafe PostgresNotification(
            channel: String(cString: raw.pointee.relname),
            payload: String(cString: raw.pointee.extra), processID: Int32(raw.pointee.be_pid))
        }
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        guard left > 0 else { return nil }
        var descriptors = [
          pollfd(fd: unsafe PQsocket(pointer), events: Int16(POLLIN), revents: 0),
          pollfd(fd: canceller.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        unsafe poll(&descriptors, 2, Int32(min(left.rounded(.up), 60_000)))
        if Task.isCancelled { throw CancellationError() }
        if descriptors[0].revents != 0 { try link.require(unsafe PQconsumeInput(pointer) == 1) }
      }
    }
  }
}
