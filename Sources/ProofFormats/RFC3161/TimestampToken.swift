import SwiftASN1

/// The form of an RFC 3161 token, or of a response that contains one. The signature is not checked.
///
/// Source: RFC 3161, section 2.4.2; RFC 5652, section 5.
public struct TimestampToken: Sendable, Equatable {
  /// Dotted, e.g. `2.16.840.1.101.3.4.2.1` for SHA-256.
  public let imprintAlgorithm: String
  /// The digest that the token is about.
  public let imprint: [UInt8]
  /// RFC 3339 in UTC, with the fraction the token has.
  public let genTime: String
  /// The serial number, as the content octets of an INTEGER.
  public let serial: [UInt8]
  /// The policy's object identifier, dotted.
  public let policy: String
  /// The content octets of the nonce; `nil` without one.
  public let nonce: [UInt8]?

  static let signedData = "1.2.840.113549.1.7.2"
  static let tstInfo = "1.2.840.113549.1.9.16.1.4"

  /// The requirements for a token.
  public struct Expectation: Sendable {
    /// The required SHA-256 digest; `nil` accepts any imprint.
    public var imprint: [UInt8]?
    /// The content octets of the nonce that was sent; `nil` without one.
    public var nonce: [UInt8]?
    /// Whether a later check refuses trailing bytes.
    public var allowsTrailing = false

    /// Creates an expectation.
    public init(imprint: [UInt8]? = nil, nonce: [UInt8]? = nil, allowsTrailing: Bool = false) {
      self.imprint = imprint
      self.nonce = nonce
      self.allowsTrailing = allowsTrailing
    }
  }

  static let sha256 = "2.16.840.1.101.3.4.2.1"

  /// Parses DER of at most `maxBytes`, and checks in this order: status, object identifiers, imprint, nonce, one signer, no
  /// trailing bytes.
  ///
  /// Errors: a ``ProofFormatError`` that names the check. Trailing bytes are refused, although OpenSSL accepts them.
  public static func parse(
    _ bytes: [UInt8], _ expected: Expectation = Expectation(), maxBytes: Int = 65_536
  ) throws(ProofFormatError) -> TimestampToken {
    guard bytes.count <= maxBytes else {
      throw ProofFormatError(
        "rfc3161.size", offset: maxBytes, "The token has more than \(maxBytes) bytes.")
    }
    let length = try length(of: bytes)
    do {
      let token = try read(Array(bytes[..<length]), expected)
      if !expected.allowsTrailing { try checkTrailing(bytes) }
      return token
    } catch let error as ProofFormatError {
      throw error
    } catch {
      throw ProofFormatError(
        "rfc3161.der", "The bytes are not the DER of a timestamp token or response.")
    }
  }

  /// Throws `rfc3161.trailing` for bytes behind the token or response.
  public static func checkTrailing(_ bytes: [UInt8]) throws(ProofFormatError) {
    let length = try length(of: bytes)
    guard length == bytes.count else {
      throw ProofFormatError("rfc3161.trailing", offset: length, "There are bytes after the token.")
    }
  }

  /// The length of the outermost sequence, its own head included (X.690, section 8.1.3).
  private static func length(of bytes: [UInt8]) throws(ProofFormatError) -> Int {
    let wrong = ProofFormatError("rfc3161.der", offset: 0, "The bytes are no DER sequence.")
    guard bytes.count >= 2, bytes[0] == 0x30 else { throw wrong }
    var head = 2
    var content = Int(bytes[1])
    if content >= 0x80 {
      let count = content & 0x7F
      guard (1...3).contains(count), bytes.count >= 2 + count else { throw wrong }
      head += count
      content = bytes[2..<head].reduce(0) { $0 << 8 | Int($1) }
    }
    guard head + content <= bytes.count else {
      throw ProofFormatError("rfc3161.der", offset: bytes.count, "The token ends too early.")
    }
    return head + content
  }

  /// The bytes of the token, without the response around it and without trailing bytes.
  public static func content(of bytes: [UInt8]) throws(ProofFormatError) -> [UInt8] {
    let bytes = Array(bytes[..<(try length(of: bytes))])
    do {
      let outer = try children(try DER.parse(bytes))
      guard outer.count == 2, outer[0].identifier == .sequence else { return bytes }
      return Array(outer[1].encodedBytes)
    } catch let error as ProofFormatError {
      throw error
    } catch { throw ProofFormatError("rfc3161.der", "The bytes are no DER.") }
  }

