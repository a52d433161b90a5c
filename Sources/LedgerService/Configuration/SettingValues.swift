import Configuration
import Foundation
public import LedgerDomain
import Synchronization

/// The values of all settings, each with its source: a flag, the environment, the configuration file, or
/// none, in this order of precedence.
///
/// What cannot be used is collected, so that `pithledger config check` can report all of it.
public struct SettingValues: Sendable {
  /// Where a value was given.
  public enum Source: Sendable, Equatable {
    /// An option of the command line.
    case flag
    /// An environment variable.
    case environment
    /// A line of the configuration file.
    case file(String, line: Int)
  }

  /// A value that was given.
  struct Given: Sendable {
    let value: String
    let source: Source
  }

  /// The configuration file that was read; `nil` if there is none.
  public let file: String?
  /// What cannot be used: names, values, the file. Each refusal has the check `configuration`.
  public private(set) var faults: [Refusal] = []
  private var given: [String: Given] = [:]

  /// Collects the values.
  ///
  /// - Parameters:
  ///   - flags: `NAME=VALUE` each. The name is the setting's in any letter case, with or without prefix.
  ///   - environment: the variables. Those without the prefix are not read.
  ///   - isFileRead: whether a configuration file is looked for.
  public init(
    flags: [String] = [], environment: [String: String], isFileRead: Bool = true
  ) {
    let flags = Self.read(flags, &faults)
    let variables = Self.read(environment, &faults)
    func early(_ name: String) -> String? { flags[name] ?? variables[Setting.prefix + name] }

    let directory = early("DATA_DIR") ?? Self.defaultDirectory
    var file: ConfigurationFile?
    if isFileRead {
      if let path = early("CONFIG_FILE") {
        file = ConfigurationFile(path: path, excluding: ["config_file"])
      } else {
        let path = directory + "/config.json"
        if FileManager.default.fileExists(atPath: path) {
          file = ConfigurationFile(path: path, excluding: ["config_file", "data_dir"])
        }
      }
    }
    self.file = file?.path
    faults += file?.faults ?? []
    given = Self.resolve(flags: flags, variables: variables, file: file)
    for setting in SettingsTable.settings {
      if let value = given[setting.name]?.value, let message = setting.fault(of: value) {
        faults.append(refusal(setting.name, message))
      }
    }
  }

  /// No more faults are looked for after this number.
  static let maxFaults = 20

  /// The data directory if none is named.
  static let defaultDirectory = ".pithledger"

  /// The data directory.
  public var dataDirectory: String { value("DATA_DIR") ?? Self.defaultDirectory }

  /// Whether a database is configured, instead of the private PostgreSQL.
  public var hasDatabase: Bool {
    value("DATABASE_URL") != nil || value("DATABASE_URL_FILE") != nil
  }

  /// The value of a setting; `nil` if it is not set.
  func value(_ name: String) -> String? {
    assert(SettingsTable.setting(named: name) != nil, "\(name) is not in the table of settings")
    return given[name]?.value
  }

  /// Where a setting was given; `nil` if it is not set.
  public func source(of setting: Setting) -> Source? { given[setting.name]?.source }

  /// The value of a setting as it was given; `nil` if it is not set.
  public func value(of setting: Setting) -> String? { given[setting.name]?.value }

  /// A number that is higher for a place of higher precedence; 0 if the setting is not set.
  func precedence(of name: String) -> Int {
    switch given[name]?.source {
    case .flag: 3
    case .environment: 2
    case .file: 1
    case nil: 0
    }
  }

  /// The place at which a setting is or would be given, for messages.
  func place(of name: String) -> String {
    switch given[name]?.source {
    case .flag: "--set \(name)"
    case .file(let path, let line): "\(path) line \(line), \(name.lowercased())"
    case .environment, nil: Setting.prefix + name
    }
  }

