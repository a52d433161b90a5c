import Foundation
import Testing

/// A TCP or Unix connection on which a test sends arbitrary bytes.
///
/// A separate thread waits for answers, because the server under test needs the threads that tests run
/// on.
public final class RawConnection: Sendable {
  private let socket: Int32

  /// Connects to a port of 127.0.0.1.
  ///
  /// - Parameter from: the local loopback address.
  public init(port: Int, from: String = "127.0.0.1") throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var own = sockaddr_in()
    own.sin_family = sa_family_t(AF_INET)
    unsafe inet_pton(AF_INET, from, &own.sin_addr)
    var other = own
    other.sin_port = in_port_t(port).bigEndian
    unsafe inet_pton(AF_INET, "127.0.0.1", &other.sin_addr)
    let isBound = unsafe withUnsafePointer(to: &own) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(isBound == 0)
    let isConnected = unsafe withUnsafePointer(to: &other) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(isConnected == 0, "errno \(errno)")
    setTimeout(seconds: 20)
  }

  /// Connects to a Unix socket.
  public init(path: String) throws {
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let isConnected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(isConnected == 0, "errno \(errno)")
    setTimeout(seconds: 20)
  }

  deinit { close(socket) }

  private func setTimeout(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    unsafe setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Sends bytes. Returns whether all of them were sent.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Sends a text. Returns whether all of it was sent.
  @discardableResult
  public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Closes the connection for writing.
  public func endSending() { shutdown(socket, Int32(SHUT_WR)) }

  /// The next bytes; empty at the end of the stream, `nil` if none arrive within twenty seconds.
  public func receive() async -> [UInt8]? {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: self.read()) }
    }
  }

  private func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe recv(socket, &buffer, buffer.count, 0)
    if count < 0 { return errno == ECONNRESET ? [] : nil }
    return Array(buffer[..<count])
  }

  /// All bytes until the server closes the connection; `nil` if it stays open without data for twenty
  /// seconds.
  public func receiveAll() async -> String? {
    var all: [UInt8] = []
    while true {
      guard let bytes = await receive() else { return nil }
      if bytes.isEmpty { return String(decoding: all, as: UTF8.self) }
      all += bytes
    }
  }
}

/// The status codes of the answers on a connection, in order.
public func statuses(_ answers: String) -> [Int] {
  answers.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
}
