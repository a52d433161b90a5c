import CanonicalJSON
import LedgerDomain
import TestSupport
import Testing

@Suite("Entries")
struct EntryTests {
  /// The entries of a log, as objects.
  private func entries() throws -> [JSON] {
    var writer = EntryWriter()
    let author = try EntryWriter.Person("author", signerID: "urn:author")
    let registry = try EntryWriter.Person("registry", signerID: "urn:registry", type: .registry)
    try writer.register(registry)
    try writer.register(author)
    let record = try writer.createRecord(by: registry)
    try writer.append(
      .citationSignature, ["citing_doi": "10.1/\"é\\", "relation": "cites", "note": "a/b"],
      by: author, record: record, target: "record")
    return try writer.entries.map { try JSON.parse($0) }
  }

  /// Whether the program writes an entry as it reads it. This is what canonical means.
  private func isRewritten(_ bytes: [UInt8]) throws -> Bool {
    let entry = try Entry(bytes: bytes)
    return try Entry(event: entry.event, admission: entry.admission).bytes == bytes
  }

  /// Changes a member of an object, or removes it.
  private func changing(_ json: JSON, _ path: [String], to value: JSON?) -> JSON {
    guard var object = json.objectValue, let key = path.first else { return value ?? .null }
    object[key] =
      path.count == 1
      ? value : object[key].map { changing($0, Array(path.dropFirst()), to: value) }
    return .object(object)
  }

  @Test("An entry is canonical if and only if the program writes it with the same bytes")
  func canonical() throws {
    for entry in try entries() {
      let bytes = entry.canonicalBytes()
      #expect(try Entry(bytes: bytes).isCanonical && isRewritten(bytes))
      let time = try #require(entry["admission"]?["recorded_at"]?.stringValue)
      let checks = try #require(entry["admission"]?["checks"]?.arrayValue)
      let changes: [(path: [String], value: JSON?)] = [
        (["event", "event_id"], nil), (["event", "evidence"], ["more"]),
        (["admission", "recorded_at"], .string(time.dropLast() + ".000000Z")),
        (["admission", "recorded_at"], .string(time.dropLast() + ".500000Z")),
        (["admission", "recorded_at"], .string(time.dropLast() + ".5Z")),
        (["admission", "proven_at"], .string(time)),
        (["admission", "proven_at"], .string(time.dropLast() + ".0Z")),
        (["admission", "checks"], [["check": "a", "verdict": "failed"]]),
        (
          ["admission", "checks"], .array(checks + [["check": "a", "more": 1, "verdict": "gone"]])
        ),
        (["admission", "checks"], "none"), (["admission", "checks"], []),
      ]
      for (path, value) in changes {
        let changed = changing(entry, path, to: value).canonicalBytes()
        #expect(
          try Entry(bytes: changed).isCanonical == isRewritten(changed), "\(path): \(value as Any)")
      }
      for loose in [bytes + [0x20], Array(entry.prettyString().utf8)] {
        #expect(try !Entry(bytes: loose).isCanonical && !isRewritten(loose))
      }
    }
  }

  @Test("After any change of a byte, an entry is canonical if and only if the program writes it so")
  func changedBytes() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let entries = try entries().map { $0.canonicalBytes() }
    var readable = 0
    for _ in 0..<20_000 {
      var bytes = try #require(entries.randomElement(using: &random))
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let value = UInt8(
        ascii: ["\"", " ", "0", "a", "=", "/", "\\", ",", "}"].randomElement(using: &random) ?? "a")
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = value
      case 2: bytes.insert(value, at: place)
      default: bytes.remove(at: place)
      }
      guard let entry = try? Entry(bytes: bytes) else { continue }
      readable += 1
      #expect(
        try entry.isCanonical == isRewritten(bytes),
        "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(readable > 100, "seed \(seed)")
  }

  @Test("The body of an entry that is read has the bytes and the id of the body that was written")
  func bodies() throws {
    for entry in try entries() {
      let canonical = try Entry(bytes: entry.canonicalBytes())
      let loose = try Entry(bytes: Array(entry.prettyString().utf8))
      #expect(canonical.event.body.canonicalBytes() == loose.event.body.canonicalBytes())
      #expect(
        canonical.event.body.canonicalBytes()
          == JSON.object(canonical.event.body.json).canonicalBytes())
      #expect(canonical.event.eventID == loose.event.eventID)
    }
  }

  @Test("A member that an entry does not have is refused by its name, before or after the event")
  func otherMembers() throws {
    let entry = try #require(try entries().first)
    for key in ["a", "events", "zzz"] {
      let changed = changing(entry, [key], to: ["x": 1]).canonicalBytes()
      let refusal = #expect(throws: Refusal.self) { try Entry(bytes: changed) }
      #expect(refusal?.field == key)
    }
  }
}
