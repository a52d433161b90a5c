public import Encodings

import enum Crypto.Curve25519

/// An Ed25519 private key.
public struct SigningKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey

  /// Generates a key with the system's random number generator.
  public init() { key = Curve25519.Signing.PrivateKey() }

  /// Makes a key from its 32 secret bytes.
  ///
  /// - Throws: an error of Swift Crypto if the number of bytes is different.
  public init(rawRepresentation: [UInt8]) throws {
    key = try Curve25519.Signing.PrivateKey(rawRepresentation: rawRepresentation)
  }

  /// The 32 secret bytes.
  public var rawRepresentation: [UInt8] { Array(key.rawRepresentation) }
  /// The raw public key, 32 bytes.
  public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }
  /// The first 16 bytes of SHA-256 of the raw public key.
  public var fingerprint: Digest128 { Digest(hashing: publicKey).prefix }

  /// Signs the event id of a body.
  ///
  /// - Throws: a `Refusal` with the code `unavailable` if the key cannot sign.
  public func sign(_ body: EventBody) throws(Refusal) -> SignedEvent {
    guard let signature = try? key.signature(for: body.eventID.bytes) else {
      throw Refusal(.unavailable, check: "signature", "The key could not sign.")
    }
    return SignedEvent(body: body, signature: Array(signature))
  }
}
