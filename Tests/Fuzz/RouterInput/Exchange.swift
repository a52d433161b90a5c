import Glibc

/// Sends pieces of bytes to a server on this machine, and reads its answers until it closes the
/// connection.
public enum Exchange {
  /// The result of an exchange.
  public enum Outcome: Sendable {
    /// The status codes of the answers, in order.
    case answered([Int], text: String)
    /// The server sent nothing for twenty seconds, and left the connection open.
    case hang(text: String)
    /// The connection was refused: the server has stopped.
    case refused
  }

  private static let maxBytes = 4 << 20

  /// Sends the pieces and reads the answers. Blocks the calling thread.
  public static func run(_ pieces: [[UInt8]], port: UInt16) -> Outcome {
    guard let socket = connected(port) else { return .refused }
    defer { close(socket) }
    for piece in pieces {
      var rest = piece[...]
      while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
          unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // The fuzzer's timer interrupts calls.
        if count < 0, errno == EINTR { continue }
        // A server may close before it has read everything.
        guard count > 0 else { break }
        rest = rest.dropFirst(count)
      }
    }
    shutdown(socket, Int32(SHUT_WR))
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while all.count < maxBytes {
      let count = unsafe recv(socket, &buffer, buffer.count, 0)
      // A signal interrupts a read on a socket with a timeout, so the read is repeated.
      if count < 0, errno == EINTR { continue }
      if count < 0, errno != ECONNRESET { return .hang(text: String(decoding: all, as: UTF8.self)) }
      guard count > 0 else { break }
      all += buffer[..<count]
      // A stream of events has no end.
      if String(decoding: all.prefix(4096), as: UTF8.self).contains("text/event-stream") { break }
    }
    let text = String(decoding: all, as: UTF8.self)
    return .answered(statuses(text), text: text)
  }

  private static func statuses(_ text: String) -> [Int] {
    var found: [Int] = []
    for line in text.split(separator: "\r\n") where line.hasPrefix("HTTP/1.1 ") {
      if let status = Int(line.dropFirst(9).prefix(3)) { found.append(status) }
    }
    return found
  }

  private static func connected(_ port: UInt16) -> Int32? {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { return nil }
    var time = timeval(tv_sec: 20, tv_usec: 0)
    unsafe setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(socket)
      return nil
    }
    return socket
  }
}
