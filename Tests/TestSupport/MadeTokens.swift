import CanonicalJSON
import Encodings
import Foundation

/// A token that `tokens.py` generated, and the expected result of its check.
public struct MadeToken: Sendable {
  /// The name of the case.
  public let name: String
  /// The bytes of the token.
  public let token: [UInt8]
  /// The certificates to trust, in PEM.
  public let roots: [UInt8]
  /// `verified`, `untrusted`, or the check that refuses.
  public let expected: String

  /// Generates tokens over a SHA-256 digest with new authorities, once for each digest in a run of the
  /// tests.
  public static func all(over digest: [UInt8]) async throws -> [MadeToken] {
    try await cache.tokens(over: digest)
  }

  private static let cache = Cache()

  private actor Cache {
    private var made: [[UInt8]: Task<[MadeToken], any Error>] = [:]

    func tokens(over digest: [UInt8]) async throws -> [MadeToken] {
      let task = made[digest] ?? Task { try await MadeToken.make(over: digest) }
      made[digest] = task
      return try await task.value
    }
  }

  private static func make(over digest: [UInt8]) async throws -> [MadeToken] {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let program = String(
      decoding: try Fixtures.project("Tests/TestSupport/tokens.py"), as: UTF8.self)
    let answer = try JSON.parse(await python(program, [directory, Hex.encode(digest)]))
    return (answer.objectValue ?? [:]).compactMap { name, item in
      guard let token = item["token"]?.stringValue.flatMap({ Base64.decode($0) }),
        let roots = item["roots"]?.stringValue.flatMap({ Base64.decode($0) }),
        let expected = item["expected"]?.stringValue
      else { return nil }
      return MadeToken(name: name, token: token, roots: roots, expected: expected)
    }
  }
}
