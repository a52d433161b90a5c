import Testing

@testable import LedgerService

/// The commit that a build was told.
@Suite("The version of the program")
struct LedgerVersionTests {
  @Test("A commit is stated as git describes it, and nothing else is taken for one")
  func commit() {
    let sha = String(repeating: "0a", count: 20)
    #expect(LedgerVersion.commit(sha) == sha)
    #expect(LedgerVersion.commit(sha + "-dirty") == sha + "-dirty")
    for text in ["", "unknown", String(sha.dropLast()), sha + "0", sha.uppercased(), sha + "-x"] {
      #expect(LedgerVersion.commit(text) == nil, "\(text)")
    }
  }
}
