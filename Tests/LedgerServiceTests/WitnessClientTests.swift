import Encodings
import LedgerDomain
import SafeHTTPClient
import Testing
import TransparencyLog

@testable import LedgerService
@testable import LedgerStore

@Suite("The client of witnesses")
struct WitnessClientTests {
  /// Issues one checkpoint of a tree.
  private actor FakeCheckpoints: CheckpointSource {
    private let archive: FakeCheckpointArchive
    private let size: TreeSize
    /// The answer to whether the log contains a checkpoint.
    private let isContained: Bool?
    private(set) var shown: [[UInt8]] = []

    init(_ archive: FakeCheckpointArchive, size: TreeSize, isContained: Bool?) {
      self.archive = archive
      self.size = size
      self.isContained = isContained
    }

    func issue() async throws -> StoredCheckpoint {
      try #require(await archive.checkpoint(size: size))
    }

    func checkpoint(size: TreeSize) async -> StoredCheckpoint? {
      await archive.checkpoint(size: size)
    }

    func contains(_ shown: [UInt8]) -> Bool? {
      self.shown.append(shown)
      return isContained
    }
  }

  private static let origin = "example.org/log"

  private let tree = FakeTree(["a", "b", "c", "d", "e"])
  private let archive = FakeCheckpointArchive()
  private let witness: NoteSigner
  private let signed: SignedCheckpoint

  init() async throws {
    witness = try NoteSigner(
      name: "witness.example", algorithm: .cosignature, secret: NoteSigner.freshSecret())
    let log = try NoteSigner(name: "example.org/log", secret: NoteSigner.freshSecret())
    let frontier = try await tree.integrate()
    signed = try SignedCheckpoint(
      Checkpoint(origin: Self.origin, size: frontier.size, root: frontier.root), by: log)
    try await archive.save(signed)
  }

  private func makeClient(
    _ fetcher: FakeFetcher, isContained: Bool? = true
  ) throws -> (client: WitnessClient, checkpoints: FakeCheckpoints) {
    let checkpoints = FakeCheckpoints(
      archive, size: signed.checkpoint.size, isContained: isContained)
    let client = WitnessClient(
      witnesses: [try WitnessEndpoint("\(witness.verifierKey) https://witness.example/w")],
      origin: Self.origin, tree: tree, cosignatures: archive, checkpoints: checkpoints,
      fetcher: fetcher, logger: silentLogger)
    return (client, checkpoints)
  }

  private func cosignature(over text: String? = nil) throws -> String {
    try witness.cosign(text ?? signed.note.text, time: 1).line
  }

  @Test("A valid cosignature is stored, and a witness that has cosigned is not asked again")
  func cosigned() async throws {
    let fetcher = FakeFetcher([FakeFetcher.answer(200, try cosignature())])
    let client = try makeClient(fetcher).client
    let published = try await client.publishCheckpoint()
    #expect(published == signed.note.description + (try cosignature()))
    #expect(await archive.cosigned == ["witness.example": 5])
    let request = try #require(await fetcher.requests.first)
    #expect(request.url == "https://witness.example/w/add-checkpoint")
    let sent = try AddCheckpointRequest(request.body)
    #expect(sent.oldSize == 0 && sent.proof.isEmpty && sent.note == signed.note)
    #expect(try await client.publishCheckpoint() == published)
    #expect(await fetcher.requests.count == 1)
  }

