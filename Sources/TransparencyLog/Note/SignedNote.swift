import Ed25519
import Encodings

import enum Crypto.Curve25519
import struct Crypto.HKDF
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

/// A public key with its name, written as `name+keyid+base64` (C2SP signed-note).
public struct NoteVerifierKey: Hashable, Sendable, CustomStringConvertible {
  /// A kind of signature, by the byte that precedes the public key.
  public enum Algorithm: UInt8, Sendable {
    /// Ed25519 over the note's text.
    case ed25519 = 1
    /// A witness's Ed25519 signature over a time and a checkpoint (C2SP tlog-cosignature).
    case cosignature = 4
  }

  /// The key's name.
  public let name: String
  /// The kind of signature.
  public let algorithm: Algorithm
  /// The public key, 32 bytes.
  public let publicKey: [UInt8]

  /// Creates a key. Errors: `note.key_name`, `note.key`.
  public init(
    name: String, algorithm: Algorithm = .ed25519, publicKey: [UInt8]
  ) throws(TransparencyError) {
    guard Self.isName(name) else {
      throw TransparencyError(
        "note.key_name", "a key's name is not empty, and has neither spaces nor a plus sign")
    }
    guard (try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)) != nil else {
      throw TransparencyError("note.key", "an Ed25519 public key has 32 bytes")
    }
    self.name = name
    self.algorithm = algorithm
    self.publicKey = publicKey
  }

  /// Parses a key of the form `name+keyid+base64`.
  ///
  /// Errors: `note.key_name`, `note.key`.
  public init(_ text: some StringProtocol) throws(TransparencyError) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let bytes = Base64.decode(String(parts[2])), let type = bytes.first,
      let algorithm = Algorithm(rawValue: type)
    else {
      throw TransparencyError(
        "note.key", "a verifier key is NAME+ID+KEY, the key in base64 and of type 1 or 4")
    }
    try self.init(name: String(parts[0]), algorithm: algorithm, publicKey: Array(bytes.dropFirst()))
    guard parts[1] == Hex.encode(id) else {
      throw TransparencyError("note.key", "this key's id is \(Hex.encode(id)), not \(parts[1])")
    }
  }

  static func isName(_ name: some StringProtocol) -> Bool {
    !name.isEmpty && name.utf8.count <= 500
      && !name.unicodeScalars.contains {
        $0.properties.isWhitespace || $0 == "+" || $0.value < 0x20
      }
  }

  /// The key id: the first four bytes of SHA-256 of name, newline, type and key.
  public var id: [UInt8] {
    Array(SHA256.hash(data: Array(name.utf8) + [0x0A, algorithm.rawValue] + publicKey).prefix(4))
  }

  /// The key as `name+keyid+base64`.
  public var description: String {
    "\(name)+\(Hex.encode(id))+\(Base64.encode([algorithm.rawValue] + publicKey))"
  }

  /// Whether a signature verifies over a text.
  public func isValid(_ signature: NoteSignature, over text: String) -> Bool {
    switch algorithm {
    case .ed25519: return Ed25519.isValid(signature.bytes, over: Array(text.utf8), by: publicKey)
    case .cosignature:
      guard let time = signature.cosignatureTime else { return false }
      return Ed25519.isValid(
        Array(signature.bytes.dropFirst(8)), over: Cosignature.message(text, time: time),
        by: publicKey)
    }
  }
}

/// One signature line of a note.
public struct NoteSignature: Hashable, Sendable {
  /// The name of the key.
  public let name: String
  /// The key id, four bytes.
  public let keyID: [UInt8]
  /// The bytes after the key id: a signature. In a cosignature, eight bytes of time precede the
  /// signature.
  public let bytes: [UInt8]
  /// The base64 as it was written. Trailing bits that are not zero are accepted, as by other readers.
  private let encoded: String

  /// Creates a signature line.
  public init(name: String, keyID: [UInt8], bytes: [UInt8]) {
    self.name = name
    self.keyID = keyID
    self.bytes = bytes
    encoded = Base64.encode(keyID + bytes)
  }

