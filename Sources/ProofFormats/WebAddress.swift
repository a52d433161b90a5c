import Encodings
import Foundation

/// An absolute `http` or `https` address in normal form.
///
/// Every network library reads it in the same way: the host is a plain name or an address literal, the port is
/// between 1 and 65535, and path and query are printable ASCII. Source: RFC 3986, sections 2 and 3;
/// RFC 1035, section 2.3.4, for the lengths of names.
public struct WebAddress: Sendable, Hashable, CustomStringConvertible {
  /// The reason why a text is not such an address.
  public struct Fault: Error, Sendable, Equatable {
    /// What was wrong, in a sentence for a person.
    public let message: String
    /// Creates a fault.
    public init(_ message: String) { self.message = message }
  }

  /// `http` or `https`.
  public let scheme: String
  /// A name in lower case, or an address literal; IPv6 in brackets.
  public let host: String
  /// The port in the text; `nil` where it is the scheme's default.
  public let explicitPort: Int?
  /// The path. It begins with `/`. Characters that an address cannot contain are percent-encoded.
  public let path: String
  /// The text after `?`; `nil` without one.
  public let query: String?

  /// The maximum length of an address in bytes.
  public static let maxBytes = 4096

  /// The explicit port, or the scheme's default.
  public var port: Int { explicitPort ?? (scheme == "https" ? 443 : 80) }

