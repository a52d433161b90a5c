import Foundation
import HummingbirdTesting
import LedgerService
import LedgerTestSupport
import RouterInput
import TestSupport
import Testing
import TransparencyLog

@Suite("Arbitrary requests", .privateServer())
struct RouterInputTests {
  @Test(
    "Three thousand random requests are answered or closed, none with 500, with many statuses"
  )
  func chance() async throws {
    func lift(_ configuration: inout LedgerConfiguration) { configuration.limits.unlimited() }
    try await withLedger(configure: lift) { test in
      let token = try #require(try test.ledger.configuration.operatorToken())
      try await test.serving { client in
        let port = try #require(client.port.flatMap { UInt16(exactly: $0) })
        let seed = UInt64.random(in: .min ... .max)
        let seen = await Self.send(3000, seed: seed, port: port, token: token)
        for fault in seen.faults { Issue.record("\(fault), seed \(seed)") }
        #expect(Set(seen.statuses.keys).isSuperset(of: [200, 400, 403, 404]), "\(seen.statuses)")
      }
      #expect(try await test.ledger.health().size > 0)
    }
  }

  private struct Seen: Sendable {
    var statuses: [Int: Int] = [:]
    var faults: [String] = []
  }

  /// Sends from a separate thread, because the server needs the threads that tests run on.
  private static func send(
    _ count: Int, seed: UInt64, port: UInt16, token: String
  ) async -> Seen {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var random = SeededGenerator(seed: seed)
        let names = RouterInput.Names(records: ["4OXKXQ4P", "2412.14164", "10.1/x"], token: token)
        var seen = Seen()
        for index in 0..<count {
          let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
            UInt8.random(in: .min ... .max, using: &random)
          }
          switch Exchange.run(RouterInput(bytes, names: names).pieces, port: port) {
          case .answered(let statuses, let text):
            for status in statuses { seen.statuses[status, default: 0] += 1 }
            if statuses.contains(500) { seen.faults.append("input \(index): \(text.prefix(600))") }
          case .hang(let text):
            seen.faults.append("input \(index) hangs, after \(text.prefix(600)); sent \(bytes)")
          case .refused: seen.faults.append("input \(index): the service is gone")
          }
          if seen.faults.count > 5 { break }
        }
        continuation.resume(returning: seen)
      }
    }
  }
}
