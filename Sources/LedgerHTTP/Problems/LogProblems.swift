/// The faults of logs, bundles and proofs that verifiers name.
enum LogProblems {
  static let all: [ProblemType] =
    group(
      "The form of a bundle", "Get the bundle again from its ledger.",
      [
        ("bundle.json", "The bundle is no JSON"),
        ("bundle.members", "The bundle has other members"),
        ("bundle.canonical", "The bundle is not canonical JSON"),
        ("bundle.format", "The format of the bundle is unknown"),
        ("bundle.form", "A part of the bundle is malformed"),
        ("bundle.order", "The entries are not in order"),
        ("bundle.subject", "The bundle is about another record"),
        ("bundle.document", "No entry names the document"),
        ("bundle.anchor", "No event anchors the checkpoint"),
        ("bundle.proof", "No event names the proof"),
        ("bundle.missing", "A file of entries is missing"),
      ])
    + group(
      "A checkpoint and its cosignatures",
      "Compare the checkpoint with one that you kept, or with a witness.",
      [
        ("checkpoint.missing", "There is no checkpoint"),
        ("checkpoint.form", "The checkpoint is malformed"),
        ("checkpoint.key", "The checkpoint is signed by another key"),
        ("checkpoint.origin", "The checkpoint is of another log"),
        ("checkpoint.root", "The tree has another root than the checkpoint"),
        ("checkpoint.row", "The row of the checkpoint differs from its note"),
        ("checkpoint.size", "The checkpoint has another size"),
        ("checkpoint.cosignature", "A cosignature does not hold"),
        ("checkpoint.witnesses", "Too few witnesses cosigned"),
      ])
    + group(
      "A signed note", "Take the note from its source again.",
      [
        ("note.form", "The note is malformed"), ("note.key", "The key is malformed"),
        ("note.key_name", "The name of the key is malformed"),
        ("note.signature", "No known key signed the note"),
        ("note.signing", "The key could not sign"),
      ])
    + group(
      "Proofs, tiles and the tree", "Take the proof or the tiles from the log again.",
      [
        ("proof.form", "The proof is malformed"),
        ("proof.inclusion", "The entry is not in the tree"),
        ("proof.consistency", "The newer tree does not contain the older one"),
        ("tree.edge", "The edge of the tree is malformed"),
        ("tree.tile", "A tile is missing or wrong"),
        ("tile.form", "A tile is malformed"),
      ])
    + group(
      "Entries", "Restore the log from a backup or a mirror that verifies.",
      [
        ("entry.canonical", "The entry is not canonical JSON"),
        ("entry.form", "The entry cannot be read"),
        ("entry.key", "The key of the signer is not registered before"),
        ("entry.position", "The positions have a gap"),
        ("entry.reference", "The entry names an event that is not there"),
        ("entry.repeated", "The event is in the log twice"),
        ("entry.signature", "The signature of the entry does not hold"),
        ("entry.subject", "The record is not in the log before"),
        ("entry.columns", "The columns beside the entry differ from it"),
      ])
    + group(
      "The log as a whole", "Restore the database from a backup, and compare it with a mirror.",
      [
        ("log.head", "The head of the log differs from its rows"),
        ("log.key", "The key of the log is malformed"),
        ("log.missing", "An entry is missing"),
        ("log.truncated", "The log is shorter than its tree"),
        ("log.identity", "The identity of the log differs"),
      ])
    + group(
      "Evidence, files and projections",
      "Restore evidence from a backup. pithledger replay computes projections again.",
      [
        ("evidence.hash", "Evidence has other bytes than its digest"),
        ("evidence.kind", "Evidence has another kind"),
        ("evidence.missing", "Evidence is missing"),
        ("evidence.unnamed", "No event names the evidence"),
        ("file.size", "A file is too large"), ("projection.form", "A projection is malformed"),
        ("projection.missing", "A projection is missing"),
        ("projection.drift", "A projection differs from the log"),
        ("projection.offset", "The position of the projections is wrong"),
      ])
    + group(
      "Receipts",
      "Keep the receipt, and show it to others. It proves that the log did not keep its word.",
      [
        ("receipt.form", "The receipt is malformed"),
        ("receipt.broken", "The log does not have the entry of the receipt"),
      ])
    + group(
      "Look-ups and other tables",
      "pithledger replay restores look-ups. Restore other tables from a backup.",
      [
        ("lookup.subject", "A name of a record differs from the log"),
        ("lookup.alias", "An alias differs from the log"),
        ("lookup.used_token", "A used token differs from the log"),
        ("table.rows", "Rows differ from what follows from the log"),
        ("table.schema", "The schema was changed"),
        ("table.trigger", "A trigger is missing or disabled"),
        ("trust.hash", "A trusted document has other bytes than its digest"),
      ])
    + group(
      "Witnesses", "Compare the log with the last checkpoint of the witness.",
      [
        ("witness.request", "The request to the witness is malformed"),
        ("witness.conflict", "The witness knows another root"),
        ("witness.ahead", "The witness knows a larger log"),
      ])

  private static func group(
    _ about: String, _ remedy: String, _ checks: [(name: String, title: String)]
  ) -> [ProblemType] {
    checks.map {
      .init(
        $0.name, [], $0.title, "A verifier names this check. It is about: \(about.lowercased()).",
        remedy,
        endsByItself: false)
    }
  }
}
