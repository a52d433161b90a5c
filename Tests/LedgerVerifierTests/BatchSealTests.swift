import LedgerDomain
import LedgerVerifier
import TestSupport
import Testing

@Suite("Entries that are read again")
struct BatchSealTests {
  private func items(_ entries: [[UInt8]]) -> [LogReader.Item] {
    entries.enumerated().map { .init(position: Position(rawValue: Int64($0)), bytes: $1) }
  }

  /// The registrations of some keys. The signature of the last one is by another key if it is forged.
  private func registrations(forged: Bool) throws -> [[UInt8]] {
    var writer = EntryWriter()
    for number in 0..<200 {
      try writer.register(EntryWriter.Person("key \(number)", signerID: "urn:person"))
    }
    var entries = writer.entries
    guard forged, let last = entries.popLast() else { return entries }
    let entry = try Entry(bytes: last)
    let signature = try SigningKey().sign(entry.event.body).signature
    entries.append(
      try Entry(
        event: SignedEvent(body: entry.event.body, signature: signature), admission: entry.admission
      ).bytes)
    return entries
  }

  @Test("Only the bytes that were verified are taken for verified")
  func seal() async throws {
    let entries = try registrations(forged: false)
    var first = LogReader()
    let verified = try await first.read(items(entries))
    let seal = BatchSeal(verified)
    var second = LogReader()
    let again = try await second.read(await ParsedBatch(items(entries)), sealed: seal)
    #expect(again.map(\.event) == verified.map(\.event))
    let forged = try registrations(forged: true)
    let fault = LogFault("entry.signature", position: 199, "")
    for unfit in [seal, BatchSeal(Array(verified.dropLast())), nil] {
      var reader = LogReader()
      await #expect(throws: fault) {
        _ = try await reader.read(await ParsedBatch(self.items(forged)), sealed: unfit)
      }
    }
  }

  @Test("The fault at the lowest position is reported, and a fault of form before others")
  func order() async throws {
    var entries = try registrations(forged: true)
    entries.insert(contentsOf: [entries[199]], at: 70)
    var reader = LogReader()
    // The entry at 70 repeats as the last one, which is found before the signatures are verified.
    await #expect(throws: LogFault("entry.repeated", position: 200, "")) {
      _ = try await reader.read(self.items(entries))
    }
    entries.removeLast()
    reader = LogReader()
    await #expect(throws: LogFault("entry.signature", position: 70, "")) {
      _ = try await reader.read(self.items(entries))
    }
    entries[190].append(0x20)
    entries[150].removeLast()
    reader = LogReader()
    await #expect(throws: LogFault("entry.form", position: 150, "")) {
      _ = try await reader.read(self.items(entries))
    }
  }
}
