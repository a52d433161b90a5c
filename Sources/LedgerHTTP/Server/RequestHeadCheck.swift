import CanonicalJSON
import NIOHTTP1

/// Why a request's head is refused before any route sees it.
struct HeadRefusal: Error, Equatable {
  let status: HTTPResponseStatus
  let check: String
  let detail: String

  init(_ status: HTTPResponseStatus = .badRequest, check: String, _ detail: String) {
    self.status = status
    self.check = check
    self.detail = detail
  }

  /// The problem document of an answer that no route makes.
  func problem(requestID: String) -> [UInt8] {
    let problem: JSON = [
      "check": .string(check), "detail": .string(detail), "request_id": .string(requestID),
      "status": .integer(Int64(status.code)),
      "title": .string(ProblemType.of(check)?.title ?? status.reasonPhrase),
      "type": .string(Problem.type(check)),
    ]
    return problem.canonicalBytes()
  }

  /// The header fields of such an answer.
  func headers(requestID: String, length: Int) -> HTTPHeaders {
    [
      "Content-Type": "application/problem+json", "Content-Length": "\(length)",
      "Cache-Control": "no-store", "\(RequestID.fieldName)": "\(requestID)",
    ]
  }
}

/// The rules of RFC 9112 for a request's head that the parser leaves to the server, and this service's own.
enum RequestHeadCheck {
  /// Bytes of a request target.
  static let maxTargetBytes = 4096

  /// Returns why a head is refused. `nil` for a head that is forwarded to a route.
  static func refusal(of head: HTTPRequestHead) -> HeadRefusal? {
    version(head) ?? host(head) ?? framing(head)
      // `OPTIONS *` is about the service as a whole (RFC 9112, section 3.2.4).
      ?? (head.method == .OPTIONS && head.uri == "*" ? nil : target(head.uri))
  }

  private static func version(_ head: HTTPRequestHead) -> HeadRefusal? {
    guard head.version.major == 1, head.version.minor <= 1 else {
      return HeadRefusal(
        .httpVersionNotSupported, check: "http.version", "The versions are HTTP/1.0 and HTTP/1.1.")
    }
    return nil
  }

  /// Exactly one Host with HTTP/1.1, at most one with 1.0 (RFC 9112, section 3.2).
  private static func host(_ head: HTTPRequestHead) -> HeadRefusal? {
    let hosts = head.headers["Host"]
    guard hosts.count == 1 || (hosts.isEmpty && head.version == .http1_0) else {
      return HeadRefusal(
        check: "http.host", "A request has exactly one Host header; this one has \(hosts.count).")
    }
    guard let host = hosts.first else { return nil }
    guard Authority(host) != nil else {
      return HeadRefusal(check: "http.host", "The Host header is no host with an optional port.")
    }
    return nil
  }

  /// At most one statement of the body's length (RFC 9112, section 6). Several could be read in different ways.
  private static func framing(_ head: HTTPRequestHead) -> HeadRefusal? {
    let lengths = head.headers["Content-Length"]
    let codings = head.headers["Transfer-Encoding"]
    guard lengths.isEmpty || codings.isEmpty else {
      return HeadRefusal(
        check: "http.framing", "A request has Content-Length or Transfer-Encoding, not both.")
    }
    guard lengths.count <= 1, lengths.allSatisfy(isLength) else {
      return HeadRefusal(
        check: "http.framing", "A request has one Content-Length, a decimal number of bytes.")
    }
    guard
      codings.isEmpty
        || (head.version == .http1_1 && codings.map { $0.lowercased() } == ["chunked"])
    else {
      return HeadRefusal(
        check: "http.framing", "The one Transfer-Encoding is chunked, in HTTP/1.1.")
    }
    let hasBody = !codings.isEmpty || lengths.contains { $0.contains { $0 != "0" } }
    if hasBody, head.method == .GET || head.method == .HEAD {
      return HeadRefusal(check: "http.framing", "A \(head.method.rawValue) request has no body.")
    }
    return nil
  }

  private static func isLength(_ text: String) -> Bool {
    (1...15).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// The path and query of this service, in visible ASCII with whole percent escapes of UTF-8.
  static func target(_ target: String) -> HeadRefusal? {
    guard target.utf8.count <= maxTargetBytes else {
      return HeadRefusal(
        .uriTooLong, check: "http.target", "A request target has at most \(maxTargetBytes) bytes.")
    }
    let refusal = HeadRefusal(
      check: "http.target",
      "The request target is a path, in visible ASCII characters and percent escapes of UTF-8 text."
    )
    let bytes = Array(target.utf8)
    guard bytes.first == 0x2F else { return refusal }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      // A fragment is the client's own.
      guard byte > 0x20, byte < 0x7F, byte != 0x23 else { return refusal }
      if byte == 0x25 {
        guard index + 2 < bytes.count, let high = hexDigit(bytes[index + 1]),
          let low = hexDigit(bytes[index + 2]), high << 4 | low != 0
        else { return refusal }
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(byte)
        index += 1
      }
    }
    return String(validating: decoded, as: UTF8.self) == nil ? refusal : nil
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}

/// A host with an optional port, as in a Host header or in an origin (RFC 3986, section 3.2).
struct Authority: Equatable {
  /// In lower case; an IPv6 address without its brackets.
  let host: String
  let port: UInt16?

  /// `nil` for user info, an empty host, or a port that is none.
  init?(_ text: String) {
    guard text.utf8.count <= 300 else { return nil }
    var rest = text.lowercased()[...]
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = String(rest[rest.index(after: rest.startIndex)..<end])
      guard !host.isEmpty, host.utf8.allSatisfy({ Self.isHexDigit($0) || $0 == 0x3A || $0 == 0x2E })
      else { return nil }
      rest = rest[rest.index(after: end)...]
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      host = String(rest[..<end])
      guard !host.isEmpty, host.utf8.allSatisfy(Self.isNameByte) else { return nil }
      rest = rest[end...]
    }
    if rest.isEmpty {
      port = nil
      return
    }
    guard rest.popFirst() == ":" else { return nil }
    if rest.isEmpty {
      port = nil
      return
    }
    guard rest.utf8.count <= 5, rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(rest)
    else { return nil }
    self.port = port
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  /// Letters, digits and the other characters of registered names.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
    default: false
    }
  }
}
