import CLibCrypto
import Foundation
public import ProofForms

extension TimestampToken {
  /// What checking a token came to.
  public enum Finding: Sendable, Equatable {
    case verified
    /// The signature holds; the chain ends at nothing that is trusted.
    case untrusted(String)
  }

  /// Checks the signature, the signer's purpose, its chain at `genTime`, and the certificate it names.
  ///
  /// - Parameters:
  ///   - bytes: a token, or a response that carries one.
  ///   - roots: trusted certificates in PEM.
  ///
  /// Errors: a ``ProofFormError`` with check `rfc3161.content_type`, `rfc3161.signature`,
  /// `rfc3161.extended_key_usage`, `rfc3161.chain` or `rfc3161.ess_certificate`. Source: RFC 3161,
  /// section 2.2; RFC 5816; RFC 5652, section 5.6.
  public static func check(
    _ bytes: [UInt8], roots: [UInt8]
  ) throws(ProofFormError) -> (TimestampToken, Finding) {
    let token = try parse(bytes)
    let der = try content(of: bytes)
    let time = try? Date(
      token.genTime,
      strategy: .iso8601.year().month().day().timeZone(separator: .omitted)
        .time(includingFractionalSeconds: token.genTime.contains(".")))
    guard let time else {
      throw ProofFormError("rfc3161.gen_time", "genTime is no date.")
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
    case PITHLEDGER_TOKEN_OK: return (token, .verified)
    case PITHLEDGER_TOKEN_UNTRUSTED: return (token, .untrusted(words))
    case PITHLEDGER_TOKEN_CONTENT_TYPE:
      throw ProofFormError("rfc3161.content_type", "What is signed is not said to be a TSTInfo.")
    case PITHLEDGER_TOKEN_SIGNATURE:
      throw ProofFormError("rfc3161.signature", "The token's signature does not hold (\(words)).")
    case PITHLEDGER_TOKEN_PURPOSE:
      throw ProofFormError(
        "rfc3161.extended_key_usage",
        "The signer's certificate must be for timestamping alone, and say so critically.")
    case PITHLEDGER_TOKEN_CHAIN:
      throw ProofFormError(
        "rfc3161.chain", "The certificate chain does not hold at genTime (\(words)).")
    case PITHLEDGER_TOKEN_ESS:
      throw ProofFormError(
        "rfc3161.ess_certificate",
        "The token names another certificate than its signer's (\(words)).")
    default:
      throw ProofFormError("rfc3161.der", "libcrypto cannot read the token (\(words)).")
    }
  }

  /// How many certificates a PEM text holds; `nil` where one of them cannot be read.
  public static func certificates(in pem: [UInt8]) -> Int? {
    let count = unsafe pem.withUnsafeBytes {
      unsafe pithledger_count_certificates(
        $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
    }
    return count < 0 ? nil : Int(count)
  }
}