  @Test("A witness that has seen another size is asked again, with a proof from that size")
  func otherSize() async throws {
    let fetcher = FakeFetcher([
      FakeFetcher.answer(409, "2\n"), FakeFetcher.answer(200, try cosignature()),
    ])
    try await makeClient(fetcher).client.publishCheckpoint()
    #expect(await archive.cosigned == ["witness.example": 5])
    let sent = try AddCheckpointRequest(try #require(await fetcher.requests.last).body)
    let old = FakeTree(["a", "b"])
    #expect(sent.oldSize == 2)
    try TreeProofs.verifyConsistency(
      old: 2, oldRoot: (try await old.integrate()).root, new: 5, newRoot: signed.checkpoint.root,
      proof: sent.proof)
  }

  @Test("A witness that reports a new size each time is asked three times")
  func changingSizes() async throws {
    let fetcher = FakeFetcher(["1\n", "2\n", "3\n", "4\n"].map { FakeFetcher.answer(409, $0) })
    let published = try await makeClient(fetcher).client.publishCheckpoint()
    #expect(published == signed.note.description)
    #expect(await fetcher.requests.count == 3)
  }

  @Test("An invalid cosignature is not stored, and does not prevent the publication")
  func invalidCosignature() async throws {
    let bodies = [try cosignature(over: "another text\n"), "", "no line", "— x AAAA\n"]
    for body in bodies {
      let fetcher = FakeFetcher([FakeFetcher.answer(200, body)])
      let published = try await makeClient(fetcher).client.publishCheckpoint()
      #expect(published == signed.note.description, "\(body)")
      #expect(await archive.cosigned.isEmpty, "\(body)")
    }
  }

  @Test("A witness that failed is not asked during its pause")
  func pause() async throws {
    let fetcher = FakeFetcher([.failure(FetchError(.unreachable, "no answer"))])
    let client = try makeClient(fetcher).client
    try await client.publishCheckpoint()
    try await client.publishCheckpoint()
    #expect(await fetcher.requests.count == 1)
    #expect(await !client.backoff.mayAsk("witness.example"))
    #expect(await client.backoff.mayAsk("witness.example", at: .now + .seconds(11)))
  }

  @Test("An outage of the database is no failure of the witness")
  func outage() async throws {
    let fetcher = FakeFetcher([FakeFetcher.answer(200, try cosignature())])
    let client = try makeClient(fetcher).client
    await archive.fail(with: LedgerStoreError(.unavailable, "no connection"))
    try await client.publishCheckpoint()
    #expect(await fetcher.requests.isEmpty)
    await archive.fail(with: nil)
    try await client.publishCheckpoint()
    #expect(await archive.cosigned == ["witness.example": 5])
  }

  @Test("A larger size alone proves nothing; the checkpoint that the witness shows is compared")
  func largerSize() async throws {
    let stored = try #require(await archive.latest())
    for isContained in [true, false, nil] as [Bool?] {
      let fetcher = FakeFetcher([
        FakeFetcher.answer(409, "1000\n"), FakeFetcher.answer(200, "shown"),
      ])
      let (client, checkpoints) = try makeClient(fetcher, isContained: isContained)
      let witness = try #require(client.witnesses.first)
      if isContained == true {
        try await client.requestCosignature(witness, stored)
      } else {
        await #expect(throws: TransparencyError.self) {
          try await client.requestCosignature(witness, stored)
        }
      }
      #expect(await checkpoints.shown == [Array("shown".utf8)])
      #expect(
        await fetcher.requests.last?.url
          == "https://witness.example/w/checkpoint/"
          + Digest(hashing: Array(Self.origin.utf8)).hex)
    }
  }
}

@Suite("Pauses after a witness's failures")
struct WitnessBackoffTests {
  @Test("The pause doubles up to ten minutes, and begins again after a success")
  func pauses() async {
    let now = ContinuousClock.now
    let backoff = WitnessBackoff()
    for seconds in [10, 20, 40, 80, 160, 320, 600, 600] {
      await backoff.failed("w", at: now)
      #expect(await !backoff.mayAsk("w", at: now + .seconds(seconds - 1)))
      #expect(await backoff.mayAsk("w", at: now + .seconds(seconds)))
      #expect(await backoff.mayAsk("another", at: now))
    }
    await backoff.succeeded("w")
    #expect(await backoff.mayAsk("w", at: now))
    await backoff.failed("w", at: now)
    #expect(await backoff.mayAsk("w", at: now + .seconds(10)))
  }
}
