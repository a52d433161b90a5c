import DurableFiles
import Encodings
import Foundation
import LedgerDomain

/// The secret that authenticates the operator over HTTP.
enum OperatorToken {
  /// The file in a data directory.
  static let fileName = "operator.token"
  private static let byteCount = 32

  /// Creates the file with a random token and mode 0600, if it does not exist. Concurrent processes use
  /// the same token.
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
        "\(error.message) Use a writable data directory, or set PITHLEDGER_OPERATOR_TOKEN_FILE.")
    }
  }

  private static func encoded(_ bytes: [UInt8]) -> String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}
