import Foundation
import LedgerDomain
import LedgerTestSupport
import Testing

@testable import LedgerService

@Suite("The configuration file")
struct ConfigurationFileTests {
  /// Reads a file with this text, with flags and variables beside it.
  private func values(
    _ text: String, flags: [String] = [], variables: [String: String] = [:], mode: mode_t = 0o600
  ) async throws -> (values: SettingValues, path: String) {
    try await withFile(Array(text.utf8), named: "json") { path in
      try #require(unsafe chmod(path, mode) == 0)
      let values = SettingValues(flags: flags + ["CONFIG_FILE=" + path], environment: variables)
      return (values, path)
    }
  }

  private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = "/tmp/plt-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
  }

  private func onlyFault(_ text: String, mode: mode_t = 0o600) async throws -> Refusal {
    let (values, path) = try await values(text, mode: mode)
    #expect(values.faults.count == 1, "\(text): \(values.faults)")
    let fault = try #require(values.faults.first)
    #expect(fault.check == "configuration" && fault.field?.hasPrefix(path) == true, "\(fault)")
    return fault
  }

  @Test("A flag is before a variable, a variable before the file, the file before the default")
  func precedence() async throws {
    let text = #"{"anchor_interval_seconds": 3, "storage_days": 4,"# + "\n" + #" "port": 5}"#
    let (values, path) = try await values(
      text, flags: ["anchor_interval_seconds=1"],
      variables: ["PITHLEDGER_ANCHOR_INTERVAL_SECONDS": "2", "PITHLEDGER_STORAGE_DAYS": "2"])
    #expect(values.faults.isEmpty, "\(values.faults)")
    let read = try LedgerConfiguration(values)
    #expect(read.externalServices.anchorInterval == .seconds(1))
    #expect(read.externalServices.storageLife == .seconds(2 * 86_400))
    #expect(read.listenPort == 5 && read.checkpointInterval == .seconds(5))
    func source(_ name: String) throws -> SettingValues.Source? {
      values.source(of: try #require(SettingsTable.setting(named: name)))
    }
    #expect(try source("ANCHOR_INTERVAL_SECONDS") == .flag)
    #expect(try source("STORAGE_DAYS") == .environment)
    #expect(try source("PORT") == .file(path, line: 2))
    #expect(try source("CHECKPOINT_INTERVAL_SECONDS") == nil)
  }

  @Test("The URL of the database and the file of it have one precedence together")
  func databaseURL() async throws {
    try await withFile(Array("postgresql:///from-file".utf8)) { path in
      try #require(unsafe chmod(path, 0o600) == 0)
      func url(_ flags: [String], _ variables: [String: String]) throws -> String? {
        try LedgerConfiguration(
          SettingValues(flags: flags, environment: variables, isFileRead: false)
        ).databaseURL
      }
      let file = ["PITHLEDGER_DATABASE_URL_FILE": path]
      #expect(try url(["DATABASE_URL=flag"], file) == "flag")
      #expect(try url([], file) == "postgresql:///from-file")
      let both = file.merging(["PITHLEDGER_DATABASE_URL": "variable"]) { $1 }
      #expect(try url([], both) == "postgresql:///from-file")
      #expect(
        try url(["DATABASE_URL_FILE=\(path)"], ["PITHLEDGER_DATABASE_URL": "variable"])
          == "postgresql:///from-file")
    }
  }

  @Test("Numbers, truth values and arrays are written as in JSON")
  func kinds() async throws {
    let read = try LedgerConfiguration(
      try await values(
        """
        {"read_only": true, "fetch_allow_hosts": ["a.example", "b.example:8"], "public_url": null,
         "orcid_issuer": "https://issuer.example/", "origin": "x"}
        """
      ).values)
    #expect(read.isReadOnly && read.origin == "x" && read.publicURL == nil)
    #expect(read.externalServices.allowedHosts == ["a.example", "b.example:8"])
    #expect(read.externalServices.orcidIssuer == "https://issuer.example")
  }

  @Test(
    "What cannot be used is refused with the line and the member",
    arguments: [
      ("{\n\"prot\": 1}", "line 2, prot", "Did you mean port?"),
      ("{\"port\": \"80\"}", "line 1, port", "without quotation marks"),
      ("{\n\n\"port\": 99999}", "line 3, port", "0 to 65535"),
      ("{\"Port\": 80}", "line 1, Port", "small letters"),
      ("{\"pithledger_port\": 80}", "line 1, pithledger_port", "no prefix"),
      ("{\"read_only\": \"yes\"}", "line 1, read_only", "true or false"),
      ("{\"read_only\": 1}", "line 1, read_only", "true or false"),
      ("{\"witnesses\": \"x\"}", "line 1, witnesses", "array"),
      ("{\"allowed_hosts\": [\"a,b\"]}", "line 1, allowed_hosts", "comma"),
      ("{\"allowed_hosts\": [1]}", "line 1, allowed_hosts", "array of texts"),
      ("{\"origin\": 7}", "line 1, origin", "quotation marks"),
      ("{\"origin\": \"a\\u0000b\"}", "line 1, origin", "U+0000"),
      ("{\"config_file\": \"x\"}", "line 1, config_file", "cannot have"),
      ("{\"calendars\": []}", "line 1, calendars", "now called ots_calendars"),
      ("{\"esplora_url\": \"nowhere\"}", "line 1, esplora_url", "https addresses"),
      ("{\"storage_days\": 36501}", "line 1, storage_days", "36500"),
      ("{\n\"port\": 1,\n\"port\": 2}", "line 3", "has already"),
      ("{\n\"port\": 1.5}", "line 2", "fraction"), ("{\n\"port\": 1,}", "line 2", "comma"),
      ("{\"a\":[[1]]}", "line 1", "nested"), ("", "line 1", "too early"),
      ("[]", "", "one JSON object"),
      ("{} {}", "line 1", "text after"),
    ])
  func faults(text: String, place: String, words: String) async throws {
    let fault = try await onlyFault(text)
    #expect(fault.field?.hasSuffix(place) == true, "\(fault)")
    #expect(fault.message.contains(words), "\(fault)")
  }

  @Test("A long file, a directory and a missing file are refused")
  func files() async throws {
    let long = #"{"origin": ""# + String(repeating: "a", count: 1 << 16) + #""}"#
    #expect(try await onlyFault(long).message.contains("larger"))
    for path in ["/nowhere/config.json", "/tmp"] {
      let values = SettingValues(flags: ["CONFIG_FILE=" + path], environment: [:])
      #expect(values.faults.count == 1 && values.faults.first?.field == path)
      #expect(throws: Refusal.self) { try LedgerConfiguration(values) }
    }
  }

  @Test("Others may read a file without secrets, and may never change it")
  func modes() async throws {
    #expect(try await values("{\"port\": 1}", mode: 0o644).values.faults.isEmpty)
    #expect(try await onlyFault("{\"port\": 1}", mode: 0o666).message.contains("chmod go-w"))
    let secret = "{\"port\": 1,\n\"database_url\": \"postgresql:///x\"}"
    #expect(try await values(secret, mode: 0o600).values.faults.isEmpty)
    let fault = try await onlyFault(secret, mode: 0o644)
    #expect(fault.field?.hasSuffix("line 2, database_url") == true)
    #expect(fault.message.contains("chmod 600"), "\(fault)")
  }

  @Test("Unknown variables and flags are refused, those of others are not read")
  func names() throws {
    let refused = [
      "PITHLEDGER_CHEKPOINT_INTERVAL_SECONDS", "PITHLEDGER_PROT", "PITHLEDGER_", "PITHLEDGER_X",
      "PITHLEDGER_port",
    ]
    for name in refused {
      let values = SettingValues(environment: [name: "1"], isFileRead: false)
      #expect(values.faults.map(\.field) == [name], "\(name)")
    }
    #expect(
      SettingValues(environment: [refused[0]: "1"], isFileRead: false).faults[0].message
        .contains("PITHLEDGER_CHECKPOINT_INTERVAL_SECONDS"))
    let others = [
      "PITHLEDGER_SERVICE_HOST": "10.0.0.1", "PITHLEDGER_SERVICE_PORT_HTTP": "80",
      "PITHLEDGER_PORT": "tcp://10.0.0.1:80", "PITHLEDGER_PORT_80_TCP_ADDR": "10.0.0.1",
      "PITHLEDGER_WRITE_SCHEMA": "1", "OTHER": "1", "PITHLEDGER_NONE": "",
    ]
    let values = SettingValues(environment: others, isFileRead: false)
    #expect(values.faults.isEmpty, "\(values.faults)")
    #expect(try LedgerConfiguration(values).listenPort == 8080)
    for flag in ["PORT", "PROT=1", "=1", "port=x"] {
      #expect(!SettingValues(flags: [flag], environment: [:], isFileRead: false).faults.isEmpty)
    }
    let twice = SettingValues(flags: ["port=1", "PITHLEDGER_PORT=2"], environment: [:])
    #expect(twice.faults.first?.message.contains("twice") == true)
    #expect(SettingValues(flags: ["pithledger_port=7"], environment: [:]).faults.isEmpty)
  }

  @Test("The file in the data directory is read, and cannot name another directory")
  func dataDirectory() async throws {
    try await withDirectory { directory in
      let path = directory + "/config.json"
      try Data(#"{"port": 9}"#.utf8).write(to: URL(fileURLWithPath: path))
      let environment = ["PITHLEDGER_DATA_DIR": directory]
      let values = SettingValues(environment: environment)
      #expect(values.file == path && values.dataDirectory == directory)
      #expect(try LedgerConfiguration(values).listenPort == 9)
      try Data(#"{"data_dir": "/elsewhere"}"#.utf8).write(to: URL(fileURLWithPath: path))
      #expect(SettingValues(environment: environment).faults.count == 1)
      let named = SettingValues(flags: ["CONFIG_FILE=" + path], environment: [:])
      #expect(named.faults.isEmpty && named.dataDirectory == "/elsewhere")
    }
  }
}
