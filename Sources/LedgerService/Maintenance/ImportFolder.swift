import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import LedgerVerifier
import ProofFormats
import ProofVerification

/// The parts of an exported folder other than the log itself.
struct ImportFolder: Sendable {
  private let directory: String
  private let folder: LogDirectory

  init(_ directory: String) {
    self.directory = directory
    folder = LogDirectory(directory)
  }

  private func files(_ place: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(place)")) ?? [])
      .sorted()
  }

  /// Restores the trusted headers, authorities and issuer keys.
  func restoreTrust(_ store: LedgerStore) async throws {
    if let lines = try folder.file("trust/headers"), !lines.isEmpty {
      let headers: [Int64: BitcoinHeader]
      do { headers = try BitcoinHeader.lines(lines) } catch {
        throw LogFault(error.check, place: "trust/headers", error.message)
      }
      _ = try await store.trust.addHeaders(headers.map { ($0.key, $0.value.bytes) })
    }
    for kind in TrustedDocumentKind.allCases {
      for name in files("trust/\(kind.rawValue)") {
        guard let bytes = try folder.file("trust/\(kind.rawValue)/\(name)") else { continue }
        _ = try await store.trust.addDocument(kind, bytes)
      }
    }
  }

  /// Restores the evidence.
  ///
  /// Errors: a `LogFault` if a file's name is not the SHA-256 of its bytes.
  func restoreEvidence(_ store: LedgerStore) async throws {
    for kind in files("evidence") {
      for name in files("evidence/\(kind)") {
        let place = "evidence/\(kind)/\(name)"
        guard let bytes = try folder.file(place) else { continue }
        let digest = Digest(hashing: bytes)
        guard digest.hex == name else {
          throw LogFault("evidence.hash", place: place, "the bytes hash to \(digest.hex)")
        }
        try await store.evidence.save(.init(digest: digest, bytes: bytes, kind: kind))
      }
    }
  }
}
