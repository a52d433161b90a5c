import CanonicalJSON

/// The result of a command in the two forms in which it can be printed.
///
/// Each type of this folder is the output of one command, or of several that print the same.
protocol CommandOutput {
  /// The result as one JSON value, for `--json`.
  var json: JSON { get }
  /// The result as text for a person, without a line feed at the end.
  var text: String { get }
  /// Prints the result to standard output, followed by a line feed.
  func print(asJSON: Bool)
}

extension CommandOutput {
  /// Prints the result to standard output, followed by a line feed.
  func print(asJSON: Bool) {
    Swift.print(
      asJSON ? TerminalText.output(json) : TerminalText.escaped(text, keepsLines: true))
  }

  /// The line that names the cursor of the next page; none for the last page.
  var nextCursor: [String] {
    json["cursor"]?.stringValue == nil ? [] : ["more: --cursor \(json["cursor"].line)"]
  }
}
