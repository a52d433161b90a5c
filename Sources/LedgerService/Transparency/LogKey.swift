import DurableFiles
import Encodings
import Foundation
import LedgerDomain
import TransparencyLog

/// The key that signs checkpoints and receipts, and nothing else.
///
/// The file is one line `PRIVATE+KEY+name+id+base64` with mode 0600, the format of other tools for signed
/// notes.
struct LogKey: Sendable {
  let path: String
  let signer: NoteSigner

  var verifierKey: NoteVerifierKey { signer.verifierKey }

  /// Reads the key file. Creates a key of this name if the file does not exist.
  ///
  /// Errors: a `Refusal` with check `log_key` or `note.key_name`.
  init(path: String, name: String) throws(Refusal) {
    self.path = path
    if !FileManager.default.fileExists(atPath: path) {
      do throws(Refusal) {
        try Self.make(name: name, at: path)
      } catch  where error.code == .conflict {
        // Another process created the file meanwhile. Its key is used.
      }
    }
    signer = try Self.read(path)
    guard signer.verifierKey.name == name else {
      throw Refusal(
        .forbidden, check: "log_key", field: path,
        "The key is \(signer.verifierKey.name)'s, and this log is \(name).")
    }
  }

  /// The key name for an origin: whitespace and plus signs are replaced by `-`.
  static func name(for origin: String) -> String {
    String(
      String.UnicodeScalarView(
        origin.unicodeScalars.map { $0.properties.isWhitespace || $0 == "+" ? "-" : $0 }))
  }

  /// Creates a key file. Fails if the file exists.
  ///
  /// - Parameter algorithm: `cosignature` for the key of a witness.
  static func make(
    name: String, algorithm: NoteVerifierKey.Algorithm = .ed25519, at path: String
  ) throws(Refusal) {
    let secret = NoteSigner.freshSecret()
    let signer: NoteSigner
    do throws(TransparencyError) {
      signer = try NoteSigner(name: name, algorithm: algorithm, secret: secret)
    } catch { throw Refusal(.malformed, check: error.check, field: name, error.message) }
    let key = signer.verifierKey
    let line =
      "PRIVATE+KEY+\(name)+\(Hex.encode(key.id))+\(Base64.encode([algorithm.rawValue] + secret))\n"
    do throws(DurableFileError) {
      try SecretFile.create(path, with: Array(line.utf8))
    } catch { throw Refusal(error, check: "log_key") }
  }

  /// Reads a key file.
  ///
  /// Errors: a `Refusal` with check `log_key`. Its text never contains a part of the key.
  static func read(_ path: String) throws(Refusal) -> NoteSigner {
    func refusal(_ message: String) -> Refusal {
      Refusal(.malformed, check: "log_key", field: path, message)
    }
    let bytes: [UInt8]
    do throws(DurableFileError) { bytes = try SecretFile.read(path) } catch {
      throw Refusal(error, check: "log_key")
    }
    let parts = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
      .split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "PRIVATE", parts[1] == "KEY",
      let secret = Base64.decode(String(parts[4])), let type = secret.first,
      let algorithm = NoteVerifierKey.Algorithm(rawValue: type),
      let signer = try? NoteSigner(
        name: String(parts[2]), algorithm: algorithm, secret: Array(secret.dropFirst())),
      Hex.encode(signer.verifierKey.id) == parts[3]
    else { throw refusal("Not a line PRIVATE+KEY+name+id+base64 of a key for signed notes.") }
    return signer
  }
}
