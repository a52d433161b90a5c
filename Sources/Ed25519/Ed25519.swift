import CLibSodium

/// Ed25519 signatures held against the keys they are said to be of (RFC 8032, section 5.1.7).
public enum Ed25519 {
  /// Whether a signature verifies over a message; `false` for one of another length than 64 bytes, and for a
  /// key of another length than 32 or that is no point.
  ///
  /// Stricter than the specification in what nobody who keeps to it ever makes: a key or a signature's R of
  /// small order, and a key that is not spelled in the one canonical way. Under such a key, signatures that
  /// hold over any message can be made by anybody.
  public static func isValid(
    _ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]
  ) -> Bool {
    guard isReady, signature.count == Int(crypto_sign_ed25519_BYTES),
      publicKey.count == Int(crypto_sign_ed25519_PUBLICKEYBYTES)
    else { return false }
    return unsafe crypto_sign_ed25519_verify_detached(
      signature, message, UInt64(message.count), publicKey) == 0
  }

  /// libsodium asks to be set up before its first use, and says so where it cannot.
  private static let isReady = sodium_init() >= 0
}
