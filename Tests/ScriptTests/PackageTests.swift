import Foundation
import Testing

/// The Debian packages, made of the programs of this build, in a clean root.
@Suite(
  "The packages",
  .enabled(if: Scripts.missingRoot == nil, Comment(rawValue: Scripts.missingRoot ?? "")))
struct PackageTests {
  private static func folder() -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("plt-packages-\(UUID().uuidString.prefix(8))").path
  }

  @Test("A package is installed, serves as its user, is upgraded, removed and purged")
  func life() async throws {
    let folder = Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try await Scripts.run(
      "package", ["--programs", Scripts.programs, "--output", folder])
    try #require(made.isSuccess, "\(made)")
    let checked = try await Scripts.run("package-check", [folder])
    #expect(checked.isSuccess, "\(checked)")
    for line in [
      "pithledger-verify is installed without a library of a database, and runs",
      "apt finds what pithledger depends on",
      "the service starts as its user, loads a record, answers, and ends within seconds",
      "an upgrade keeps the data, its mode and a changed configuration",
      "removal and purge keep the ledger and say so",
      "a new installation finds the ledger again, and a purge without one leaves nothing",
    ] {
      #expect(checked.text.contains("holds: \(line)\n"), "\(checked)")
    }
  }

  @Test(
    "The same programs give the same bytes, whatever the time zone and the permissions of new files"
  )
  func reproducible() async throws {
    let folders = [Self.folder(), Self.folder()]
    defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
    var packages: [Data] = []
    for (folder, zone) in zip(folders, ["UTC", "Asia/Kathmandu"]) {
      let made = try await Scripts.run(
        "package", ["--programs", Scripts.programs, "--output", folder, "pithledger-verify"],
        variables: ["TZ=\(zone)"])
      try #require(made.isSuccess, "\(made)")
      let path = made.text.split(separator: "\n").last.map(String.init) ?? ""
      packages.append(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    #expect(packages[0] == packages[1])
  }

  @Test("A package of another name is refused")
  func unknown() async throws {
    let made = try await Scripts.run("package", ["--programs", Scripts.programs, "pithledger-x"])
    #expect(made.exitCode == 2, "\(made)")
  }
}
