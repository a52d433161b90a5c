public import ArgumentParser

extension CommandConfiguration {
  /// Makes the configuration of a command with examples, which end its description.
  ///
  /// - Parameter examples: lines that a shell runs. A test runs all of them. Words in capitals such as
  ///   `EVENT` stand for values that the reader has.
  public init(
    commandName: String? = nil, abstract: String, discussion: String = "", examples: [String],
    subcommands: [any ParsableCommand.Type] = [],
    defaultSubcommand: (any ParsableCommand.Type)? = nil
  ) {
    let lines = ["Examples:"] + examples.map { "  " + $0 }
    let paragraphs = [discussion, lines.joined(separator: "\n")].filter { !$0.isEmpty }
    self.init(
      commandName: commandName, abstract: abstract,
      discussion: paragraphs.joined(separator: "\n\n"),
      subcommands: subcommands, defaultSubcommand: defaultSubcommand)
  }
}
