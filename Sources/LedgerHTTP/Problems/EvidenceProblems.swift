/// The problems of evidence, and of what the ledger fetches.
enum EvidenceProblems {
  static let all: [ProblemType] = evidence + fetches

  private static let evidence: [ProblemType] = [
    .init(
      "evidence", [400, 404, 422, 503], "The evidence does not fit",
      "The member is malformed (400), there is no public evidence of this digest (404), the payload names bytes that did "
        + "not come or none of the bytes that came (422), or stored bytes cannot be read (503).",
      "Send the bytes in base64 under their SHA-256, and only those that the payload names."),
    .init(
      "erased", [410], "The evidence was erased",
      "The evidence was here, and the operator erased it. The log keeps its digest.",
      "Nothing brings it back.",
      endsByItself: false),
  ]

  private static let fetches: [ProblemType] = [
    .init(
      "fetch", [422], "The location was not fetched",
      "The ledger verifies a storage attestation by fetching its location.",
      "Upload the bytes as a file, or let a vouched storage provider sign."),
    .init(
      "fetch.address", [422], "The address cannot be fetched",
      "The text is no http or https address that the ledger accepts.", "Correct the location."),
    .init(
      "fetch.inside", [422], "The address is not public",
      "The name or a redirection leads to an address that is private or of this machine.",
      "Use a public address."),
    .init(
      "fetch.redirects", [422], "Too many redirections",
      "The location redirects more often than the ledger follows.", "Use the final address."),
    .init(
      "fetch.status", [422], "The location answered with an error",
      "The server of the location did not answer with the bytes.",
      "Check the location, and send the statement again."),
    .init(
      "fetch.gone", [422], "There is nothing at the location",
      "The server of the location answered 404 or 410.", "Check the location."),
    .init(
      "fetch.size", [422], "The location has too many bytes",
      "The answer is longer than the ledger fetches.", "Let a vouched storage provider sign."),
    .init(
      "fetch.size_bytes", [422], "The location has another number of bytes",
      "size_bytes is not the number of bytes at the location.", "Attest the number of the bytes."),
    .init(
      "fetch.time", [422], "The location is too slow",
      "The answer took too long, or came too slowly.", "Send the statement again."),
    .init(
      "fetch.content", [422], "The location has other bytes",
      "The bytes at the location do not hash to content_sha256.",
      "Attest the digest of the bytes that are there."),
    .init(
      "fetch.unreachable", [422, 503], "The server does not answer",
      "The name does not resolve, or the server does not answer.",
      "Check the location, and send the statement again."),
    .init(
      "fetch.busy", [503], "Too many fetches",
      "The queue of fetches is full.", "Send the statement again in a moment."),
    .init(
      "fetch.client_limit", [429], "Too many fetches of a client",
      "The client has too many fetches in progress.", "Send the statement again after the answers."),
    .init(
      "fetch.configuration", [422], "The ledger does not fetch from S3",
      "The operator has configured no S3 endpoint.", "Use an https location."),
    .init(
      "fetch.s3_location", [422], "The ledger does not fetch from this bucket",
      "The ledger reads only the buckets and prefixes that the operator has configured.",
      "Use an https location."),
    .init(
      "cid", [422], "The CID names other bytes",
      "A CIDv1 of raw bytes contains their SHA-256.", "Use the CID of the bytes."),
    .init(
      "swhid", [422], "The SWHID names other bytes",
      "A SWHID of content contains the Git digest of the bytes.", "Use the SWHID of the bytes."),
    .init(
      "memento", [422], "The answer is no capture",
      "A capture of the Wayback Machine has a header Memento-Datetime.",
      "Use the address of a capture."),
    .init(
      "calendar", [503], "No calendar answered",
      "A new proof of time is begun at calendars of OpenTimestamps.", "Try again later."),
  ]
}
