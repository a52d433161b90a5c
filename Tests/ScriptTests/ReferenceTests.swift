import Foundation
import Subprocess
import TestSupport
import Testing

/// The reference that DocC makes of the modules of this build.
@Suite("The reference of the libraries")
struct ReferenceTests {
  /// Whether the toolchain has DocC. Toolchains of some systems come without it.
  private static func hasCompiler() async -> Bool {
    let found = try? await Subprocess.run(
      .name("docc"), arguments: ["--help"], output: .discarded, error: .discarded)
    return found?.terminationStatus.isSuccess ?? false
  }

  private static func folder() -> URL {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("plt-reference-\(UUID().uuidString.prefix(8))")
  }

  @Test("Every library has its pages, and DocC has no warning", .timeLimit(.minutes(5)))
  func libraries() async throws {
    guard await Self.hasCompiler() else { try Test.cancel("docc is not in the toolchain") }
    let folder = Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try await Scripts.run(
      "reference", ["--programs", Scripts.programs, folder.path])
    #expect(result.isSuccess, "\(result)")
    let archives = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(archives.contains("LedgerSQL.doccarchive"))
    // Each folder of sources whose name begins with an upper-case letter is a library, or only C.
    let sources = Fixtures.project.appendingPathComponent("Sources")
    for name in try FileManager.default.contentsOfDirectory(atPath: sources.path)
    where name.first?.isUppercase == true && !Self.isHeaderOnly(sources, name) {
      #expect(archives.contains("\(name).doccarchive"), "\(name)")
    }
  }

  private static func isHeaderOnly(_ sources: URL, _ name: String) -> Bool {
    let files = FileManager.default.enumerator(
      atPath: sources.appendingPathComponent(name).path)
    return !(files?.contains { ($0 as? String)?.hasSuffix(".swift") == true } ?? false)
  }

  @Test(
    "What would be a warning is refused with its place",
    arguments: [
      ("# ``Encodings``\n\nText.\n\n## Topics\n\n### Encode\n\n- ``Base65``\n", "Encodings.md:9:"),
      ("# ``Encodings``\n\nSee <doc:Nowhere>.\n", "Encodings.md:3:"),
      (nil, "Encodings has no page"),
    ] as [(String?, String)])
  func warnings(page: String?, place: String) async throws {
    guard await Self.hasCompiler() else { try Test.cancel("docc is not in the toolchain") }
    let files = FileManager.default
    let project = Self.folder()
    defer { try? files.removeItem(at: project) }
    let source = project.appendingPathComponent("Sources/Encodings")
    for folder in ["scripts", "Sources"] {
      try files.createDirectory(
        at: project.appendingPathComponent(folder), withIntermediateDirectories: true)
    }
    try files.copyItem(
      at: Fixtures.project.appendingPathComponent("scripts/reference"),
      to: project.appendingPathComponent("scripts/reference"))
    try files.copyItem(at: Fixtures.project.appendingPathComponent("Sources/Encodings"), to: source)
    let file = source.appendingPathComponent("Encodings.docc/Encodings.md")
    if let page {
      try Data(page.utf8).write(to: file)
    } else {
      try files.removeItem(at: file)
    }
    let result = try await Scripts.run(
      "reference",
      ["--programs", Scripts.programs, "--only", "Encodings", "\(project.path)/output"],
      in: project)
    #expect(result.exitCode == 1, "\(result)")
    #expect(result.text.contains(place), "\(result)")
  }
}
