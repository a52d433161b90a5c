import CanonicalJSON
import LedgerDomain
import LedgerService
import TestSupport
import Testing

@testable import RecordFormats

@Suite("References, badges and links")
struct ReferenceTests {
  private let links = SamplePaper.links

  @Test("A reference in each format")
  func references() throws {
    let paper = try SamplePaper.paper(
      title: "On {Computable} Numbers & more", authors: "Alan M. Turing, The Enigma Group",
      aliases: [
        Alias(kind: .arxiv, value: "2412.14164"),
        Alias(kind: .doi, value: "10.1112/plms/s2-42.1.230"),
      ])
    let number = paper.number
    #expect(
      BibTeX(paper, links: links).text == """
        @misc{turing2024computable,
          title = {{On \\textbraceleft{}Computable\\textbraceright{} Numbers \\& more}},
          author = {Turing, Alan M. and {The Enigma Group}},
          year = {2024},
          month = 12,
          doi = {10.1112/plms/s2-42.1.230},
          eprint = {2412.14164},
          archiveprefix = {arXiv},
          primaryclass = {cs.CV},
          url = {https://doi.org/10.1112/plms/s2-42.1.230},
          note = {Pith Number \(number).}
        }

        """)
    #expect(
      RIS(paper, links: links).text.split(separator: "\r\n", omittingEmptySubsequences: false) == [
        "TY  - GEN", "TI  - On {Computable} Numbers & more", "AU  - Turing, Alan M.",
        "AU  - The Enigma Group", "PY  - 2024", "DA  - 2024/12/18",
        "DO  - 10.1112/plms/s2-42.1.230", "M1  - arXiv:2412.14164", "KW  - cs.CV", "KW  - cs.LG",
        "AN  - \(number)", "UR  - https://doi.org/10.1112/plms/s2-42.1.230",
        "N1  - Pith Number \(number).", "ER  - ", "",
      ])
    let item = CSL(paper, links: links).json.arrayValue?.first
    #expect(item?["DOI"] == "10.1112/plms/s2-42.1.230" && item?["number"] == "arXiv:2412.14164")
    #expect(
      item?["author"] == [
        ["family": "Turing", "given": "Alan M."], ["literal": "The Enigma Group"],
      ])
    #expect(item?["issued"] == ["date-parts": [[2024, 12, 18]]])
  }

  @Test("A title that the Pith Number does not confirm is not the paper's")
  func unconfirmedTitle() throws {
    let view = try SamplePaper.view(title: "Forged", isConfirmed: false)
    let paper = PaperDescription(view)
    #expect(paper.title == nil && paper.unconfirmedTitle == "Forged")
    #expect(BibTeX(paper, links: links).text.contains("title = {{Record pith:2024:"))
    #expect(BibTeX(paper, links: links).text.contains("does not confirm: Forged"))
    let article = try #require(
      try RecordLinkedData(view, links: links).json()["@graph"]?.arrayValue?.first)
    #expect(article["name"] == nil && article["ledger:unconfirmedTitle"] == "Forged")
  }

  @Test(
    "A record without a document, and one whose names anybody may have sent, claim no other address"
  )
  func untrustedNames() throws {
    let view = try SamplePaper.view(
      authors: nil, license: "all rights reserved", isTrusted: false, hasDocument: false)
    let paper = PaperDescription(view)
    #expect(paper.title == nil && paper.authors.isEmpty && paper.licenseURL == nil)
    let page = links.page(paper.number)
    #expect(paper.citeAs(links) == page)
    #expect(
      Signposting(paper, links: links).ofPage.filter { $0.rel == "cite-as" }.map(\.href) == [page])
    let article = try #require(
      try RecordLinkedData(view, links: links).json()["@graph"]?.arrayValue?.first)
    #expect(article["sameAs"] == nil && article["author"] == nil)
    #expect(article["license"] == ["@type": "CreativeWork", "name": "all rights reserved"])
    let arxiv = article["identifier"]?.arrayValue?.first { $0["propertyID"] == "arXiv" }
    #expect(arxiv?["value"] == "2412.14164" && arxiv?["url"] == nil)
    #expect(!BibTeX(paper, links: links).text.contains("eprint"))
  }

  @Test("A retracted name is not in any format")
  func retractedNames() throws {
    let aliases = [Alias(kind: .arxiv, value: "2412.14164"), Alias(kind: .doi, value: "10.1/x")]
    let paper = PaperDescription(
      try SamplePaper.view(aliases: aliases, retracted: [.doi, .arxiv]))
    #expect(paper.arxiv == nil && paper.dois == [] && paper.arxivVersion == nil)
    #expect(paper.citeAs(links) == links.page(paper.number))
  }

  @Test("Names of hostile forms are no addresses")
  func hostileNames() throws {
    let paper = try SamplePaper.paper(aliases: [
      Alias(kind: .arxiv, value: "x\r\nSet-Cookie: a=b"), Alias(kind: .doi, value: "10.1/a\"> <b>"),
      Alias(kind: .doi, value: "10.1/a#b?c\"<>%}\\"), Alias(kind: .doi, value: "11.1/x"),
    ])
    #expect(paper.arxiv == nil && paper.dois == ["10.1/a#b?c\"<>%}\\"])
    #expect(paper.doiURLs == ["https://doi.org/10.1/a%23b%3Fc%22%3C%3E%25%7D%5C"])
    #expect(BibTeX(paper, links: links).text.contains("  doi = {10.1/a#b?c\"<>%},\n"))
    for link in Signposting(paper, links: links).ofPage {
      #expect(link.href.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"".utf8.contains($0) })
    }
  }

  @Test("No text leaves its line, its field or its element")
  func randomTexts() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let view = try SamplePaper.view(
        title: SamplePaper.hostileText(&random), isConfirmed: Bool.random(using: &random),
        authors: SamplePaper.hostileText(&random))
      let paper = PaperDescription(view)
      let ris = RIS(paper, links: links).text
      #expect(
        ris.unicodeScalars.split { $0.properties.isWhitespace && $0 != " " }.allSatisfy {
          let line = Array($0.prefix(6))
          return line.count == 6 && String(String.UnicodeScalarView(line)).hasSuffix("  - ")
        }, "seed \(seed)")
      let bib = BibTeX(paper, links: links).text
      var depth = 0
      for scalar in bib.unicodeScalars {
        depth += scalar == "{" ? 1 : scalar == "}" ? -1 : 0
        #expect(depth >= 0, "seed \(seed)")
      }
      #expect(depth == 0 && bib.split(separator: "\n").last == "}", "seed \(seed)")
      let head = RecordLinkedData(view, links: links).head
      #expect(!head.unicodeScalars.contains("<"), "seed \(seed)")
      let parsed = try JSON.parse(Array(head.utf8))
      #expect(parsed["name"]?.stringValue == paper.title, "seed \(seed)")
    }
  }

  @Test("The badge says what verification_status says")
  func badges() {
    func text(_ change: (inout VerificationStatus) -> Void) -> String {
      var status = SamplePaper.noStatus
      change(&status)
      return StatusBadge(status).text
    }
    #expect(text { _ in } == "computed only")
    #expect(text { $0.weakAuthorClaims = 3 } == "computed only", "a weak claim attests nothing")
    #expect(
      text {
        $0.strongAuthorClaims = 1
        $0.externallyAnchored = true
      } == "author attested, anchored")
    #expect(
      text {
        $0.storageVerified = true
        $0.citationSignatures = 1
        $0.replicationRecords = 2
      } == "stored, 1 signed citation, 2 replication reports")
    #expect(StatusBadge(nil).text == "status not known yet")
    let badge = StatusBadge(SamplePaper.noStatus)
    #expect(badge.svg.contains("role=\"img\""))
    #expect(badge.svg.contains("<title id=\"t\">Pith: computed only</title>"))
    #expect(!badge.svg.contains("style=") && !badge.svg.contains("href"))
  }

  @Test("The texts to embed do not repeat a status")
  func snippets() throws {
    let number = try SamplePaper.paper().number
    let snippets = EmbedSnippets(number, links: links)
    let page = "https://ledger.example/pith/\(number.suffix)"
    #expect(
      snippets.html
        == "<a href=\"\(page)\"><img src=\"\(page)/badge.svg\" alt=\"Status of \(number) in Pith Ledger\"></a>"
    )
    #expect(
      snippets.markdown == "[![Status of \(number) in Pith Ledger](\(page)/badge.svg)](\(page))")
    #expect(snippets.latex == "\\href{\(page)}{\\texttt{\(number)}}")
  }

  @Test("The size of an embedded badge is within what is asked for")
  func embedded() throws {
    let paper = try SamplePaper.paper()
    let badge = StatusBadge(SamplePaper.noStatus)
    func answer(_ width: Int?, _ height: Int?) -> JSON {
      OEmbed(paper, badge: badge, maxWidth: width, maxHeight: height, links: links).json
    }
    #expect(answer(nil, nil)["width"] == .integer(Int64(badge.width)))
    #expect(answer(10_000, 10_000)["height"] == 20)
    let small = answer(badge.width * 3 / 4, nil)
    #expect(small["type"] == "rich" && (14...15).contains(small["height"]?.integerValue ?? 0))
    #expect((small["width"]?.integerValue ?? .max) <= Int64(badge.width * 3 / 4))
    for link in [answer(0, nil), answer(nil, 1), answer(20, 20)] {
      #expect(link["type"] == "link" && link["html"] == nil)
    }
  }

  @Test("Relations without a term of their own are marked")
  func terms() {
    let terms = Dictionary(
      uniqueKeysWithValues: CitationSignature.Relation.allCases.map {
        ($0.rawValue, CitationTerm($0))
      })
    #expect(terms["uses_method"] == CitationTerm(.usesMethod))
    #expect(terms["uses_method"]?.name == "usesMethodIn")
    #expect(terms.mapValues(\.name)["replaces"] == "updates")
    #expect(terms.mapValues(\.name)["depends_on"] == "usesConclusionsFrom")
    #expect(terms.mapValues(\.name)["compares"] == "discusses")
    #expect(
      Set(terms.filter { !$0.value.isExact }.keys) == ["replaces", "depends_on", "compares"])
  }
}
