import FuzzDriver
import TransparencyLog

/// No input crashes the parsers of notes, proofs, requests, paths and tiles. Text written from a parsed
/// value parses to the same value.
@main enum FuzzNotes {
  static func main() {
    fuzz { bytes in
      if let note = try? SignedNote(bytes) {
        precondition(note.bytes == bytes)
        _ = try? Checkpoint(text: note.text)
      }
      if let proof = try? InclusionProof(bytes) {
        let again = try? InclusionProof(proof.bytes)
        precondition(again == proof)
      }
      if let request = try? AddCheckpointRequest(bytes) {
        let again = try? AddCheckpointRequest(request.bytes)
        precondition(again == request)
      }
      let text = String(decoding: bytes.prefix(100), as: UTF8.self)
      if let path = TilePath(text) { precondition(path.description == text) }
      if let key = try? NoteVerifierKey(text) { precondition(key.description == text) }
      if let entries = TileBytes.decode(entries: bytes) {
        precondition(TileBytes.encode(entries: entries) == bytes)
      }
      if let hashes = TileBytes.decode(bytes) { precondition(TileBytes.encode(hashes) == bytes) }
    }
  }
}
