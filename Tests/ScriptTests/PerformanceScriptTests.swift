import Foundation
import Subprocess
import TestSupport
import Testing

/// The scripts that show the results of `scripts/bench`.
@Suite("The scripts of the performance page")
struct PerformanceScriptTests {
  /// Three rounds at two sizes, of which no two values are the same.
  private static let run = """
    {"run":{"cores":2,"date":"2026-01-31","memoryMebibytes":24576,"options":"--only a --json /a/b.jsonl","postgres":"15.1 (Debian)",\
    "processor":"A & B","rounds":3,"system":"Debian 12"}}
    """

  private static func measurement(
    _ name: String, _ label: String, events: Int, _ ours: String, _ rest: String = ""
  ) -> String {
    """
    {"measurement":{"events":\(events),"label":"\(label)","name":"\(name)","ours":[\(ours)]\(rest),"unit":"/s"}}
    """
  }

  private static let sizes = ["append", "submission", "status", "proof"].enumerated().flatMap {
    index, name in
    [10_000, 1_000_000].map { events in
      let rate = 1000 * (index + 1) + events / 100_000
      return measurement(
        "size.\(name)", "(i) \(name)", events: events, "\(rate + 300),\(rate),\(rate + 700)")
    }
  }

  private struct Output {
    let text: String
    let error: String
    let isSuccess: Bool
  }

  /// Runs a script on a file with some lines; `arguments` follow the file.
  private func runScript(
    _ name: String, _ lines: [String], _ arguments: [String] = []
  ) async throws -> Output {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("results-\(UUID().uuidString).jsonl")
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let script = Fixtures.project.appendingPathComponent("scripts/\(name)").path
    let result = try await Subprocess.run(
      .name("python3"), arguments: Arguments([script, file.path] + arguments),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    return Output(
      text: result.standardOutput, error: result.standardError,
      isSuccess: result.terminationStatus.isSuccess)
  }

  @Test("The table has the median and the spread of ledger, comparison and ratio")
  func table() async throws {
    let lines = [
      Self.run,
      Self.measurement(
        "append", "(a) append", events: 2000, "300,100,200",
        #","rival":"COPY","theirs":[400,500,250]"#),
      Self.measurement("replay", "(b) replay", events: 2000, "1234567"),
      Self.measurement(
        "append", "(a) append", events: 1000, "31,11,21", #","rival":"COPY","theirs":[44,55,25]"#),
    ]
    let output = try await runScript("performance-table", lines + Self.sizes)
    #expect(output.isSuccess, "\(output.error)")
    let rows = output.text.split(separator: "\n").filter { $0.hasPrefix("| (") }
    #expect(rows.count == lines.count - 1 + Self.sizes.count)
    #expect(
      rows.prefix(3) == [
        "| (a) append | 1,000 | 21/s [11 to 31] | COPY: 44/s [25 to 55] | 0.48 [0.20 to 0.84] |",
        "| (a) append | 2,000 | 200/s [100 to 300] | COPY: 400/s [250 to 500] | 0.50 [0.20 to 0.80] |",
        "| (b) replay | 2,000 | 1,234,567/s |  |  |",
      ])
    #expect(
      output.text.contains(
        "(A & B), 24 GiB, Debian 12, PostgreSQL 15.1 (Debian), 3 rounds, `scripts/bench --only a`\n"
      ))
    #expect(output.text.contains("| (i) proof | 1,000,000 | 4,310/s [4,010 to 4,710] |"))
  }

  @Test("The chart is well-formed XML with every value and an accessible description")
  func chart() async throws {
    let picture = FileManager.default.temporaryDirectory
      .appendingPathComponent("chart-\(UUID().uuidString).svg")
    defer { try? FileManager.default.removeItem(at: picture) }
    let output = try await runScript("performance-chart", [Self.run] + Self.sizes, [picture.path])
    #expect(output.isSuccess, "\(output.error)")
    let counted = try await python(
      """
      import sys, xml.etree.ElementTree as tree
      svg = "{http://www.w3.org/2000/svg}"
      root = tree.fromstring(sys.stdin.buffer.read())
      assert root.tag == svg + "svg" and root.get("role") == "img"
      ids = {e.get("id") for e in root if e.tag in (svg + "title", svg + "desc") and e.text}
      assert set(root.get("aria-labelledby").split()) == ids and len(ids) == 2
      def count(tag, word):
          return sum(word in e.get("class", "").split() for e in root.iter(svg + tag))
      points = count("circle", "fill") + count("polygon", "fill")
      print(count("polyline", "line"), points, count("line", "spread"), count("text", "label"))
      """, input: Array(try Data(contentsOf: picture)))
    // Four lines of two points, each with its spread, and four labels.
    #expect(String(decoding: counted, as: UTF8.self) == "4 8 8 4\n")
    let text = try String(contentsOf: picture, encoding: .utf8)
    #expect(text.contains("append: 1,300 at 10,000 events, 1,310 at 1,000,000 events."))
    #expect(text.contains("inclusion proof: 4,300 at 10,000 events, 4,310 at 1,000,000 events."))
    #expect(text.contains("prefers-color-scheme: dark"))
  }

  @Test(
    "A line that is cut off is refused with its number",
    arguments: ["performance-table", "performance-chart"])
  func cutLine(script: String) async throws {
    let lines = [Self.run] + Self.sizes + [#"{"measurement":{"events":10"#]
    let output = try await runScript(
      script, lines, script == "performance-chart" ? ["/dev/null"] : [])
    #expect(!output.isSuccess)
    #expect(output.error.contains("line 10: not a result of scripts/bench"))
  }

  @Test("A chart without one of its lines is refused")
  func missingLine() async throws {
    let lines = [Self.run] + Self.sizes.filter { !$0.contains("size.proof") }
    let output = try await runScript("performance-chart", lines, ["/dev/null"])
    #expect(!output.isSuccess)
    #expect(output.error.contains("has no measurement size.proof"))
  }
}
