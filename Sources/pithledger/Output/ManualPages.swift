import Foundation
import LedgerService

/// The manual pages of the commands, in the macros of man(7).
struct ManualPages {
  private struct Help: Decodable {
    let command: Command
  }

  /// A command as the argument parser describes it.
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        let kind: String
        let name: String
        var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
      }
      let kind: String
      let shouldDisplay: Bool
      let isOptional: Bool
      let isRepeating: Bool
      let names: [Name]?
      let preferredName: Name?
      let valueName: String?
      let defaultValue: String?
      let abstract: String?
    }
    let commandName: String
    let shouldDisplay: Bool
    let abstract: String?
    let discussion: String?
    let defaultSubcommand: String?
    let subcommands: [Command]?
    let arguments: [Argument]?

    /// The commands below, without `help`.
    var children: [Command] {
      (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }
  }

  private let root: Command

  /// Reads the description of the commands.
  ///
  /// - Parameter help: the JSON that the argument parser makes.
  init(help: String) throws {
    root = try JSONDecoder().decode(Help.self, from: Data(help.utf8)).command
  }

  /// The page of a command; `nil` if there is no such command.
  func page(of path: [String]) -> String? {
    var (command, names) = (root, [root.commandName])
    for name in path {
      guard let child = command.children.first(where: { $0.commandName == name }) else {
        return nil
      }
      command = child
      names.append(name)
    }
    return Self.page(command, names)
  }

  /// All pages by their names without section.
  var all: [(name: String, page: String)] { Self.pages(root, [root.commandName]) }

  private static func pages(
    _ command: Command, _ names: [String]
  ) -> [(name: String, page: String)] {
    [(names.joined(separator: "-"), page(command, names))]
      + command.children.flatMap { pages($0, names + [$0.commandName]) }
  }

  // MARK: Text

  private static func page(_ command: Command, _ names: [String]) -> String {
    let name = names.joined(separator: "-")
    var page = [
      ".TH \(escaped(name.uppercased())) 1 \"\" \"pithledger \(escaped(LedgerVersion.current))\" \"Pith Ledger\"",
      ".SH NAME", "\(escaped(name)) \\- \(sentence(command.abstract ?? ""))",
      ".SH SYNOPSIS", "\\fB\(escaped(names.joined(separator: " ")))\\fR",
    ]
    let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
    page += arguments.map(synopsis)
    if !command.children.isEmpty { page.append("\\fIcommand\\fR") }
    let (text, examples) = parts(of: command.discussion ?? "")
    if !text.isEmpty { page += [".SH DESCRIPTION"] + paragraphs(text) }
    page += section("ARGUMENTS", arguments.filter { $0.kind == "positional" })
    page += section("OPTIONS", arguments.filter { $0.kind != "positional" })
    if !command.children.isEmpty {
      page.append(".SH COMMANDS")
      for child in command.children {
        let isDefault = child.commandName == command.defaultSubcommand
        page += [
          ".TP", "\\fB\(escaped(child.commandName))\\fR\(isDefault ? " (default)" : "")",
          escaped(child.abstract ?? ""),
        ]
      }
    }
    if !examples.isEmpty {
      page += [".SH EXAMPLES", ".nf"] + examples.map(escaped) + [".fi"]
    }
    page += [".SH SEE ALSO"] + related(command, names)
    return page.joined(separator: "\n") + "\n"
  }

  private static func related(_ command: Command, _ names: [String]) -> [String] {
    let own = names.joined(separator: "-")
    let above = names.count > 1 ? [names.dropLast().joined(separator: "-")] : []
    let all = above + command.children.map { own + "-" + $0.commandName }
    guard !all.isEmpty else { return ["docs/command\\-line.md"] }
    return all.enumerated().map { index, name in
      "\\fB\(escaped(name))\\fR(1)\(index == all.count - 1 ? "" : ",")"
    }
  }

  /// The description before the examples, and the examples without their indentation.
  private static func parts(of discussion: String) -> (text: String, examples: [String]) {
    let lines = discussion.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let start = lines.firstIndex(of: "Examples:") else { return (discussion, []) }
    return (
      lines[..<start].joined(separator: "\n"),
      lines[(start + 1)...].map { $0.hasPrefix("  ") ? String($0.dropFirst(2)) : $0 }
    )
  }

  private static func paragraphs(_ text: String) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return lines.map { $0.isEmpty ? ".PP" : escaped($0) }.reversed()
      .drop { $0 == ".PP" }.reversed()
  }

  private static func section(_ title: String, _ arguments: [Command.Argument]) -> [String] {
    guard !arguments.isEmpty else { return [] }
    return [".SH \(title)"]
      + arguments.flatMap { argument in
        let value = argument.valueName.map { "\\fI\(escaped($0))\\fR" } ?? ""
        let names = (argument.names ?? []).map { "\\fB\(escaped($0.text))\\fR" }
          .joined(separator: ", ")
        let label =
          switch argument.kind {
          case "positional": value
          case "flag": names
          default: "\(names) \(value)"
          }
        let fallback = argument.defaultValue.map { " The default is \($0)." } ?? ""
        return [".TP", label, escaped((argument.abstract ?? "") + fallback)]
      }
  }

  private static func synopsis(_ argument: Command.Argument) -> String {
    let value = argument.valueName.map { "\\fI\(escaped($0))\\fR" } ?? ""
    let name = argument.preferredName.map { "\\fB\(escaped($0.text))\\fR" } ?? ""
    let text =
      switch argument.kind {
      case "positional": value
      case "flag": name
      default: "\(name) \(value)"
      }
    let repeated = text + (argument.isRepeating ? " ..." : "")
    return argument.isOptional ? "[\(repeated)]" : repeated
  }

  /// An abstract without the full stop at its end, as in the section NAME.
  private static func sentence(_ text: String) -> String {
    escaped(text.hasSuffix(".") ? String(text.dropLast()) : text)
  }

  /// The text with the characters escaped that roff interprets.
  private static func escaped(_ text: String) -> String {
    var line = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
      .replacing("\n", with: " ")
    line = line.unicodeScalars.map {
      $0.isASCII ? String($0) : "\\[u\(hex($0.value))]"
    }.joined()
    // A line that begins with a control character is a request.
    return line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
