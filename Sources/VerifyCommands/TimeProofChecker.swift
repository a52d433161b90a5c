import Encodings
import LedgerDomain
import LedgerVerifier
import ProofFormats
import ProofVerification

/// Checks proofs of time against block headers and roots of timestamp authorities that the reader trusts.
struct TimeProofChecker {
  /// What a check of a proof found. A proof that contradicts something is a fault instead.
  enum Finding {
    /// The bytes existed at this time.
    case proven(at: String)
    /// The proof is well formed, and does not lead to anything that the reader trusts.
    case notProven(String)
    /// The reader gave nothing to check the proof against.
    case notChecked(String)
  }

  /// The trusted block headers, by height; `nil` if the reader gave none.
  let headers: [Int64: BitcoinHeader]?
  /// Certificates in PEM format; `nil` if the reader gave none.
  let roots: [UInt8]?

  /// Reads the files with trusted headers and roots.
  init(headers: String?, tsa: String?) throws(Verify.Unreadable) {
    if let headers {
      let lines = try Verify.read(headers)
      do throws(ProofFormatError) { self.headers = try BitcoinHeader.lines(lines) } catch {
        throw Verify.Unreadable("\(headers): \(error.message) [\(error.check)]")
      }
    } else {
      self.headers = nil
    }
    roots = if let tsa { try Verify.read(tsa) } else { nil }
  }

  /// Reads trusted headers and roots.
  ///
  /// - Throws: a `LogFault` for headers that cannot be read.
  init(headers: [UInt8]?, roots: [UInt8]?) throws(LogFault) {
    do throws(ProofFormatError) {
      self.headers = if let headers { try BitcoinHeader.lines(headers) } else { nil }
    } catch { throw LogFault(error.check, place: "headers", error.message) }
    self.roots = roots
  }

  /// Checks a proof.
  ///
  /// - Parameter place: the name of the proof in a fault.
  /// - Throws: a `LogFault` for a proof that is malformed, is about something else, or contradicts a
  ///   trusted header.
  func check(_ proof: TimeProof, place: String) throws(LogFault) -> Finding {
    do throws(ProofFormatError) {
      return switch proof.kind {
      case .opentimestamps: try checkOpenTimestamps(proof)
      case .rfc3161: try checkToken(proof)
      }
    } catch { throw LogFault(error.check, place: place, error.message) }
  }

  private func checkToken(_ proof: TimeProof) throws(ProofFormatError) -> Finding {
    guard let roots else {
      _ = try TimestampToken.parse(proof.bytes, .init(imprint: proof.digest.bytes))
      return .notChecked("give --tsa FILE")
    }
    let (token, verdict) = try TimestampToken.check(
      proof.bytes, roots: roots, imprint: proof.digest.bytes)
    return verdict == .verified
      ? .proven(at: token.genTime) : .notProven("its chain ends at no root of yours")
  }

  private func checkOpenTimestamps(_ proof: TimeProof) throws(ProofFormatError) -> Finding {
    let parsed = try OpenTimestampsProof.parse(proof.bytes)
    guard parsed.digest == proof.digest.bytes else {
      throw ProofFormatError("ots.digest", "the proof is about another digest")
    }
    var earliest: Int64?
    var namesBlock = false
    for end in try parsed.evaluate() {
      guard case .bitcoin(let height) = end.attestation else { continue }
      namesBlock = true
      guard let header = headers?[Int64(clamping: height)] else { continue }
      guard header.merkleRoot == end.message else {
        throw ProofFormatError("ots.bitcoin", "block \(height) has another merkle root")
      }
      earliest = min(earliest ?? .max, Int64(header.time))
    }
    if let earliest { return .proven(at: "\(Timestamp(microseconds: earliest * 1_000_000))") }
    if !namesBlock { return .notProven("it holds only the promise of a calendar") }
    return headers == nil
      ? .notChecked("give --headers FILE") : .notProven("it ends at no header of yours")
  }
}
