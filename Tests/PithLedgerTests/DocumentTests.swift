import CanonicalJSON
import Foundation
import LedgerTestSupport
import TestSupport
import Testing

/// The commands and programs in the documents, run as a reader would run them.
@Suite("Examples in the documents")
struct DocumentTests {
  private static let missing = PythonPackages.missing(
    ["cryptography", "openapi_python_client", "standardwebhooks"],
    programs: ["node", "openssl", "psql", "curl"])

  @Test(
    "Every command of a page runs, from its top to its bottom",
    .enabled(if: missing == nil, Comment(rawValue: missing ?? "")),
    arguments: [
      "README.md", "docs/http.md", "docs/checks.md", "docs/security.md", "docs/submitter.md",
      "docs/integrator.md", "docs/auditor.md",
    ])
  func page(name: String) async throws {
    let driver = try Fixtures.project("Tests/PithLedgerTests/documents.py")
    let report = try JSON.parse(
      await python(
        String(decoding: driver, as: UTF8.self),
        [TestProgram.path, Fixtures.project.path, name]))
    #expect(report["status"] == 0, "\(report["output"]?.stringValue ?? "")")
    #expect((report["blocks"]?.integerValue ?? 0) > 0)
    for reason in report["not_run"]?.arrayValue ?? [] {
      print("\(name): a block is not run: \(reason.stringValue ?? "")")
    }
  }

  @Test("Every page with commands is run, or says why not")
  func everyPage() throws {
    let docs = Fixtures.project.appendingPathComponent("docs")
    let pages = try FileManager.default.contentsOfDirectory(atPath: docs.path)
      .filter { $0.hasSuffix(".md") }
    let run = try String(
      decoding: Fixtures.project("Tests/PithLedgerTests/DocumentTests.swift"), as: UTF8.self)
    for page in pages where !run.contains("\"docs/\(page)\"") {
      let text = String(decoding: try Fixtures.project("docs/\(page)"), as: UTF8.self)
      let blocks = text.components(separatedBy: "\n```sh\n").count - 1
      let reasons = text.components(separatedBy: "<!-- not run: ").count - 1
      #expect(blocks <= reasons, "\(page) has commands that no test runs, without a reason")
    }
  }
}
