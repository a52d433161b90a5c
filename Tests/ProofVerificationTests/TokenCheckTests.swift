import CanonicalJSON
import Encodings
import Foundation
import ProofFormats
import ProofVerification
import TestSupport
import Testing

/// Tokens of test authorities. Each is valid, or invalid in one respect.
@Suite("RFC 3161 tokens, check by check")
struct TokenCheckTests {
  static let digest = Hex.decode(
    "e3aeabc38f0884f3b855cab4f53f330696ad3beecbe15677a1497d065c6c83d6")

  private func outcome(_ token: [UInt8], _ roots: [UInt8]) throws -> String {
    do {
      let (found, finding) = try TimestampToken.check(token, roots: roots, imprint: Self.digest)
      #expect(found.imprint == Self.digest)
      return finding == .verified ? "verified" : "untrusted"
    } catch { return error.check }
  }

  @Test("Each check refuses its failure, and of two failures the earlier is named")
  func order() async throws {
    let cases = try await MadeToken.all(over: try #require(Self.digest))
    #expect(cases.count >= 30)
    for item in cases {
      #expect(try outcome(item.token, item.roots) == item.expected, "\(item.name)")
    }
  }

  @Test("A nonce that was sent must come back")
  func nonce() async throws {
    let cases = try await MadeToken.all(over: try #require(Self.digest))
    let good = try #require(cases.first { $0.name == "good" })
    let nonce: [UInt8] = [0x11, 0x22, 0x33]
    #expect(
      try TimestampToken.parse(good.token, .init(imprint: Self.digest, nonce: nonce)).nonce == nonce
    )
    do {
      _ = try TimestampToken.parse(good.token, .init(imprint: Self.digest, nonce: [1]))
      Issue.record("another nonce was taken")
    } catch { #expect(error.check == "rfc3161.nonce") }
  }

  /// Other values of a byte: one for each changed bit, and the extremes. All values if requested.
  private static func changes(of byte: UInt8) -> [UInt8] {
    // All values take minutes, and most of them exercise the same code as this selection.
    let all: [UInt8] =
      ProcessInfo.processInfo.environment["PITHLEDGER_EVERY_CHANGE"] == nil
      ? (0..<8).map { byte ^ 1 << UInt8($0) } + [0, 0x80, 0xFF] : Array(0...0xFF)
    return Set(all).subtracting([byte]).sorted()
  }

  @Test(
    "Every truncation of a token is refused; every changed byte is, or the token proves the same")
  func changes() async throws {
    let cases = try await MadeToken.all(over: try #require(Self.digest))
    let good = try #require(cases.first { $0.name == "good" })
    let (original, finding) = try TimestampToken.check(
      good.token, roots: good.roots, imprint: Self.digest)
    #expect(finding == .verified)
    for count in good.token.indices {
      #expect(throws: ProofFormatError.self, "cut at \(count)") {
        try TimestampToken.check(
          Array(good.token[..<count]), roots: good.roots, imprint: Self.digest)
      }
    }
    let halves = [
      good.token.indices.filter { $0 % 2 == 0 }, good.token.indices.filter { $0 % 2 == 1 },
    ]
    let different = await withTaskGroup(of: [Int].self) { group in
      for half in halves {
        group.addTask {
          var different: [Int] = []
          var changed = good.token
          for index in half {
            for value in Self.changes(of: good.token[index]) {
              changed[index] = value
              guard
                let (token, found) = try? TimestampToken.check(
                  changed, roots: good.roots, imprint: Self.digest), found == .verified,
                token != original
              else { continue }
              different.append(index)
            }
            changed[index] = good.token[index]
          }
          return different
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(different.isEmpty, "bytes whose change proved something else: \(different)")
  }
}
