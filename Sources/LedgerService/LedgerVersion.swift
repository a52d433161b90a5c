import CBuildInfo

/// The version of the program. `pithledger --version`, `/readyz`, `/metrics` and packages state it.
public enum LedgerVersion {
  /// Major, minor and patch number, as in Semantic Versioning 2.0.0.
  public static let current = "1.0.0"

  /// The commit that was built: 40 hexadecimal digits, and `-dirty` after them if files had changed since. `nil` if the
  /// build was not told. `/readyz` states it.
  public static let commit = commit(unsafe String(cString: pithledger_commit()))

  /// A commit as a build may state it; `nil` for any other text.
  static func commit(_ text: String) -> String? {
    text.wholeMatch(of: #/[0-9a-f]{40}(-dirty)?/#) == nil ? nil : text
  }
}
