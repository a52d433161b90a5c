import Foundation

/// The result of a load of requests.
struct LoadResult: Sendable {
  /// The number of requests with an answer.
  let count: Int
  let perSecond: Double
  let p50Milliseconds: Double
  let p99Milliseconds: Double
  let failures: Int
}

/// Sends requests over keep-alive connections, one at a time on each, and measures the time of every
/// answer.
///
/// One thread waits for all connections, so that the load takes little of the processor time that it
/// shares with the service.
///
/// - Parameter request: the bytes of the nth request; `nil` ends the load.
func load(
  port: Int, connections: Int, seconds: Double, request: (Int) -> [UInt8]?
) -> LoadResult {
  var load = Load(port: port, end: now() + UInt64(seconds * 1e9))
  let start = now()
  load.run(connections: connections, request)
  let took = Double(now() - start) / 1e9
  let sorted = load.times.sorted().map { Double($0) / 1e6 }
  return LoadResult(
    count: sorted.count, perSecond: Double(sorted.count) / took,
    p50Milliseconds: percentile(50, of: sorted), p99Milliseconds: percentile(99, of: sorted),
    failures: load.failures)
}

/// A percentile of sorted values; 0 of none.
func percentile(_ percent: Int, of sorted: [Double]) -> Double {
  sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * percent / 100)]
}

private func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

private struct Load {
  /// A connection with the state of its current request.
  struct Connection {
    let socket: Int32
    var sent: UInt64 = 0
    var answer: [UInt8] = []
    /// The length of the answer; `nil` until its head is complete.
    var needed: Int?
  }

  let port: Int
  let end: UInt64
  var times: [UInt64] = []
  var failures = 0
  private var connections: [Connection] = []
  private var sent = 0

  init(port: Int, end: UInt64) {
    self.port = port
    self.end = end
  }

  mutating func run(connections count: Int, _ request: (Int) -> [UInt8]?) {
    var polled: [pollfd] = []
    for _ in 0..<count {
      guard let socket = connect(port) else {
        failures += 1
        continue
      }
      connections.append(Connection(socket: socket))
      polled.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
    }
    defer { for connection in connections { close(connection.socket) } }
    // poll(2) ignores negative descriptors.
    for index in connections.indices where !send(index, request) { polled[index].fd = -1 }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while polled.contains(where: { $0.fd >= 0 }) {
      let ready = unsafe poll(&polled, nfds_t(polled.count), 10_000)
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else {
        failures += polled.count { $0.fd >= 0 }
        return
      }
      for index in polled.indices where polled[index].fd >= 0 && polled[index].revents != 0 {
        guard let isWhole = receive(index, &buffer) else {
          failures += 1
          polled[index].fd = -1
          continue
        }
        if isWhole, !send(index, request) { polled[index].fd = -1 }
      }
    }
  }

  /// Sends the next request. Returns `false` if the time is over or there is no further request.
  private mutating func send(_ index: Int, _ request: (Int) -> [UInt8]?) -> Bool {
    let time = now()
    guard time < end, let bytes = request(sent) else { return false }
    sent += 1
    connections[index].sent = time
    connections[index].answer.removeAll(keepingCapacity: true)
    connections[index].needed = nil
    return unsafe Glibc.send(
      connections[index].socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// Reads available bytes. Returns whether the answer is complete; `nil` if the connection was closed.
  private mutating func receive(_ index: Int, _ buffer: inout [UInt8]) -> Bool? {
    let count = unsafe recv(connections[index].socket, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    connections[index].answer += buffer[..<count]
    if connections[index].needed == nil {
      connections[index].needed = Self.length(connections[index].answer)
    }
    guard let needed = connections[index].needed, connections[index].answer.count >= needed else {
      return false
    }
    if connections[index].answer[9] == UInt8(ascii: "2") {
      times.append(now() - connections[index].sent)
    } else {
      failures += 1
    }
    return true
  }

  /// The length of an answer with its head; `nil` if the head is incomplete.
  private static func length(_ answer: [UInt8]) -> Int? {
    let name = Array("content-length:".utf8)
    var lineStart = 0
    var body = 0
    for (index, byte) in answer.enumerated() where byte == 0x0A {
      let line = answer[lineStart..<index]
      if line.count <= 1 { return index + 1 + body }
      if line.count > name.count, zip(line, name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
        body = line.dropFirst(name.count).reduce(0) {
          $1 >= 0x30 && $1 <= 0x39 ? $0 * 10 + Int($1 - 0x30) : $0
        }
      }
      lineStart = index + 1
    }
    return nil
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
}

/// Writes a line to the standard output without buffering.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
