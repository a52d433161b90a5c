import ArgumentParser
import CanonicalJSON
import Encodings
import LedgerDomain
import LedgerVerifier
import TransparencyLog

extension Verify {
  struct ProofFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "proof", abstract: "Verify that an entry is in the log.",
      discussion: """
        A key or a file that the verification does not use is refused. The names of witnesses are printed \
        only if their cosignatures verify.
        """,
      examples: [
        "pithledger verify proof proof.txt --log-key LOGKEY"
      ])
    @OptionGroup var keys: Keys
    @Argument(
      help: "The proof (C2SP tlog-proof) that `pithledger prove` wrote.", completion: .file())
    var file: String
    @Option(
      help: "A file with the bytes of the entry, if the proof does not contain them.",
      completion: .file())
    var entry: String?
    @Option(
      name: .customLong("witness"), parsing: .upToNextOption,
      help: "Verifier keys of witnesses that you trust, as NAME+ID+KEY.")
    var witnesses: [String] = []
    @Option(help: "How many of these witnesses must have cosigned the checkpoint.")
    var requireWitness = 0

    func validate() throws {
      guard requireWitness >= 0, requireWitness <= Set(witnesses).count else {
        throw ValidationError(
          "--require-witness \(requireWitness) needs at least as many different keys by --witness")
      }
    }

    func run() async throws {
      try await keys.report { keys in
        let proof = try InclusionProof(try Verify.read(file))
        let entry = try entry(of: proof)
        let signed = try proof.verify(entry: entry, by: keys)
        for (key, text) in zip(keys, self.keys.logKeys)
        where !proof.note.signatures.contains(where: { $0.isBy(key) }) {
          throw ValidationError(
            "--log-key \(text) is not used: the checkpoint has no signature by it")
        }
        let names = try cosigners(of: proof.note, besides: keys)
        guard names.count >= requireWitness else {
          throw LogFault(
            "checkpoint.witnesses", place: file,
            "\(names.count) of the witnesses cosigned the checkpoint, and \(requireWitness) are required"
          )
        }
        var members = OfflineVerifier.members(proof, entry, signed)
        members["witnesses"] = .array(names.map { .string($0) })
        let cosigned = names.isEmpty ? "" : "; cosigned by \(names.joined(separator: ", "))"
        return (
          members,
          "holds: \(members["event_id"]?.stringValue ?? "the entry") is number \(proof.index) of the "
            + "\(signed.checkpoint.size) entries of \(signed.checkpoint.origin)" + cosigned
        )
      }
    }

    private func entry(of proof: InclusionProof) throws -> [UInt8] {
      switch (entry, proof.extra) {
      case (let path?, nil): return try Verify.read(path)
      case (nil, let extra?): return extra
      case (.some, .some):
        throw ValidationError("--entry is not used: \(file) carries the entry itself")
      case (nil, nil):
        throw Unreadable("\(file) does not carry the entry: give its bytes by --entry FILE")
      }
    }

    /// The names of the witnesses whose cosignatures verify. A cosignature by a given key that does not
    /// verify makes the note invalid.
    private func cosigners(
      of note: SignedNote, besides logKeys: [NoteVerifierKey]
    ) throws -> [String] {
      var names: [String] = []
      for text in Set(witnesses).sorted() {
        let key: NoteVerifierKey
        do { key = try NoteVerifierKey(text) } catch { throw Unreadable("--witness: \(error)") }
        guard !logKeys.contains(where: { $0.name == key.name && $0.id == key.id }) else {
          throw ValidationError("--witness \(text) is the key of the log itself")
        }
        guard let signature = note.signatures.first(where: { $0.isBy(key) }) else { continue }
        guard key.isValid(signature, over: note.text) else {
          throw LogFault(
            "note.signature", place: file, "the cosignature by \(key.name) does not hold")
        }
        names.append(key.name)
      }
      return names
    }
  }
}
