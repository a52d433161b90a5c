import CanonicalJSON
import Foundation
import Logging
import StructuredLogs
import Synchronization
import Testing

@Suite("Lines of the log")
struct StructuredLogTests {
  /// Collects lines.
  private final class Lines: Sendable {
    let bytes = Mutex<[UInt8]>([])
    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
  }

  private func lines(
    _ format: LogFormat, level: Logger.Level = .info, _ body: (inout Logger) -> Void
  ) -> String {
    let lines = Lines()
    var logger = Logger(label: "test") { _ in
      StructuredLogHandler(
        format: format, level: level, now: { Date(timeIntervalSince1970: 1_795_000_000.25) }
      ) { bytes in lines.bytes.withLock { $0 += bytes } }
    }
    body(&logger)
    return lines.text
  }

  @Test("A line of text has time, level, message, and metadata in the order of its keys")
  func text() {
    let text = lines(.text) { logger in
      logger[metadataKey: "request_id"] = "r1"
      logger.warning("the disk is full", metadata: ["path": "a b", "count": .stringConvertible(3)])
      logger.debug("not written")
    }
    #expect(
      text
        == "2026-11-18T11:06:40.250Z warning the disk is full count=3 path=\"a b\" request_id=r1\n")
  }

  @Test("A line of JSON is one object with the same members; numbers stay numbers")
  func json() throws {
    let text = lines(.json) { logger in
      logger.notice(
        "x",
        metadata: [
          "status": .stringConvertible(200), "list": ["a", "b"], "map": ["k": "v"],
          "time": "hidden",
        ])
    }
    #expect(text.hasSuffix("\n") && text.filter { $0 == "\n" }.count == 1)
    let json = try JSON.parse(Array(text.utf8.dropLast()))
    #expect(json["time"] == "2026-11-18T11:06:40.250Z" && json["level"] == "notice")
    #expect(json["message"] == "x" && json["status"] == 200)
    #expect(json["list"] == ["a", "b"] && json["map"] == ["k": "v"])
    #expect(json["time_"] == "hidden")
  }

  @Test(
    "Hostile text does not break lines", arguments: [LogFormat.text, .json])
  func hostile(_ format: LogFormat) throws {
    let evil =
      "a\nb\r\u{1B}[31mred\u{9B}2J\u{0}\u{7F}\u{85}\u{2028}\u{202E}\"\\\t}" + "\u{200B}é𝄞"
    let text = lines(format) { logger in
      logger.error("\(evil)", metadata: ["k\n": .string(evil), "=": "="])
    }
    #expect(text.unicodeScalars.filter { $0 == "\n" }.count == 1 && text.hasSuffix("\n"))
    for scalar in text.unicodeScalars.dropLast() {
      #expect(scalar.properties.generalCategory != .control)
      #expect(scalar.properties.generalCategory != .format)
      #expect(scalar != "\u{2028}")
    }
    if format == .json {
      let json = try JSON.parse(Array(text.utf8.dropLast()))
      #expect(json["message"]?.stringValue == evil)
      #expect(json["k\n"]?.stringValue == evil)
    }
  }

  @Test("A long message is cut between characters")
  func long() throws {
    let text = lines(.json) { $0.error("\(String(repeating: "é", count: 100_000))") }
    #expect(text.utf8.count < 9000)
    let json = try JSON.parse(Array(text.utf8.dropLast()))
    #expect(json["message"]?.stringValue?.hasSuffix("é…") == true)
  }

  @Test(
    "Secrets and personal data that an error contains are removed",
    arguments: [
      ("postgresql://user:hunter2secret@db/x failed", "hunter2secret"),
      ("fetch https://a.example/b?X-Amz-Signature=abc failed", "Amz"),
      ("claim of 0000-0002-1825-0097 skipped", "1825"),
      ("iD https://orcid.org/0000-0002-1694-233X", "1694"),
      ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIwIn0.c2ln refused", "eyJ"),
      ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "ghijkl"),
      ("write to josiah.carberry+x@brown.edu", "carberry"),
    ])
  func redacted(_ message: String, _ secret: String) {
    for format in [LogFormat.text, .json] {
      let text = lines(format) { $0.error("\(message)", metadata: ["detail": "\(message)"]) }
      #expect(!text.contains(secret), "\(text)")
      #expect(text.contains("[removed]"))
    }
  }

  @Test("Other text is not changed")
  func plain() {
    let message =
      "the anchor at position 12 of pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2 (10.48550/arXiv.1) waits; why? 2026-11-27"
    #expect(lines(.text) { $0.error("\(message)") }.contains(message))
  }
}
