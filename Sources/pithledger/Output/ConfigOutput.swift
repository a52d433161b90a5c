import CanonicalJSON
import LedgerDomain
import LedgerService

/// Prints the value and the source of each setting.
struct ConfigCheckOutput: CommandOutput {
  let values: SettingValues
  /// What cannot be used.
  let faults: [Refusal]

  /// Checks the values, and reads the files that they name.
  init(_ values: SettingValues) {
    self.values = values
    var faults = values.faults
    if faults.isEmpty {
      do throws(Refusal) { _ = try LedgerConfiguration(values) } catch { faults.append(error) }
    }
    self.faults = faults
  }

  var json: JSON {
    [
      "config_file": values.file.map { .string($0) } ?? .null,
      "faults": .array(faults.map { Failure($0).json() }),
      "settings": .array(
        SettingsTable.settings.map { setting in
          var json: JSONObject = [
            "name": .string(setting.name), "source": .string(Self.word(values.source(of: setting))),
            "value": shown(setting).map { .string($0) } ?? .null,
          ]
          if case .file(_, let line) = values.source(of: setting) {
            json["line"] = .integer(Int64(line))
          }
          return .object(json)
        }),
    ]
  }

  var text: String {
    let width = SettingsTable.settings.map(\.name.count).max() ?? 0
    let lines = SettingsTable.settings.map { setting in
      let source =
        switch values.source(of: setting) {
        case .file(let path, let line): "\(path) line \(line)"
        case let source: Self.word(source)
        }
      let name = setting.name.padding(to: width)
      return "\(name)  \(shown(setting) ?? absent(setting))  (\(source))"
    }
    let file = values.file.map { "configuration file: \($0)" } ?? "no configuration file"
    return ([file] + lines).joined(separator: "\n")
  }

  /// The value in effect; `nil` if there is no fixed one.
  private func shown(_ setting: Setting) -> String? {
    guard let value = values.value(of: setting) else {
      if case .value(let value) = setting.fallback { return value }
      return nil
    }
    return setting.isSecret ? "(secret)" : value
  }

  private func absent(_ setting: Setting) -> String {
    if case .described(let text) = setting.fallback { return text.replacing("`", with: "") }
    return ""
  }

  private static func word(_ source: SettingValues.Source?) -> String {
    switch source {
    case .flag: "flag"
    case .environment: "environment"
    case .file: "file"
    case nil: "default"
    }
  }
}

/// Prints all settings with their meaning and default.
struct SettingsListOutput: CommandOutput {
  var json: JSON {
    [
      "settings": .array(
        SettingsTable.settings.map { setting in
          var json: JSONObject = [
            "default": .null, "kind": .string(Self.plain(setting.kind.words)),
            "meaning": .string(setting.meaning), "member": .string(setting.member),
            "name": .string(setting.name), "secret": .bool(setting.isSecret),
            "variable": .string(setting.variable),
          ]
          if case .value(let value) = setting.fallback { json["default"] = .string(value) }
          return .object(json)
        })
    ]
  }

  var text: String {
    SettingsTable.groups.map { group in
      let lines = group.settings.map { setting in
        let fallback =
          switch setting.fallback {
          case .value(let value): value
          case .described(let text): text
          }
        return
          "  \(setting.name) (\(Self.plain(setting.kind.words)); default: \(Self.plain(fallback)))\n"
          + "      \(Self.plain(setting.meaning))"
      }
      return ([group.title] + lines).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  /// Markdown as plain text: without backquotes and targets of links.
  private static func plain(_ text: String) -> String {
    text.replacing("`", with: "").replacing(#/\[([^\]]*)\]\([^)]*\)/#) { String($0.1) }
  }
}

extension String {
  /// The text with spaces after it up to a width.
  func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
