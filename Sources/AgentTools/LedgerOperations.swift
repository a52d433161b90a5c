public import CanonicalJSON

/// A ledger that answers the operations of the HTTP interface: one that this process opened, or one that a server
/// serves.
public protocol LedgerOperations: Sendable {
  /// Answers a request.
  ///
  /// Errors: an ``OperationProblem`` with the problem document of the service, or a `Refusal`.
  func answer(to request: OperationRequest) async throws -> [UInt8]
  /// The problem document of an error, without a secret of this machine.
  func problem(_ error: any Error) -> JSONObject
}

/// A request for an operation of the HTTP interface.
public struct OperationRequest: Sendable {
  /// The components of the path, not escaped.
  public let path: [String]
  /// The names and values of the query, not escaped.
  public let query: [(name: String, value: String)]
  /// The body of a POST request with its media type; `nil` for a GET request.
  public let body: (bytes: [UInt8], type: String)?

  /// Makes a request.
  public init(
    path: [String], query: [(name: String, value: String)] = [],
    body: (bytes: [UInt8], type: String)? = nil
  ) {
    self.path = path
    self.query = query
    self.body = body
  }

  /// The target of the request, escaped.
  public var target: String {
    let items = query.map { "\($0.name)=\(Self.escaped($0.value))" }.joined(separator: "&")
    return path.map { "/" + Self.escaped($0) }.joined() + (items.isEmpty ? "" : "?" + items)
  }

  /// Percent-encodes everything except the unreserved characters of RFC 3986.
  private static func escaped(_ text: String) -> String {
    var escaped: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: escaped.append(byte)
      default: escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}

/// A refusal of a service as the problem document that it answered.
public struct OperationProblem: Error, Sendable {
  /// The members of the document. Specification: errors.md, section Problem documents.
  public let document: JSONObject

  /// Makes a problem.
  public init(_ document: JSONObject) { self.document = document }
}
