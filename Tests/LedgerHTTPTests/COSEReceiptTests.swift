import CanonicalJSON
import Foundation
import HTTPTypes
import HummingbirdTesting
import LedgerDomain
import LedgerService
import LedgerStore
import LedgerTestSupport
import TestSupport
import Testing
import TransparencyLog

@Suite("COSE receipts", .privateServer())
struct COSEReceiptTests {
  private static let missing = PythonPackages.missing(["pycose", "cbor2"])

  @Test(
    "Receipts verify with pycose, and only for the entry and the tree that they are about",
    .enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
  func independent() async throws {
    try await withService { test, client in
      let key = try await test.key("k")
      for index in 0..<4 { _ = try await test.cite("10.1000/\(index)", by: key) }
      _ = try await test.ledger.checkpoints.issue()
      let program = try Fixtures.project("Tests/LedgerHTTPTests/cose.py")
      let report = try JSON.parse(
        await python(
          String(decoding: program, as: UTF8.self),
          ["http://127.0.0.1:\(try #require(client.port))"]))
      let size = try #require(report["size"]?.integerValue)
      #expect(size > 10)
      #expect(report["verified"] == .integer(2 * size - 1), "\(report)")
      #expect(report["altered"] == 0, "\(report)")
      #expect(report["types"] == ["application/cose"])
    }
  }

  @Test("A receipt is about a checkpoint that the log signed")
  func checkpoints() async throws {
    try await withService { test, client in
      let first = try await test.ledger.checkpoints.issue().size
      let key = try await test.key("k")
      _ = try await test.cite("10.1000/1", by: key)
      _ = try await test.ledger.checkpoints.issue()
      for (new, status) in [(first.rawValue, 200), (first.rawValue + 1, 400)] {
        let code = try await client.execute(
          uri: "/api/proof/consistency?old=1&new=\(new)", method: .get,
          headers: [.accept: "application/cose"]
        ) { $0.status.code }
        #expect(code == status, "\(new)")
      }
      let missing = try await client.execute(
        uri: "/api/proof/100000", method: .get, headers: [.accept: "application/cose"]
      ) { ($0.status.code, $0.headers[.contentType]) }
      #expect(missing == (404, "application/problem+json"))
    }
  }
}