  /// The refusal of a setting's value.
  func refusal(_ name: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "configuration", field: place(of: name), message)
  }

  // MARK: Sources

  private static func read(_ flags: [String], _ faults: inout [Refusal]) -> [String: String] {
    var values: [String: String] = [:]
    for flag in flags {
      let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      var name = parts[0].uppercased()
      if name.hasPrefix(Setting.prefix) { name = String(name.dropFirst(Setting.prefix.count)) }
      func refuse(_ message: String) {
        faults.append(
          Refusal(.malformed, check: "configuration", field: "--set \(parts[0])", message))
      }
      guard parts.count == 2 else {
        refuse("A setting is NAME=VALUE.")
        continue
      }
      if let message = SettingNames.fault(of: name, spelled: { $0 }) {
        refuse(message)
      } else if values[name] != nil {
        refuse("The setting is given twice.")
      } else if !parts[1].isEmpty {
        values[name] = String(parts[1])
      }
    }
    return values
  }

  /// The variables that are settings, with their prefix. An empty value is the same as none.
  private static func read(
    _ environment: [String: String], _ faults: inout [Refusal]
  ) -> [String: String] {
    var values: [String: String] = [:]
    for (variable, value) in environment.sorted(by: { $0.key < $1.key })
    where variable.hasPrefix(Setting.prefix) && !value.isEmpty {
      guard faults.count < maxFaults else { return values }
      let name = String(variable.dropFirst(Setting.prefix.count))
      if SettingNames.ofScripts.contains(name) || SettingNames.isServiceLink(name, value) {
        continue
      }
      // The names of variables have capitals only.
      let isSpelled = name == name.uppercased()
      let fault =
        isSpelled
        ? SettingNames.fault(of: name) { Setting.prefix + $0 }
        : "The names of variables are written in capitals."
      if let fault {
        faults.append(Refusal(.malformed, check: "configuration", field: variable, fault))
      } else {
        values[variable] = value
      }
    }
    return values
  }

  /// Reads each setting from the first source that has it.
  private static func resolve(
    flags: [String: String], variables: [String: String], file: ConfigurationFile?
  ) -> [String: Given] {
    let scope = "pithledger"
    let flagsName = "flags"
    func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
      var items: [AbsoluteConfigKey: ConfigValue] = [:]
      for (key, value) in values {
        let isSecret = SettingsTable.setting(named: key)?.isSecret ?? false
        items[AbsoluteConfigKey([scope, key.lowercased()])] = ConfigValue(
          .string(value), isSecret: isSecret)
      }
      return InMemoryProvider(name: name, values: items)
    }
    let members = Dictionary(
      (file?.members ?? []).map { ($0.setting.name, $0) }, uniquingKeysWith: { first, _ in first })
    let secrets = Set(SettingsTable.settings.filter(\.isSecret).map(\.variable))
    let first = provider(flagsName, flags)
    let second = EnvironmentVariablesProvider(
      environmentVariables: variables, secretsSpecifier: .specific(secrets))
    let recorder = SourceRecorder()
    let reader = ConfigReader(
      providers: [first, second, provider("file", members.mapValues(\.value))],
      accessReporter: recorder
    ).scoped(to: ConfigKey(scope))

    var given: [String: Given] = [:]
    for setting in SettingsTable.settings {
      guard
        let value = reader.string(
          forKey: ConfigKey(setting.member), isSecret: setting.isSecret)
      else { continue }
      let source: Source =
        switch recorder.provider {
        case first.providerName: .flag
        case second.providerName: .environment
        default: .file(file?.path ?? "", line: members[setting.name]?.line ?? 1)
        }
      given[setting.name] = Given(value: value, source: source)
    }
    return given
  }
}

/// Remembers which provider the last value came from.
private final class SourceRecorder: AccessReporter {
  private let name = Mutex<String?>(nil)

  /// The provider of the last value.
  var provider: String? { name.withLock { $0 } }

  func report(_ event: AccessEvent) {
    let first = event.providerResults.first { (try? $0.result.get().value) != nil }
    name.withLock { $0 = first?.providerName }
  }
}
