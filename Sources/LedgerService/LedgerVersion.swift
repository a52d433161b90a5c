/// The version of the program. `pithledger --version`, `/readyz`, `/metrics` and packages state it.
public enum LedgerVersion {
  /// Major, minor and patch number, as in Semantic Versioning 2.0.0.
  public static let current = "1.0.0"
}
