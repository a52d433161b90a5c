public import SafeHTTPClient

/// The sender of a request, for limits: a network, or the operator's shell.
public struct ClientID: Hashable, Sendable {
  /// The network in CIDR notation or the IPv4 address as text, or `shell`.
  public let name: String

  /// Creates a client with a name that is already in this form.
  public init(_ name: String) { self.name = name }

  /// The client at an address: the IPv4 address, or the 64-bit network of an IPv6 address.
  ///
  /// An IPv4-mapped IPv6 address counts as the IPv4 address.
  public init(_ address: NetworkAddress) {
    let address = address.unmapped
    guard address.bytes.count == 16 else {
      name = address.description
      return
    }
    let network = NetworkAddress(bytes: address.bytes[..<8] + [UInt8](repeating: 0, count: 8))
    name = "\(network?.description ?? address.description)/64"
  }

  /// The operator's shell. No limit applies to it.
  public static let shell = ClientID("shell")
}

extension NetworkAddress {
  /// The IPv4 address in an IPv4-mapped IPv6 address. Any other address itself.
  public var unmapped: NetworkAddress {
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    guard bytes.count == 16, bytes.starts(with: mapped) else { return self }
    return NetworkAddress(bytes: Array(bytes[12...])) ?? self
  }

  /// Whether the address is a loopback address: 127.0.0.0/8 or ::1.
  public var isLoopback: Bool {
    let address = unmapped
    if address.bytes.count == 4 { return address.bytes[0] == 127 }
    return address.bytes == [UInt8](repeating: 0, count: 15) + [1]
  }
}

/// A range of addresses in CIDR notation (RFC 4632): `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Hashable, Sendable {
  private let network: [UInt8]
  private let bits: Int

  /// Parses a range. `nil` if the address or the number of bits is invalid.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = NetworkAddress(String(first))?.unmapped else {
      return nil
    }
    network = address.bytes
    guard parts.count == 2 else {
      bits = network.count * 8
      return
    }
    guard parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let bits = Int(parts[1]), bits <= network.count * 8
    else { return nil }
    self.bits = bits
  }

  /// Whether the range contains an address. An IPv4-mapped IPv6 address counts as the IPv4 address.
  public func contains(_ address: NetworkAddress) -> Bool {
    let bytes = address.unmapped.bytes
    guard bytes.count == network.count else { return false }
    for (index, byte) in bytes.enumerated() {
      let rest = bits - index * 8
      guard rest > 0 else { return true }
      let mask = rest >= 8 ? 0xFF : UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
      if (byte ^ network[index]) & mask != 0 { return false }
    }
    return true
  }
}
