/// Text of LaTeX and BibTeX.
enum LaTeXText {
  /// The text without any command: every character that means something to TeX is written as a command that prints it.
  ///
  /// No brace is left that BibTeX would count.
  static func escaped(_ text: String) -> String {
    PlainText.replacingScalars(of: text) { scalar in
      switch scalar {
      case "\\": "\\textbackslash{}"
      case "{": "\\textbraceleft{}"
      case "}": "\\textbraceright{}"
      case "~": "\\textasciitilde{}"
      case "^": "\\textasciicircum{}"
      case "$", "&", "%", "#", "_": "\\\(scalar)"
      default: nil
      }
    }
  }

  /// An address as an argument of `\href`, in which `%` and `#` are escaped. It has no braces and no backslash.
  static func address(_ address: String) -> String {
    PlainText.replacingScalars(of: address) { $0 == "%" || $0 == "#" ? "\\\($0)" : nil }
  }
}