  /// Whether the base64 is in canonical form.
  public var isCanonical: Bool { encoded == Base64.encode(keyID + bytes) }

  /// Parses a line without its newline. Returns `nil` for any other text.
  init?(line: some StringProtocol) {
    guard line.hasPrefix("— ") else { return nil }
    let parts = line.dropFirst(2).split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, NoteVerifierKey.isName(parts[0]),
      let decoded = Base64.decode(String(parts[1]), strict: false), decoded.count > 4
    else { return nil }
    name = String(parts[0])
    keyID = Array(decoded.prefix(4))
    bytes = Array(decoded.dropFirst(4))
    encoded = String(parts[1])
  }

  /// The line with its newline.
  public var line: String { "— \(name) \(encoded)\n" }

  /// The time of a cosignature in seconds since 1970; `nil` unless there are exactly 72 bytes.
  public var cosignatureTime: UInt64? {
    guard bytes.count == 72 else { return nil }
    return bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Whether the line has the name and the id of a key. The signature is not verified.
  public func isBy(_ key: NoteVerifierKey) -> Bool { key.name == name && key.id == keyID }
}

/// A text with signatures (C2SP signed-note).
public struct SignedNote: Sendable, Equatable {
  /// The maximum length of a note in bytes.
  public static let maxBytes = 1 << 20
  /// The maximum of signature lines in a note.
  public static let maxSignatures = 100

  /// The signed text, with its final newline.
  public let text: String
  /// The signature lines, in order.
  public var signatures: [NoteSignature]

  /// Creates a note.
  public init(text: String, signatures: [NoteSignature]) {
    self.text = text
    self.signatures = signatures
  }

  /// Parses a note. No signature is verified.
  ///
  /// Errors: `note.form` with the line.
  public init(_ bytes: [UInt8]) throws(TransparencyError) {
    guard bytes.count <= Self.maxBytes else {
      throw TransparencyError("note.form", "a note has at most \(Self.maxBytes) bytes")
    }
    guard let whole = String(validating: bytes, as: UTF8.self) else {
      throw TransparencyError("note.form", "a note is UTF-8")
    }
    try self.init(whole)
  }

  /// Parses a note from text. Errors: `note.form` with the line.
  public init(_ whole: String) throws(TransparencyError) {
    func refuse(_ line: Int, _ message: String) -> TransparencyError {
      TransparencyError("note.form", line: line, message)
    }
    // The text is compared by Unicode scalars, because a combining mark after a newline would join it in
    // one character.
    let scalars = Array(whole.unicodeScalars)
    guard whole.utf8.count <= Self.maxBytes else {
      throw TransparencyError("note.form", "a note has at most \(Self.maxBytes) bytes")
    }
    var lines: [String] = []
    var current = String.UnicodeScalarView()
    for scalar in scalars {
      if scalar == "\n" {
        lines.append(String(current))
        current = String.UnicodeScalarView()
      } else {
        guard scalar.value >= 0x20 else {
          throw refuse(lines.count + 1, "a note has no control characters but newlines")
        }
        current.append(scalar)
      }
    }
    guard current.isEmpty else { throw refuse(lines.count + 1, "the last line has no newline") }
    guard let blank = lines.lastIndex(of: ""), blank > 0 else {
      throw refuse(lines.count, "a blank line comes between the text and its signatures")
    }
    text = lines[..<blank].map { $0 + "\n" }.joined()
    var signatures: [NoteSignature] = []
    for (index, line) in lines.enumerated().dropFirst(blank + 1) {
      guard let signature = NoteSignature(line: line) else {
        throw refuse(index + 1, "a signature line is an em dash, a key's name and base64")
      }
      signatures.append(signature)
    }
    guard !signatures.isEmpty else { throw refuse(lines.count, "the note has no signature") }
    guard signatures.count <= Self.maxSignatures else {
      throw refuse(lines.count, "a note has at most \(Self.maxSignatures) signatures")
    }
    self.signatures = signatures
  }

