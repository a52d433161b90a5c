import Foundation
import Testing

/// The recorded session of docs/first-session.md.
@Suite("The first session")
struct FirstSessionTests {
  @Test("Each command prints what the page shows, from a clean clone to another machine")
  func page() async throws {
    // Without another machine the other commands are run, and the result says so.
    let arguments = Scripts.missingRoot == nil ? [] : ["--here-only"]
    let result = try await Scripts.run(
      "first-session", ["--programs", Scripts.programs] + arguments)
    #expect(result.isSuccess, "\(result)")
    if let reason = Scripts.missingRoot {
      try Test.cancel("the commands on another machine are skipped: \(reason)")
    }
  }

  @Test(
    "A page that shows another result is refused",
    arguments: [
      ("$ echo one\ntwo\n", "shows another result", false),
      ("$ echo one\n", "shows another result", false),
      ("$ false\n", "ended with 1", false), ("one\n", "without a command", false),
      ("$ echo one\none\n", "1 of 1 commands", true),
      (
        "$ echo 0123456789abcdef0123456789abcdef\nfedcba9876543210fedcba9876543210\n", "1 of 1",
        true
      ),
    ])
  func otherResult(block: String, message: String, holds: Bool) async throws {
    let page = FileManager.default.temporaryDirectory
      .appendingPathComponent("page-\(UUID().uuidString.prefix(8)).md")
    defer { try? FileManager.default.removeItem(at: page) }
    try "# Page\n\n```console\n\(block)```\n".write(to: page, atomically: true, encoding: .utf8)
    let result = try await Scripts.run("first-session", ["--here-only", page.path])
    #expect(result.isSuccess == holds, "\(result)")
    #expect(result.text.contains(message), "\(result)")
  }
}
