import Foundation

/// An IPv4 or IPv6 address.
///
/// Source: the IANA registries of special-purpose addresses, IPv4 and IPv6 (RFC 6890).
public struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
  /// 4 or 16 bytes in network order.
  public let bytes: [UInt8]

  /// An address of 4 or 16 bytes; `nil` for another length.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Parses the notations of `inet_pton`, without brackets or zone.
  public init?(_ text: String) {
    var four = in_addr()
    var six = in6_addr()
    if unsafe inet_pton(AF_INET, text, &four) == 1 {
      bytes = unsafe withUnsafeBytes(of: four) { unsafe Array($0) }
    } else if unsafe inet_pton(AF_INET6, text, &six) == 1 {
      bytes = unsafe withUnsafeBytes(of: six) { unsafe Array($0) }
    } else {
      return nil
    }
  }

  /// The address in dotted decimal or in the notation of `inet_ntop`.
  public var description: String {
    if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    var address = bytes
    unsafe inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
    return String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func isIn(_ prefix: [UInt8], _ bits: Int) -> Bool {
    for index in 0..<bits where index / 8 < prefix.count {
      let mask = UInt8(0x80) >> UInt8(index % 8)
      if bytes[index / 8] & mask != prefix[index / 8] & mask { return false }
    }
    return true
  }

  private static let special4: [([UInt8], Int)] = [
    ([0], 8), ([10], 8), ([100, 64], 10), ([127], 8), ([169, 254], 16), ([172, 16], 12),
    ([192, 0, 0], 24), ([192, 0, 2], 24), ([192, 31, 196], 24), ([192, 52, 193], 24),
    ([192, 88, 99], 24), ([192, 168], 16), ([192, 175, 48], 24), ([198, 18], 15),
    ([198, 51, 100], 24), ([203, 0, 113], 24), ([224], 4), ([240], 4),
  ]

  /// Whether the address is global unicast and is not translated or tunnelled to another address.
  public var isPublic: Bool {
    if bytes.count == 4 { return !Self.special4.contains { isIn($0.0, $0.1) } }
    let embedded = NetworkAddress(bytes: Array(bytes[12...]))
    // IPv4-mapped addresses and the NAT64 prefix embed an IPv4 address; classify that address.
    if isIn([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 96)
      || isIn([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 96)
    {
      return embedded?.isPublic ?? false
    }
    // Global unicast is 2000::/3, without protocol assignments, Teredo, documentation and 6to4.
    return isIn([0x20], 3) && !isIn([0x20, 0x01, 0x00], 23) && !isIn([0x20, 0x01, 0x0D, 0xB8], 32)
      && !isIn([0x20, 0x02], 16) && !isIn([0x3F, 0xFF, 0x00], 20)
      && !isIn([0x26, 0x20, 0x00, 0x4F, 0x80, 0x00], 48)
  }

  /// Resolves a name with the system's resolver.
  static func resolve(_ host: String) async -> [NetworkAddress] {
    await withCheckedContinuation { continuation in
      // getaddrinfo blocks, so it runs on a thread of its own.
      Thread.detachNewThread { continuation.resume(returning: lookUp(host)) }
    }
  }

  private static func lookUp(_ host: String) -> [NetworkAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { unsafe freeaddrinfo(list) }
    var found: [NetworkAddress] = []
    var next = unsafe list
    while unsafe next != nil {
      guard let info = unsafe next else { break }
      if unsafe info.pointee.ai_family == AF_INET, let raw = unsafe info.pointee.ai_addr {
        let address = unsafe raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          unsafe withUnsafeBytes(of: $0.pointee.sin_addr) { unsafe Array($0) }
        }
        if let address = NetworkAddress(bytes: address) { found.append(address) }
      } else if unsafe info.pointee.ai_family == AF_INET6, let raw = unsafe info.pointee.ai_addr {
        let address = unsafe raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          unsafe withUnsafeBytes(of: $0.pointee.sin6_addr) { unsafe Array($0) }
        }
        if let address = NetworkAddress(bytes: address) { found.append(address) }
      }
      unsafe next = info.pointee.ai_next
    }
    return found
  }
}