  /// Verifies the signatures by known keys, and ignores the others.
  ///
  /// Errors: `note.signature` if a signature by a known key is invalid, or if none is by a known key.
  @discardableResult
  public func verified(
    by keys: some Collection<NoteVerifierKey>
  ) throws(TransparencyError) -> [NoteSignature] {
    var verified: [NoteSignature] = []
    for signature in signatures {
      guard let key = keys.first(where: { signature.isBy($0) }) else { continue }
      guard key.isValid(signature, over: text) else {
        throw TransparencyError(
          "note.signature", "the signature by \(key.name) does not hold over the text")
      }
      if !verified.contains(where: { $0.isBy(key) }) { verified.append(signature) }
    }
    guard !verified.isEmpty else {
      throw TransparencyError("note.signature", "no signature is by a key that is trusted")
    }
    return verified
  }

  /// The note as text.
  public var description: String { text + "\n" + signatures.map(\.line).joined() }
  /// The note as UTF-8.
  public var bytes: [UInt8] { Array(description.utf8) }
}

/// A private key that signs notes under a name.
public struct NoteSigner: Sendable {
  private let key: Curve25519.Signing.PrivateKey
  /// The public key with its name.
  public let verifierKey: NoteVerifierKey

  /// Creates a key. Errors: `note.key_name`, `note.key`.
  public init(
    name: String, algorithm: NoteVerifierKey.Algorithm = .ed25519, secret: [UInt8]
  ) throws(TransparencyError) {
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret) else {
      throw TransparencyError("note.key", "an Ed25519 private key has 32 bytes")
    }
    self.key = key
    verifierKey = try NoteVerifierKey(
      name: name, algorithm: algorithm, publicKey: Array(key.publicKey.rawRepresentation))
  }

  /// Generates 32 secret bytes.
  public static func freshSecret() -> [UInt8] {
    Array(Curve25519.Signing.PrivateKey().rawRepresentation)
  }

  /// Signs a text. Errors: `note.signing`.
  public func sign(_ text: String) throws(TransparencyError) -> NoteSignature {
    try signature(over: Array(text.utf8), prefix: [])
  }

  /// Signs a checkpoint's text as a witness (C2SP tlog-cosignature).
  ///
  /// - Parameters:
  ///   - text: the text of the checkpoint.
  ///   - time: seconds since 1970.
  ///
  /// Errors: `note.signing`.
  public func cosign(_ text: String, time: UInt64) throws(TransparencyError) -> NoteSignature {
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: time >> UInt64(56 - 8 * $0)) }
    return try signature(over: Cosignature.message(text, time: time), prefix: prefix)
  }

  /// Derives 32 secret bytes from the private key (RFC 5869, HKDF with SHA-256). They tell nothing about the key.
  ///
  /// - Parameters:
  ///   - purpose: the salt. Each purpose has its own.
  ///   - name: distinguishes the secrets of one purpose.
  public func derivedSecret(for purpose: String, name: String) -> [UInt8] {
    let secret = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: key.rawRepresentation), salt: Array(purpose.utf8),
      info: Array(name.utf8), outputByteCount: 32)
    return unsafe secret.withUnsafeBytes { unsafe Array($0) }
  }

  private func signature(
    over message: [UInt8], prefix: [UInt8]
  ) throws(TransparencyError) -> NoteSignature {
    NoteSignature(
      name: verifierKey.name, keyID: verifierKey.id, bytes: prefix + (try sign(bytes: message)))
  }

  /// Signs bytes that are no text of a note.
  func sign(bytes: [UInt8]) throws(TransparencyError) -> [UInt8] {
    guard let signature = try? key.signature(for: bytes) else {
      throw TransparencyError("note.signing", "the key could not sign")
    }
    return Array(signature)
  }
}

/// The message that a witness signs (C2SP tlog-cosignature). It states that the checkpoint is consistent
/// with all earlier checkpoints that the witness cosigned.
enum Cosignature {
  static func message(_ text: String, time: UInt64) -> [UInt8] {
    Array("cosignature/v1\ntime \(time)\n\(text)".utf8)
  }
}
