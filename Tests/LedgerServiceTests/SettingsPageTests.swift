import Foundation
import TestSupport
import Testing

@testable import LedgerService

@Suite("The page of settings")
struct SettingsPageTests {
  private static let start = "--filter SettingsPageTests -->\n"
  private static let end = "<!-- end of settings -->"

  /// The tables of `docs/configuration.md`.
  private var tables: String {
    SettingsTable.groups.map { group in
      let text = group.text.isEmpty ? "" : "\(group.text)\n\n"
      let rows = group.settings.map { setting in
        let fallback =
          switch setting.fallback {
          case .value(let value): "`\(value)`"
          case .described(let text): text
          }
        let secret = setting.isSecret ? "; secret" : ""
        return
          "| `\(setting.variable)` | \(setting.kind.words)\(secret) | \(setting.meaning) | \(fallback) |\n"
      }
      return
        "\n## \(group.title)\n\n\(text)| setting | value | meaning | default |\n|---|---|---|---|\n"
        + rows.joined()
    }.joined() + "\n"
  }

  @Test("docs/configuration.md has the tables that follow from the settings")
  func page() throws {
    let path = Fixtures.project.appendingPathComponent("docs/configuration.md")
    let page = String(decoding: try Data(contentsOf: path), as: UTF8.self)
    let start = try #require(page.range(of: Self.start)?.upperBound)
    let end = try #require(page.range(of: Self.end)?.lowerBound)
    if ProcessInfo.processInfo.environment["PITHLEDGER_WRITE_SETTINGS"] != nil {
      let written = page[..<start] + tables + page[end...]
      try Data(written.utf8).write(to: path)
      return
    }
    #expect(
      page[start..<end] == tables,
      "run PITHLEDGER_WRITE_SETTINGS=1 swift test --filter SettingsPageTests")
  }

  @Test("A default in the table is the value without the setting")
  func defaults() throws {
    let plain = try LedgerConfiguration(SettingValues(environment: [:], isFileRead: false))
    for setting in SettingsTable.settings {
      guard case .value(let value) = setting.fallback else { continue }
      #expect(setting.fault(of: value) == nil, "\(setting.name)")
      let set = try LedgerConfiguration(
        SettingValues(environment: [setting.variable: value], isFileRead: false))
      #expect(Self.dump(set) == Self.dump(plain), "\(setting.name)")
    }
  }

  @Test("Every setting changes something")
  func effects() throws {
    let plain = Self.dump(
      try LedgerConfiguration(SettingValues(environment: [:], isFileRead: false)))
    let key = Data(repeating: 1, count: 32).base64EncodedString()
    let texts = [
      "RECEIPT_KEYS": key, "TRUSTED_PROXIES": "10.1.0.0/16", "S3_LOCATIONS": "papers",
      "WITNESSES": "", "DATA_DIR": "/elsewhere",
    ]
    // Each has an effect only with others, or is not part of the configuration.
    let others = [
      "CONFIG_FILE", "DATABASE_URL_FILE", "DATABASE_OWNER_URL_FILE", "S3_ENDPOINT", "S3_REGION",
      "S3_ACCESS_KEY", "S3_SECRET_KEY_FILE", "SERVER_TOKEN_FILE", "WITNESSES",
      "TLS_CERTIFICATE_FILE", "TLS_KEY_FILE",
    ]
    for setting in SettingsTable.settings where !others.contains(setting.name) {
      let value =
        switch setting.kind {
        case .text, .file, .list: texts[setting.name] ?? "other.example"
        case .flag: "1"
        case .number, .days: "77"
        case .choice(let words): words[1]
        case .address, .addresses: "https://other.example"
        }
      let set = try LedgerConfiguration(
        SettingValues(environment: [setting.variable: value], isFileRead: false))
      #expect(Self.dump(set) != plain, "\(setting.name)")
    }
  }

  /// All members of a configuration as text. Sets and dictionaries are sorted, functions left out.
  private static func dump(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .set || mirror.displayStyle == .dictionary {
      return "\(mirror.children.map { dump($0.value) }.sorted())"
    }
    if mirror.children.isEmpty { return "\(value)" }
    return "{"
      + mirror.children.filter { $0.label != "clock" }
      .map { "\($0.label ?? ""):\(dump($0.value))" }.joined(separator: ",") + "}"
  }

  @Test("The program accepts every variable that tests and scripts read")
  func variablesOfScripts() throws {
    var read: Set<String> = []
    for folder in ["Tests", "scripts", "Benchmarks"] {
      let root = Fixtures.project.appendingPathComponent(folder)
      let files = try #require(
        FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
      for case let file as URL in files {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
        for match in text.matches(of: /environment\["PITHLEDGER_([A-Z_]+)"\](?! =)/) {
          read.insert(String(match.1))
        }
      }
    }
    let settings = Set(SettingsTable.settings.map(\.name))
    let unknown = read.subtracting(settings).subtracting(SettingNames.ofScripts)
    #expect(unknown == [])
    #expect(read.contains("API_REQUESTS"))
  }
}
