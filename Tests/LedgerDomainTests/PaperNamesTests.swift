import Encodings
import LedgerDomain
import TestSupport
import Testing

/// The names of papers, and the rule that a signer's citations by one paper count once.
@Suite struct PaperNamesTests {
  @Test("Names have one form")
  func forms() throws {
    #expect(PaperName(arxiv: "arXiv:2401.00001v3").text == "arxiv:2401.00001")
    #expect(PaperName(doi: "https://doi.org/10.48550/arXiv.2401.00001").text == "arxiv:2401.00001")
    #expect(PaperName(doi: "10.48550/ARXIV.hep-th/9901001v2").text == "arxiv:hep-th/9901001")
    #expect(PaperName(doi: "10.48550/arXiv.").text == "doi:10.48550/arxiv.")
    #expect(PaperName(doi: "doi:10.1000/ABC").text == "doi:10.1000/abc")
    #expect(PaperName(Alias(kind: .pithShort8, value: "4OXKXQ4P")) == nil)
    let number = try #require(PithNumber("pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2"))
    #expect(PaperName(number).slot == LogWriter.citing(number.description))
  }

  private static let names = ["pith:1", "arxiv:1", "doi:1", "doi:1b", "pith:2"]

  @Test(
    "A signer's citations by one paper count once, in any order of statements and names",
    arguments: 1...200 as ClosedRange<UInt64>)
  func orders(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var log = LogWriter()
    let cited = log.record()
    let signer = log.signer("s")
    var steps: [Int] = Array(0..<Self.names.count) + [100, 101, 102, 103]
    steps.shuffle(using: &random)
    var papers: [RecordID] = []
    var late: [String] = []
    for step in steps {
      switch step {
      case 100: papers.append(log.record(named: "pith:1", source: "arxiv:1"))
      case 101: papers.append(log.record(named: "pith:2", source: "arxiv:1"))
      case 102, 103:
        let name = step == 102 ? "doi:1" : "doi:1b"
        if let paper = papers.randomElement(using: &random) {
          log.alias(name, of: paper)
        } else {
          late.append(name)
        }
      default:
        log.attest(.citationSignature, cited, by: signer, slot: Self.names[step], says: "same")
      }
    }
    for name in late { log.alias(name, of: papers[0]) }
    let sums = log.sums(cited)
    #expect(sums.citationEdges == 1 && sums.equivocations == 0, "seed \(seed)")
  }

  @Test("Statements by one paper under two names with different relations are an equivocation")
  func equivocation() {
    var log = LogWriter()
    let cited = log.record()
    let signer = log.signer("s")
    let first = log.attest(.citationSignature, cited, by: signer, slot: "arxiv:1", says: "extends")
    let second = log.attest(.citationSignature, cited, by: signer, slot: "doi:1", says: "refutes")
    #expect(log.sums(cited).citationEdges == 2)
    let paper = log.record(named: "pith:1", source: "arxiv:1")
    log.alias("doi:1", of: paper)
    #expect(log.sums(cited).citationEdges == 1 && log.sums(cited).equivocations == 1)
    #expect(log.standing(first) == "verified" && log.standing(second) == "rejected")
    log.alias("doi:1", of: paper, retracted: true)
    #expect(log.sums(cited).citationEdges == 2 && log.sums(cited).equivocations == 0)
  }

  @Test("A statement supersedes one that cites under another name of the paper")
  func supersession() {
    var log = LogWriter()
    let cited = log.record()
    let signer = log.signer("s")
    let first = log.attest(.citationSignature, cited, by: signer, slot: "pith:1", says: "extends")
    log.attest(
      .citationSignature, cited, by: signer, slot: "arxiv:1", says: "refutes", supersedes: first)
    #expect(log.standing(first) == "verified")
    _ = log.record(named: "pith:1", source: "arxiv:1")
    #expect(log.standing(first) == "superseded" && log.sums(cited).citationEdges == 1)
  }

  @Test("Bare records of one source do not join its aliases with those of another")
  func bareRecords() {
    var log = LogWriter()
    let cited = log.record()
    let signer = log.signer("s")
    for name in ["pith:1", "pith:9", "arxiv:1", "arxiv:9"] {
      log.attest(.citationSignature, cited, by: signer, slot: name)
    }
    _ = log.record(named: "pith:1", source: "arxiv:1")
    _ = log.record(named: "pith:9", source: "arxiv:9")
    #expect(log.sums(cited).citationEdges == 2)
  }

  @Test("Only the registry names papers")
  func authority() {
    var log = LogWriter()
    let cited = log.record()
    let signer = log.signer("s")
    log.attest(.citationSignature, cited, by: signer, slot: "doi:1")
    log.attest(.citationSignature, cited, by: signer, slot: "arxiv:1")
    log.append(.aliasAdded, by: signer, record: cited) {
      $0.slot = LogWriter.citing("doi:1")
      $0.claimant = LogWriter.citing("arxiv:1")
    }
    #expect(log.sums(cited).citationEdges == 2)
  }

  @Test("Two signers count twice, and a key that is vouched for later stays one signer")
  func signers() {
    var log = LogWriter()
    let cited = log.record()
    let first = log.signer("k1", "urn:person")
    let second = log.signer("k2", "urn:person")
    log.attest(.citationSignature, cited, by: first, slot: "arxiv:1", says: "extends")
    log.attest(.citationSignature, cited, by: second, slot: "doi:1", says: "extends")
    let paper = log.record(named: "pith:1", source: "arxiv:1")
    log.alias("doi:1", of: paper)
    #expect(log.sums(cited).citationEdges == 2)
    log.vouch(first)
    log.vouch(second)
    #expect(log.sums(cited).citationEdges == 1 && log.sums(cited).vouchedCitationEdges == 0)
  }
}
