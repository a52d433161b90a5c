import CLibSodium

/// Verification of Ed25519 signatures (RFC 8032, section 5.1.7).
public enum Ed25519 {
  /// Whether a signature verifies over a message. `false` unless the signature has 64 bytes and the key 32 bytes
  /// that encode a point.
  ///
  /// The function also refuses a key or an R of small order, and a key that is not encoded canonically. Under such a
  /// key, signatures over any message can be made without a private key. Conforming signers never produce them.
  public static func isValid(
    _ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]
  ) -> Bool {
    guard isReady, signature.count == Int(crypto_sign_ed25519_BYTES),
      publicKey.count == Int(crypto_sign_ed25519_PUBLICKEYBYTES)
    else { return false }
    return unsafe crypto_sign_ed25519_verify_detached(
      signature, message, UInt64(message.count), publicKey) == 0
  }

  /// libsodium must be initialised before its first use.
  private static let isReady = sodium_init() >= 0
}
