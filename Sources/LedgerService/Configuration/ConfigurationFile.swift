import CanonicalJSON
import DurableFiles
import LedgerDomain

/// The configuration file: a JSON object with the settings as members, their names in small letters.
///
/// Numbers, `true` and `false`, and arrays of texts are written as in JSON. The file has at most 64 KiB, and
/// nothing in it is nested deeper than an array.
struct ConfigurationFile: Sendable {
  static let limits = JSONLimits(maxBytes: 1 << 16, maxDepth: 2)

  /// A setting of the file.
  struct Member: Sendable {
    let setting: Setting
    /// The value as it would be written in an environment variable.
    let value: String
    /// The line of the member's name, counted from 1.
    let line: Int
  }

  let path: String
  private(set) var members: [Member] = []
  /// What is wrong with the file. Each refusal names the file, and the member and line where there is one.
  private(set) var faults: [Refusal] = []

  /// Reads a file. A file that others can change is refused, and one with a secret that others can read.
  ///
  /// - Parameter excluded: settings that this file may not have.
  init(path: String, excluding excluded: Set<String>) {
    self.path = path
    do throws(Refusal) {
      let bytes = try Self.bytes(path, mayBeReadByOthers: true)
      try read(bytes, excluded)
      if let secret = members.first(where: \.setting.isSecret) {
        do throws(Refusal) { _ = try Self.bytes(path, mayBeReadByOthers: false) } catch {
          faults.append(
            refusal(secret.line, secret.setting.member, "The file has a secret. \(error.message)"))
        }
      }
    } catch { faults.append(error) }
  }

  private static func bytes(_ path: String, mayBeReadByOthers: Bool) throws(Refusal) -> [UInt8] {
    do throws(DurableFileError) {
      return try SecretFile.read(
        path, maxBytes: limits.maxBytes, mayBeReadByOthers: mayBeReadByOthers)
    } catch {
      throw Refusal(.malformed, check: "configuration", field: path, error.message)
    }
  }

  private mutating func read(_ bytes: [UInt8], _ excluded: Set<String>) throws(Refusal) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes, limits: Self.limits) } catch {
      let line = Self.line(of: error.offset, in: bytes)
      throw Refusal(
        .malformed, check: "configuration", field: "\(path) line \(line)",
        "The configuration file is not JSON: \(error.message).")
    }
    guard let object = json.objectValue else {
      throw Refusal(
        .malformed, check: "configuration", field: path,
        "The configuration file is one JSON object with the settings as members.")
    }
    let lines = Self.memberLines(bytes)
    for (name, value) in object {
      guard faults.count < SettingValues.maxFaults else { return }
      let line = lines[name] ?? 1
      if let message = fault(ofName: name, excluded) {
        faults.append(refusal(line, name, message))
      } else if let setting = SettingsTable.setting(named: name), !value.isNull {
        switch Self.text(value, setting.kind) {
        case .success(let text):
          if !text.isEmpty { members.append(Member(setting: setting, value: text, line: line)) }
        case .failure(let fault): faults.append(refusal(line, name, fault.message))
        }
      }
    }
  }

  private func fault(ofName name: String, _ excluded: Set<String>) -> String? {
    if excluded.contains(name) { return "This file cannot have this setting." }
    if name != name.lowercased(), SettingsTable.setting(named: name) != nil {
      return "Names are written in small letters here: \(name.lowercased())."
    }
    let bare = name.uppercased()
    let short =
      bare.hasPrefix(Setting.prefix) ? String(bare.dropFirst(Setting.prefix.count)) : bare
    guard short == bare else {
      return "Names have no prefix here: \(short.lowercased())."
    }
    return SettingNames.fault(of: bare) { $0.lowercased() }
  }

  /// The refusal of a member.
  func refusal(_ line: Int, _ member: String, _ message: String) -> Refusal {
    Refusal(
      .malformed, check: "configuration", field: "\(path) line \(line), \(member)", message)
  }

  // MARK: Values

  private struct Mismatch: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  /// The value as it would be written in an environment variable.
  private static func text(_ value: JSON, _ kind: Setting.Kind) -> Result<String, Mismatch> {
    switch kind {
    case .flag:
      value.boolValue.map { .success($0 ? "1" : "0") }
        ?? .failure(Mismatch("Either true or false."))
    case .number, .days:
      value.integerValue.map { .success("\($0)") }
        ?? .failure(Mismatch("A whole number, without quotation marks."))
    case .list, .addresses:
      list(value)
    case .text, .file, .choice, .address:
      value.stringValue.map(checked) ?? .failure(Mismatch("A text in quotation marks."))
    }
  }

  private static func list(_ value: JSON) -> Result<String, Mismatch> {
    let items = value.arrayValue?.compactMap(\.stringValue)
    guard let items, items.count == value.arrayValue?.count else {
      return .failure(Mismatch("An array of texts."))
    }
    guard items.allSatisfy({ !$0.contains(",") && !$0.isEmpty }) else {
      return .failure(Mismatch("An item of the array is empty or has a comma."))
    }
    return checked(items.joined(separator: ","))
  }

  private static func checked(_ text: String) -> Result<String, Mismatch> {
    // As in an environment variable. A path with NUL would end there.
    text.utf8.contains(0) ? .failure(Mismatch("A text without U+0000.")) : .success(text)
  }

  // MARK: Lines

  private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
    bytes.prefix(offset).count { $0 == 0x0A } + 1
  }

  /// The lines on which the names of the outermost object's members stand. The bytes are valid JSON.
  private static func memberLines(_ bytes: [UInt8]) -> [String: Int] {
    var lines: [String: Int] = [:]
    var (depth, index, line) = (0, 0, 1)
    var isName = false
    while index < bytes.count {
      switch bytes[index] {
      case 0x0A: line += 1
      case 0x5B, 0x7B:
        depth += 1
        isName = bytes[index] == 0x7B
      case 0x5D, 0x7D: depth -= 1
      case 0x2C: isName = depth == 1
      case 0x3A: isName = false
      case 0x22:
        let start = index
        index += 1
        while index < bytes.count, bytes[index] != 0x22 { index += bytes[index] == 0x5C ? 2 : 1 }
        if isName, depth == 1, index < bytes.count,
          let name = try? JSON.parse(Array(bytes[start...index])).stringValue
        {
          lines[name] = line
        }
      default: break
      }
      index += 1
    }
    return lines
  }
}
