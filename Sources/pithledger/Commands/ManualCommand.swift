import ArgumentParser
import Foundation
import LedgerDomain
import VerifyCommands

struct ManualCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print the manual page of a command, or write all of them.",
    discussion: "The pages are those of man(7), made from the help of the commands.",
    examples: [
      "pithledger manual attest citation > pithledger-attest-citation.1",
      "pithledger manual --dir man",
    ])
  @Argument(help: "The command. The default is the program itself.") var command: [String] = []
  @Option(help: "The folder to write all pages to.", completion: .directory) var dir: String?

  func validate() throws {
    guard dir == nil || command.isEmpty else {
      throw ValidationError("Give a command or --dir, not both.")
    }
  }

  func run() async throws {
    try await Failure.reported(asJSON: false) {
      let pages = try ManualPages(help: PithLedger._dumpHelp())
      guard let dir else {
        guard let page = pages.page(of: command) else {
          throw ValidationError("There is no command \(command.joined(separator: " ")).")
        }
        try StandardOutput.write(Array(page.utf8))
        return
      }
      try FileManager.default.createDirectory(atPath: dir, withIntermediateDirectories: true)
      for (name, page) in pages.all { try write(Array(page.utf8), to: "\(dir)/\(name).1") }
      StandardOutput.writeLine("\(pages.all.count) pages in \(dir)")
    }
  }
}