  /// A request for a token over a SHA-256 digest, with the certificate wanted (RFC 3161, section 2.4.1).
  public static func request(imprint: [UInt8], nonce: [UInt8]) -> [UInt8] {
    func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
      // Every element is shorter than 128 bytes, so that one byte encodes the length.
      [tag, UInt8(content.count)] + content
    }
    let sha256: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]
    let algorithm = element(0x30, element(0x06, sha256) + element(0x05, []))
    let positive = (nonce.first ?? 0) & 0x80 == 0 ? nonce : [0] + nonce
    return element(
      0x30,
      element(0x02, [1]) + element(0x30, algorithm + element(0x04, imprint))
        + element(0x02, positive) + element(0x01, [0xFF]))
  }

  private static func read(_ bytes: [UInt8], _ expected: Expectation) throws -> TimestampToken {
    var outer = try children(try DER.parse(bytes))
    // A response begins with a status, which is a sequence. A token begins with an object identifier.
    if let first = outer.first, first.identifier == .sequence {
      let status = try children(first)
      guard let code = status.first, try Int(derEncoded: code) <= 1, try Int(derEncoded: code) >= 0
      else {
        throw ProofFormatError("rfc3161.status", "The authority did not grant a timestamp.")
      }
      guard outer.count == 2 else {
        throw ProofFormatError("rfc3161.response", "The response contains no token.")
      }
      outer = try children(outer[1])
    }
    let (content, signers) = try signedParts(outer)
    let token = try info(content)
    if let imprint = expected.imprint {
      guard token.imprintAlgorithm == sha256, token.imprint == imprint else {
        throw ProofFormatError("rfc3161.imprint", "The token is about another digest.")
      }
    }
    if let nonce = expected.nonce, token.nonce != nonce {
      throw ProofFormatError("rfc3161.nonce", "The token answers another request.")
    }
    guard try children(signers).count == 1 else {
      throw ProofFormatError("rfc3161.signers", "A timestamp token has exactly one signer.")
    }
    return token
  }

  /// The bytes of the TSTInfo, and the set of signers, of CMS signed data.
  private static func signedParts(_ outer: [ASN1Node]) throws -> (
    content: [UInt8], signers: ASN1Node
  ) {
    guard outer.count == 2, try oid(outer[0]) == signedData else {
      throw ProofFormatError("rfc3161.content_type", "The token is not CMS signed data.")
    }
    let wrapped = try children(outer[1])
    guard wrapped.count == 1 else {
      throw ProofFormatError("rfc3161.der", "There is not exactly one content.")
    }
    let signed = try children(wrapped[0])
    guard signed.count >= 4, let signers = signed.last, signers.identifier == .set else {
      throw ProofFormatError("rfc3161.signed_data", "The signed data lacks a part.")
    }
    let content = try children(signed[2])
    guard content.count == 2, try oid(content[0]) == tstInfo else {
      throw ProofFormatError("rfc3161.econtent_type", "The signed content is not a TSTInfo.")
    }
    let octets = try children(content[1])
    guard octets.count == 1 else {
      throw ProofFormatError("rfc3161.der", "There is not exactly one TSTInfo.")
    }
    return (Array(try ASN1OctetString(derEncoded: octets[0]).bytes), signers)
  }

  private static func info(_ bytes: [UInt8]) throws -> TimestampToken {
    let fields = try children(try DER.parse(bytes))
    guard fields.count >= 5, try Int(derEncoded: fields[0]) == 1 else {
      throw ProofFormatError("rfc3161.version", "Only version 1 of TSTInfo is known.")
    }
    let imprint = try children(fields[2])
    guard imprint.count == 2, let algorithm = try children(imprint[0]).first else {
      throw ProofFormatError("rfc3161.imprint", "The message imprint lacks a part.")
    }
    guard fields[4].identifier == .generalizedTime, case .primitive(let time) = fields[4].content,
      let genTime = rfc3339(Array(time))
    else { throw ProofFormatError("rfc3161.gen_time", "genTime is not a UTC time to the second.") }
    var nonce: [UInt8]?
    for field in fields.dropFirst(5) where field.identifier == .integer {
      if case .primitive(let bytes) = field.content { nonce = Array(bytes) }
    }
    guard fields[3].identifier == .integer, case .primitive(let serial) = fields[3].content else {
      throw ProofFormatError("rfc3161.serial", "The serial number is missing.")
    }
    return TimestampToken(
      imprintAlgorithm: try oid(algorithm),
      imprint: Array(try ASN1OctetString(derEncoded: imprint[1]).bytes), genTime: genTime,
      serial: Array(serial), policy: try oid(fields[1]), nonce: nonce)
  }

  private static func children(_ node: ASN1Node) throws -> [ASN1Node] {
    guard case .constructed(let nodes) = node.content else {
      throw ProofFormatError("rfc3161.der", "A sequence is missing.")
    }
    return Array(nodes)
  }

  private static func oid(_ node: ASN1Node) throws -> String {
    try ASN1ObjectIdentifier(derEncoded: node).description
  }

  /// `20261123232803.197Z` as `2026-11-23T23:28:03.197Z` (RFC 3161 forbids trailing zeros).
  private static func rfc3339(_ time: [UInt8]) -> String? {
    let text = String(decoding: time, as: UTF8.self)
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.utf8.count == 14, text.last == "Z" else { return nil }
    let fraction = text.dropFirst(14).dropLast()
    if !fraction.isEmpty {
      guard fraction.first == ".", fraction.count > 1, fraction.last != "0",
        fraction.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber })
      else { return nil }
    }
    let d = Array(digits).map(String.init)
    func part(_ range: Range<Int>) -> String { d[range].joined() }
    return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):"
      + "\(part(12..<14))\(fraction)Z"
  }
}
