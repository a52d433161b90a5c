import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import LedgerVerifier
import MerklePatricia
import TestSupport
import Testing

@Suite("The index of a log")
struct IndexBuilderTests {
  @Test(
    "An independent program computes the same root from the entries and the statuses",
    arguments: UInt64(1)...6)
  func independent(seed: UInt64) async throws {
    let log = try RandomLog(seed: seed)
    var reader = LogReader()
    let items = log.entries.enumerated().map {
      LogReader.Item(position: Position(leaf: UInt64($0)), bytes: $1)
    }
    let entries = try await reader.read(items)
    var builder = IndexBuilder()
    for entry in entries { builder.add(entry.entry.event, at: entry.position) }
    let statuses = reader.indexedStatuses()
    #expect(statuses.count == log.records.count)
    let tree = PatriciaSubtree(builder.leaves(statuses: statuses))
    let input = JSON.object([
      "entries": .array(log.entries.map { .string(String(decoding: $0, as: UTF8.self)) }),
      "statuses": .array(
        statuses.map { number, status in
          ["pith_number": .string("\(number)"), "status": .object(status.json)]
        }),
    ])
    let program = String(
      decoding: try Fixtures.project("Tests/LedgerVerifierTests/index.py"), as: UTF8.self)
    let answer = try await python(program, input: input.canonicalBytes())
    #expect(
      String(decoding: answer, as: UTF8.self)
        == "\(tree.count) keys, root \((tree.root ?? .emptyPatriciaTree).hex)\n", "seed \(seed)")
  }
}
