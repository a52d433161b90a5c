import CanonicalJSON
import Foundation
import LedgerDomain
import LedgerStore
import LedgerTestSupport
import TestSupport
import Testing
import TransparencyLog

@testable import LedgerService

/// `pithledger checkpoint` and `pithledger checkpoint adopt`, run as programs.
@Suite("Checkpoints from the shell", .privateServer())
struct CheckpointCommandTests {
  @Test("A checkpoint is adopted for a lost one if the log contains it and its key signed it")
  func adoption() async throws {
    try await withLedger { test in
      let note = try await test.ledger.checkpoints.issue().cosigned
      let memory = test.ledger.configuration.dataDirectory + "/log.key.checkpoint"
      try FileManager.default.removeItem(atPath: memory)
      let refused = try await test.pithledger(["checkpoint"])
      #expect(refused.status == 69, "\(refused.errors)")
      #expect(refused.errors.contains("checkpoint.memory_missing"), "\(refused.errors)")
      #expect(refused.errors.contains("pithledger checkpoint adopt FILE"), "\(refused.errors)")

      let stranger = try NoteSigner(
        name: test.ledger.origin, secret: NoteSigner.freshSecret())
      let forged = try SignedCheckpoint(
        Checkpoint(origin: test.ledger.origin, size: 1, root: .emptyTree), by: stranger)
      let foreign = try await withFile(forged.note.bytes) {
        try await test.pithledger(["checkpoint", "adopt", $0])
      }
      #expect(foreign.status == 2 && foreign.errors.contains("note.signature"))
      #expect(!FileManager.default.fileExists(atPath: memory))

      let adopted = try await withFile(Array(note.utf8)) {
        try await test.pithledger(["checkpoint", "adopt", $0])
      }
      #expect(adopted.status == 0, "\(adopted.errors)")
      #expect(try checkpoint(adopted.output) == note)
      #expect(FileManager.default.fileExists(atPath: memory))
      let next = try await test.pithledger(["checkpoint"])
      #expect(next.status == 0, "\(next.errors)")
      #expect(try checkpoint(next.output) == note)
    }
  }

  @Test("The former option of adoption is refused, and the message names the command")
  func formerOption() async throws {
    try await withLedger { test in
      let note = try await test.ledger.checkpoints.issue().cosigned
      let memory = test.ledger.configuration.dataDirectory + "/log.key.checkpoint"
      try FileManager.default.removeItem(atPath: memory)
      let refused = try await withFile(Array(note.utf8)) {
        try await test.pithledger(["checkpoint", "--continue-from", $0])
      }
      #expect(refused.status == 64)
      #expect(refused.errors.contains("pithledger checkpoint adopt FILE"), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: memory))
      let help = try await test.pithledger(["checkpoint", "adopt", "--help"])
      #expect(help.output.contains("pithledger checkpoint adopt"), "\(help.output)")
      let former = try await test.pithledger(["checkpoint", "--help"])
      #expect(former.output.contains("--key") && !former.output.contains("continue-from"))
    }
  }

  @Test("The key is printed without a subcommand, as before")
  func key() async throws {
    try await withLedger { test in
      let answer = try await test.pithledger(["checkpoint", "--key"])
      #expect(answer.status == 0, "\(answer.errors)")
      let key = try JSON.parse(Array(answer.output.utf8.filter { $0 != 0x0A }))["log_key"]
      #expect(key?.stringValue == (try await test.ledger.checkpoints.verifierKey()))
    }
  }

  private func checkpoint(_ output: String) throws -> String? {
    try JSON.parse(Array(output.utf8.filter { $0 != 0x0A }))["checkpoint"]?.stringValue
  }
}
