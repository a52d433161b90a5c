import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

@Suite("The lines of a bulk submission")
struct LineSplitterTests {
  private static let bytes: [UInt8] = [0x20, 0x0D, 0x61, 0xC3]

  @Test("Lines do not depend on the chunks of bytes, and blank lines are ignored")
  func anySplit() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let written: [[UInt8]] = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
        (0..<Int.random(in: 0..<9, using: &random)).map { _ -> UInt8 in
          Self.bytes.randomElement(using: &random) ?? 0x61
        }
      }
      let bytes = Array(written.joined(separator: [0x0A]))
      var splitter = LineSplitter(limit: 8)
      var lines: [NumberedLine] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = rest.prefix(.random(in: 1...7, using: &random))
        lines += try splitter.feed(Array(part))
        rest = rest.dropFirst(part.count)
      }
      if let last = splitter.finish() { lines.append(last) }
      let expected = written.enumerated().map { NumberedLine(number: $0 + 1, bytes: $1) }
        .filter { $0.bytes.contains { $0 > 0x20 } }
      #expect(lines == expected, "seed \(seed)")
    }
  }

  @Test("A line beyond the limit is refused, in one piece or in many", arguments: [1, 3, 9, 20])
  func limit(_ size: Int) throws {
    var splitter = LineSplitter(limit: 8)
    let bytes = [UInt8](repeating: 0x61, count: 8) + [0x0A] + [UInt8](repeating: 0x62, count: 9)
    #expect(throws: Refusal.self) {
      for start in stride(from: 0, to: bytes.count, by: size) {
        _ = try splitter.feed(Array(bytes[start..<min(bytes.count, start + size)]))
      }
    }
  }
}
