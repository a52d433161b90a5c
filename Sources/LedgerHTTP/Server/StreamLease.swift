import LedgerService
import Synchronization

/// One of the event streams that a client may have open. It ends once.
final class StreamLease: Sendable {
  private let table: ConnectionTable
  private let client: ClientID
  private let isEnded = Mutex(false)

  /// Takes a stream of a client's share. `nil` if the client has too many open.
  init?(_ table: ConnectionTable, _ client: ClientID) {
    guard table.openStream(client) else { return nil }
    self.table = table
    self.client = client
  }

  deinit { end() }

  /// Gives the stream back.
  func end() {
    let isFirst = isEnded.withLock { isEnded in
      defer { isEnded = true }
      return !isEnded
    }
    if isFirst { table.closeStream(client) }
  }
}
