// The members of statements in words.

const WORDS = {
  algorithm: "Algorithm", anchor_kind: "Kind of proof", artifact_sha256: "SHA-256 of the artifact",
  artifact_uri: "Address of the artifact", author_index: "Place in the author list, from 0",
  citing_arxiv: "Citing paper (arXiv)", citing_doi: "Citing paper (DOI)",
  citing_pith_number: "Citing paper (Pith Number)", claim_ids: "Claims", content_role: "What the bytes are",
  content_sha256: "SHA-256 of the bytes", decision: "Decision", digest_sha256: "Digest that the proof is about",
  environment: "Environment", event_id: "Statement that this is about", evidence_sha256: "SHA-256 of the evidence",
  kind: "Kind", location: "Location", log: "Ledger that this is for", media_type: "Media type", method: "Proven by",
  name: "Name", note: "Note", orcid: "ORCID iD", outcome: "Outcome", public_key_b64: "Public key",
  public_key_fingerprint: "Key", reason: "Reason", ref_index: "Number in the reference list", relation: "Relation",
  replication_id: "Your name for the attempt", size_bytes: "Number of bytes", storage_kind: "Kind of storage",
  summary: "Summary", supersedes: "Statement that this replaces",
};

/** The name of a member for a person. */
export const memberWord = (member) => WORDS[member] ?? member;

/** A value as text. Nothing is left out. */
export function valueText(value) {
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