  /// The host without the brackets of an IPv6 literal.
  public var bareHost: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }

  /// Scheme, host and port.
  public var origin: String { "\(scheme)://\(host)" + (explicitPort.map { ":\($0)" } ?? "") }

  /// The address as text.
  public var description: String { origin + path + (query.map { "?\($0)" } ?? "") }

  /// Parses an absolute address. A fragment is dropped.
  public init(_ text: String) throws(Fault) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.maxBytes else {
      throw Fault("An address has at most \(Self.maxBytes) bytes.")
    }
    let scheme: String
    if Self.begins(bytes, with: "https://") {
      scheme = "https"
    } else if Self.begins(bytes, with: "http://") {
      scheme = "http"
    } else {
      throw Fault("Only http and https addresses are fetched.")
    }
    let rest = bytes[(scheme.utf8.count + 3)...]
    let end = rest.firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 } ?? rest.endIndex
    let (host, port) = try Self.authority(rest[..<end])
    let (path, query) = try Self.pathAndQuery(rest[end...])
    try self.init(scheme, host, port, path.isEmpty ? "/" : path, query)
  }

  /// Percent-encoding makes an address longer. The limit applies to the result too, so that it can be parsed again.
  private init(
    _ scheme: String, _ host: String, _ port: Int?, _ path: String, _ query: String?
  ) throws(Fault) {
    self.scheme = scheme
    self.host = host
    explicitPort = port
    self.path = path
    self.query = query
    guard description.utf8.count <= Self.maxBytes else {
      throw Fault("An address has at most \(Self.maxBytes) bytes, percent escapes included.")
    }
  }

  /// Resolves a reference against this address, such as a `Location` field (RFC 3986, section 5.2).
  public func resolving(_ reference: String) throws(Fault) -> WebAddress {
    let bytes = Array(reference.utf8)
    guard bytes.count <= Self.maxBytes else {
      throw Fault("An address has at most \(Self.maxBytes) bytes.")
    }
    if Self.begins(bytes, with: "//") { return try WebAddress("\(scheme):\(reference)") }
    let mark = bytes.firstIndex { $0 == 0x3A || $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }
    // A colon in the first segment ends a scheme.
    if let mark, bytes[mark] == 0x3A { return try WebAddress(reference) }
    let (path, query) = try Self.pathAndQuery(bytes[...])
    if path.isEmpty {
      return try WebAddress(scheme, host, explicitPort, self.path, query ?? self.query)
    }
    let folder = self.path[...(self.path.lastIndex(of: "/") ?? self.path.startIndex)]
    let joined = path.hasPrefix("/") ? path : folder + path
    return try WebAddress(scheme, host, explicitPort, Self.withoutDotSegments(joined), query)
  }

  /// Whether a path has a segment `.` or `..`, in any percent-encoding, or an encoded slash.
  public static func mayEscape(_ path: some StringProtocol) -> Bool {
    var text = path.lowercased()
    // Servers differ in how often they decode.
    while true {
      let decoded = text.replacing("%2e", with: ".").replacing("%2f", with: "/")
        .replacing("%5c", with: "\\").replacing("%25", with: "%")
      if decoded == text { break }
      text = decoded
    }
    return text.split { $0 == "/" || $0 == "\\" }.contains { $0 == "." || $0 == ".." }
      || text.contains("\\")
  }

  // MARK: Reading

  private static func begins(_ bytes: [UInt8], with prefix: String) -> Bool {
    bytes.count >= prefix.utf8.count
      && zip(bytes, prefix.utf8).allSatisfy { byte, wanted in
        byte == wanted || ((0x41...0x5A).contains(byte) && byte + 0x20 == wanted)
      }
  }

  private static func authority(
    _ bytes: ArraySlice<UInt8>
  ) throws(Fault) -> (host: String, port: Int?) {
    guard !bytes.contains(0x40) else {
      throw Fault("An address with user info is not fetched.")
    }
    var host = bytes
    var port: Int?
    let afterLiteral = bytes.lastIndex(of: 0x5D) ?? bytes.startIndex
    if let colon = bytes[afterLiteral...].firstIndex(of: 0x3A) {
      host = bytes[..<colon]
      port = try self.port(bytes[(colon + 1)...])
    }
    let name = String(decoding: host, as: UTF8.self).lowercased()
    guard isName(name) || isLiteral(name) else {
      throw Fault("The host is no plain name or address; an international one is written xn--….")
    }
    return (name, port)
  }

  private static func port(_ digits: ArraySlice<UInt8>) throws(Fault) -> Int {
    guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw Fault("A port is a number between 1 and 65535.")
    }
    let port = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard (1...65_535).contains(port) else {
      throw Fault("A port is a number between 1 and 65535.")
    }
    return port
  }

  private static func isName(_ host: String) -> Bool {
    var labels = host.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
    // A trailing dot denotes the root of all names.
    if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
    return host.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.count)
          && label.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F
          }
      }
  }

  private static func isLiteral(_ host: String) -> Bool {
    guard host.hasPrefix("["), host.hasSuffix("]"), (4...47).contains(host.utf8.count),
      host.utf8.dropFirst().dropLast().allSatisfy({
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x3A || $0 == 0x2E
      })
    else { return false }
    var address = in6_addr()
    return unsafe inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1
  }

  private static func pathAndQuery(
    _ bytes: ArraySlice<UInt8>
  ) throws(Fault) -> (path: String, query: String?) {
    let text = bytes.prefix { $0 != 0x23 }
    guard text.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw Fault("An address has no control characters.")
    }
    let mark = text.firstIndex(of: 0x3F) ?? text.endIndex
    let query = mark < text.endIndex ? encoded(text[(mark + 1)...]) : nil
    return (encoded(text[..<mark]), query)
  }

  /// Percent-encodes every character but `pchar`, slash and question mark, and each percent sign that encodes nothing.
  private static func encoded(_ bytes: ArraySlice<UInt8>) -> String {
    func isHex(_ index: Int) -> Bool {
      guard index < bytes.endIndex else { return false }
      let byte = bytes[index]
      return (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte)
        || (0x61...0x66).contains(byte)
    }
    var text: [UInt8] = []
    for index in bytes.indices {
      let byte = bytes[index]
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte) || "-._~!$&'()*+,;=:@/?".utf8.contains(byte)
      if isPlain || (byte == 0x25 && isHex(index + 1) && isHex(index + 2)) {
        text.append(byte)
      } else {
        text += "%\(Hex.encode([byte]).uppercased())".utf8
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// RFC 3986, section 5.2.4, for a path that begins with a slash.
  private static func withoutDotSegments(_ path: String) -> String {
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        _ = kept.popLast()
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }
}
