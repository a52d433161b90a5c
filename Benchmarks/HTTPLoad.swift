import Foundation
import Synchronization

/// What a load of requests measured.
struct LoadResult: Sendable {
  let perSecond: Double
  let p99Milliseconds: Double
  let failures: Int
}

/// Sends requests over keep-alive connections, one thread each, and times every answer.
///
/// - Parameter request: the bytes of the nth request; `nil` ends the connection.
func load(
  port: Int, connections: Int, seconds: Double,
  request: @escaping @Sendable (Int) -> [UInt8]?
) -> LoadResult {
  let counter = Atomic<Int>(0)
  let times = Mutex<[Double]>([])
  let failures = Atomic<Int>(0)
  let group = DispatchGroup()
  let start = DispatchTime.now().uptimeNanoseconds
  let end = start + UInt64(seconds * 1e9)
  for _ in 0..<connections {
    group.enter()
    Thread.detachNewThread {
      defer { group.leave() }
      var mine: [Double] = []
      guard let socket = connect(port) else {
        failures.add(1, ordering: .relaxed)
        return
      }
      defer { close(socket) }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while DispatchTime.now().uptimeNanoseconds < end,
        let bytes = request(counter.add(1, ordering: .relaxed).oldValue)
      {
        let sent = DispatchTime.now().uptimeNanoseconds
        guard exchange(socket, bytes, &buffer) else {
          failures.add(1, ordering: .relaxed)
          continue
        }
        mine.append(Double(DispatchTime.now().uptimeNanoseconds - sent) / 1e6)
      }
      times.withLock { $0 += mine }
    }
  }
  group.wait()
  let took = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
  let sorted = times.withLock { $0.sorted() }
  return LoadResult(
    perSecond: Double(sorted.count) / took,
    p99Milliseconds: sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 99 / 100)],
    failures: failures.load(ordering: .relaxed))
}

private func connect(_ port: Int) -> Int32? {
  let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let result = unsafe withUnsafePointer(to: &address) {
    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  var one: Int32 = 1
  unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
  return result == 0 ? socket : nil
}

/// One request and its answer; whether the status was 2xx.
private func exchange(_ socket: Int32, _ request: [UInt8], _ buffer: inout [UInt8]) -> Bool {
  guard unsafe send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
  else { return false }
  var have = 0
  var needed: Int?
  while needed.map({ have < $0 }) ?? true {
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe recv(
        socket, bytes.baseAddress.map { unsafe $0 + have }, bytes.count - have, 0)
    }
    guard count > 0 else { return false }
    have += count
    if needed == nil {
      let text = String(decoding: buffer[..<have], as: UTF8.self)
      guard let head = text.range(of: "\r\n\r\n") else { continue }
      let length = text[..<head.lowerBound].split(separator: "\r\n").first {
        $0.lowercased().hasPrefix("content-length:")
      }?.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)
      needed = text[..<head.upperBound].utf8.count + (length.flatMap { Int($0) } ?? 0)
    }
  }
  return buffer[9] == UInt8(ascii: "2")
}

/// A line that is there at once, also where nobody is at a terminal.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
