/// The problems of submissions: their JSON, the signed body, the record, slots and references.
enum SubmissionProblems {
  static let all: [ProblemType] = bodies + records + statements

  private static let bodies: [ProblemType] = [
    .init(
      "json", [400], "The body is not JSON that can be signed",
      "The JSON is malformed, has a number that is no integer, a repeated key or text after its end, or is no object.",
      "offset is the byte at fault. Send one JSON object with integers only."),
    .init(
      "member", [400, 422], "A member is missing, unknown or malformed",
      "The object has exactly the members of its format, each with its type.",
      "Correct the member in field. Leave out members that the specification does not list."),
    .init(
      "bare_members", [422], "The ledger sets this member",
      "A bare storage attestation leaves some members to the ledger.",
      "Leave out the member in field."),
    .init(
      "line_size", [413], "A line is too long",
      "A line of a bulk submission has at most as many bytes as a body.",
      "Send a shorter line. The lines before it have their answers."),
    .init(
      "entry_size", [413], "The event is too large",
      "An entry of the log has at most 65,535 bytes.",
      "Send a smaller payload. Large bytes travel as evidence."),
    .init(
      "entry", [422], "The text is no entry of a log",
      "The bytes do not have the form of an entry.", "Take the entry from a log as it is."),
    .init(
      "event_id", [400, 404, 409, 422], "The event id does not fit",
      "The id is malformed (400), the log has no such event (404), the event is in a state that does not allow this "
        + "(409), or the id is not that of the body or of an event that the statement can be about (422).",
      "Compute the id of the canonical body, or name an event of the same record."),
    .init(
      "event_type", [422], "There is no such type of event",
      "The member event_type names none of the types.", "Use a type of the specification."),
    .init(
      "event_version", [422], "The version of the event is unknown",
      "The ledger knows version 1.0.", "Send event_version 1.0."),
    .init(
      "subject", [404, 422], "The subject does not fit",
      "The ledger has no such record (404), or the subject is not that of the path or of the type of event (422).",
      "Import the record first, or correct subject_pith_number."),
    .init(
      "target", [422], "The target is malformed",
      "A target is record, graph, claim:ID, key:FINGERPRINT or checkpoint:SIZE.",
      "Correct the target."),
    .init(
      "created_at", [409, 422], "The time of the statement does not count",
      "The time is more than five minutes in the future (422), or not later than the signer's last withdrawal here (409).",
      "Check the clock of the signer, and sign the statement again with the present time."),
    .init(
      "observed_at", [422], "The time of the observation is in the future",
      "observed_at is at most five minutes in the future.", "Check the clock, and sign again."),
  ]

  private static let records: [ProblemType] = [
    .init(
      "canonical_record", [422], "The canonical record is malformed",
      "The member is missing, or is not a canonical record.",
      "Send the canonical record that was hashed."),
    .init(
      "canonical_sha256", [422], "The digest of the canonical record is another",
      "The canonical record does not hash to this digest.", "Compute SHA-256 of its canonical JSON."
    ),
    .init(
      "content_addressed", [422], "The Pith Number is that of another record",
      "The Pith Number follows from the canonical record.",
      "Use the number that the canonical record gives."),
    .init(
      "pith_number", [422], "The Pith Number is that of another record",
      "The document or the bundle gives another number than its canonical record.",
      "Use the number that the canonical record gives."),
    .init(
      "short_pith_number", [422], "The short form is that of another record",
      "The document gives another short form than its canonical record.",
      "Use the form that the canonical record gives, or leave it out."),
    .init(
      "receipt", [422], "The receipt does not fit",
      "The receipt is malformed, is for another digest, or its signature by a trusted key is wrong.",
      "Send the receipt as it was issued, or none."),
    .init(
      "pith_receipt", [422], "The receipt is not verified",
      "The receipt of the record is not signed by a key that this ledger trusts for receipts.",
      "Send a receipt of a trusted key."),
    .init(
      "aliases", [422], "The aliases are malformed",
      "A document has a limited number of aliases, each with a kind and a value.",
      "Correct the alias in field."),
    .init(
      "alias", [404, 422], "The alias cannot be retracted",
      "The record has no such alias (404), or it derives from the Pith Number (422).",
      "Name an alias of the record."),
    .init(
      "graph_snapshot", [422], "The graph of the document is malformed",
      "A graph has counts and identifiers of claims within limits.", "Correct the member in field."),
    .init(
      "claims", [422], "The record has no such claim",
      "The newest snapshot of the record does not have a claim that the statement names.",
      "Name a claim of the newest snapshot. The record's graph lists them."),
  ]

  private static let statements: [ProblemType] = [
    .init(
      "slot", [409], "The slot has a statement",
      "A signer has one live statement in a slot, and this one would be a second.",
      "Name the live statement in supersedes, or withdraw it."),
    .init(
      "supersedes", [409, 422], "The statement cannot be superseded",
      "The named statement is no longer live (409), or has another signer, slot or target (422).",
      "Name the signer's live statement in the same slot."),
    .init(
      "self_citation", [422], "A paper does not cite itself",
      "The citing paper is the cited one, under any of its names.", "Name another citing paper."),
    .init(
      "location", [422], "The location has no form that can be fetched",
      "A location is an address of its kind in printable ASCII, without user info and signatures.",
      "Correct the location, or upload the bytes as a file."),
    .init(
      "content", [422], "The bytes are others than attested",
      "The digest or the size of the bytes is another than the statement gives.",
      "Attest the digest and the size of the bytes."),
    .init(
      "digest", [400, 422], "The digest is another",
      "The anchored digest is not that of the record or the checkpoint.",
      "Anchor the digest in detail."),
  ]
}
