import Foundation

/// The service manager that started this program.
///
/// Source: sd_notify(3), which systemd describes as a stable protocol.
enum ServiceManager {
  /// Tells the service manager that the service answers requests, if the variable `NOTIFY_SOCKET` names its socket.
  ///
  /// - Returns: why it could not be told; `nil` if it was told, or if there is none.
  static func notifyReady() -> String? {
    guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"], !path.isEmpty else {
      return nil
    }
    return send("READY=1", to: path)
  }

  /// Sends a datagram to a Unix socket. A name that begins with `@` is one of Linux's abstract names.
  private static func send(_ message: String, to path: String) -> String? {
    var name = Array(path.utf8)
    var address = sockaddr_un()
    guard let first = name.first, [UInt8(ascii: "/"), UInt8(ascii: "@")].contains(first),
      name.count < MemoryLayout.size(ofValue: address.sun_path)
    else { return "NOTIFY_SOCKET names no socket" }
    if first == UInt8(ascii: "@") { name[0] = 0 }
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return unsafe String(cString: strerror(errno)) }
    defer { close(descriptor) }
    // The length ends an abstract name. A path may be without its zero byte.
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let bytes = Array(message.utf8)
    let sent = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
      }
    }
    return sent == bytes.count ? nil : unsafe String(cString: strerror(errno))
  }
}
