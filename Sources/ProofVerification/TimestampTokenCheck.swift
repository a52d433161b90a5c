import CLibCrypto
import Foundation
public import ProofFormats

extension TimestampToken {
  /// The result of checking a token that is not refused.
  public enum Finding: Sendable, Equatable {
    /// Every check passed.
    case verified
    /// The signature is valid, but the chain ends at no trusted root. The value names the certificate that
    /// is missing: the distinguished name of the last issuer.
    case untrusted(String)
  }

  /// Checks a token completely, and names the first check that fails. The order is: form and imprint,
  /// signed attributes, signature and its strength, the named certificate, its purpose, its chain at
  /// `genTime`, trailing bytes.
  ///
  /// - Parameters:
  ///   - bytes: a token, or a response that contains one.
  ///   - roots: trusted certificates in PEM.
  ///   - imprint: the required SHA-256 digest; `nil` accepts any.
  ///
  /// Errors: those of ``parse(_:_:maxBytes:)``; then `rfc3161.content_type`, `rfc3161.message_digest`,
  /// `rfc3161.signature`, `rfc3161.weak_algorithm`, `rfc3161.ess_certificate`,
  /// `rfc3161.extended_key_usage`, `rfc3161.chain`, `rfc3161.trailing`. Source: RFC 3161, section 2.2;
  /// RFC 5816; RFC 5652, section 5.6.
  public static func check(
    _ bytes: [UInt8], roots: [UInt8], imprint: [UInt8]? = nil
  ) throws(ProofFormatError) -> (TimestampToken, Finding) {
    let token = try parse(bytes, Expectation(imprint: imprint, allowsTrailing: true))
    let finding = try checkSignature(token, bytes, roots)
    try checkTrailing(bytes)
    return (token, finding)
  }

  private static func checkSignature(
    _ token: TimestampToken, _ bytes: [UInt8], _ roots: [UInt8]
  ) throws(ProofFormatError) -> Finding {
    let der = try content(of: bytes)
    let time = try? Date(
      token.genTime,
      strategy: .iso8601.year().month().day().timeZone(separator: .omitted)
        .time(includingFractionalSeconds: token.genTime.contains(".")))
    guard let time else {
      throw ProofFormatError("rfc3161.gen_time", "genTime is no date.")
    }
    var reason = [CChar](repeating: 0, count: 256)
    let verdict = unsafe der.withUnsafeBufferPointer { der in
      unsafe roots.withUnsafeBytes { roots in
        unsafe pithledger_check_token(
          der.baseAddress, der.count, roots.baseAddress?.assumingMemoryBound(to: CChar.self),
          Int32(roots.count), Int64(time.timeIntervalSince1970), &reason, 256)
      }
    }
    let words = String(
      decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    switch Int(verdict) {
    case PITHLEDGER_TOKEN_OK: return .verified
    case PITHLEDGER_TOKEN_UNTRUSTED: return .untrusted(words)
    default: throw failure(Int(verdict), words)
    }
  }

  /// The error for a verdict of libcrypto.
  ///
  /// - Parameter reason: libcrypto's text.
  private static func failure(_ verdict: Int, _ reason: String) -> ProofFormatError {
    switch verdict {
    case PITHLEDGER_TOKEN_CONTENT_TYPE:
      ProofFormatError(
        "rfc3161.content_type", "The signed attributes name another content type than TSTInfo.")
    case PITHLEDGER_TOKEN_MESSAGE_DIGEST:
      ProofFormatError(
        "rfc3161.message_digest", "The signed attributes contain the digest of another TSTInfo.")
    case PITHLEDGER_TOKEN_SIGNATURE:
      ProofFormatError("rfc3161.signature", "The token's signature is invalid (\(reason)).")
    case PITHLEDGER_TOKEN_WEAK:
      ProofFormatError(
        "rfc3161.weak_algorithm",
        "Only SHA-256 or stronger, RSA from 2048 bits and curves from 256 bits prove a time (\(reason)): ask "
          + "an authority that uses them.")
    case PITHLEDGER_TOKEN_PURPOSE:
      ProofFormatError(
        "rfc3161.extended_key_usage",
        "The signer's certificate must have timestamping as its only extended key usage, marked critical."
      )
    case PITHLEDGER_TOKEN_CHAIN:
      ProofFormatError(
        "rfc3161.chain", "The certificate chain is not valid at genTime (\(reason)).")
    case PITHLEDGER_TOKEN_ESS:
      ProofFormatError(
        "rfc3161.ess_certificate",
        "The token names another certificate than its signer's (\(reason)).")
    default:
      ProofFormatError("rfc3161.der", "libcrypto cannot read the token (\(reason)).")
    }
  }

  /// The number of certificates in a PEM text; `nil` if one of them cannot be parsed.
  public static func certificates(in pem: [UInt8]) -> Int? {
    let count = unsafe pem.withUnsafeBytes {
      unsafe pithledger_count_certificates(
        $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
    }
    return count < 0 ? nil : Int(count)
  }
}
