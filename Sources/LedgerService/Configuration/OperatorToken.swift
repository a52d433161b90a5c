import DurableFiles
import Encodings
import Foundation
import LedgerDomain

/// The secret that proves an operator over the network (section 4 of the design).
enum OperatorToken {
  /// The file in a data directory.
  static let fileName = "operator.token"
  private static let byteCount = 32

  /// Makes the file with a fresh token and mode 0600 where there is none yet.
  ///
  /// Of two processes one wins, and both use its token.
  ///
  /// Errors: a `Refusal` that names the file.
  static func make(at path: String) throws(Refusal) {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    do throws(DurableFileError) {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      if !FileManager.default.fileExists(atPath: folder) {
        try OwnedDirectory.prepare(folder)
      }
      try SecretFile.create(path, with: Array((encoded(bytes) + "\n").utf8))
    } catch  where error.code == .exists {
    } catch {
      throw Refusal(
        .unavailable, check: "operator_token", field: path,
        "\(error.message) Give the ledger a data directory that it may write to, or name a token by "
          + "PITHLEDGER_OPERATOR_TOKEN_FILE.")
    }
  }

  private static func encoded(_ bytes: [UInt8]) -> String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}
