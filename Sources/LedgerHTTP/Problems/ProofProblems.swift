/// The problems of proofs of time: OpenTimestamps, RFC 3161, and block headers.
enum ProofProblems {
  static let all: [ProblemType] = openTimestamps + tokens + headers

  private static let openTimestamps: [ProblemType] = [
    ots(
      "ots.digest", "The proof is about another digest",
      "The proof begins with the anchored digest."),
    ots(
      "ots.bitcoin", "The proof leads to another block",
      "The path ends in another merkle root than that of the trusted header."),
    ots("ots.budget", "The proof costs too much", "A proof hashes a limited number of bytes."),
    ots(
      "ots.digest_unavailable", "The digest is not available",
      "The machine's libcrypto lacks a digest of the proof."),
    ots("ots.magic", "The file is no proof", "An OpenTimestamps proof begins with fixed bytes."),
    ots("ots.version", "The version of the proof is unknown", "Version 1 is known."),
    ots(
      "ots.algorithm", "The digest of the file is of an unknown kind",
      "A proof names a known digest."),
    ots("ots.operation", "An operation is of an unknown kind", "A proof has known operations."),
    ots(
      "ots.operations", "The proof has too many operations", "A proof has at most 1024 operations."),
    ots("ots.attestation", "An attestation is malformed", "An attestation has no bytes to spare."),
    ots(
      "ots.attestations", "The proof has too many attestations",
      "A proof has at most 128 attestations."),
    ots("ots.depth", "The proof is too deep", "The tree of a proof has at most 256 levels."),
    ots("ots.length", "A byte string is too long", "Byte strings have limited lengths."),
    ots("ots.message", "A message is too long", "A message has at most 4096 bytes."),
    ots("ots.size", "The proof is too large", "A proof has a limited number of bytes."),
    ots(
      "ots.trailing", "There are bytes after the proof", "A file has one proof and nothing else."),
    ots("ots.truncated", "The proof ends too early", "The file is not complete."),
    ots(
      "ots.uri", "The address of a calendar is malformed", "An address has no forbidden characters."
    ),
    ots(
      "ots.varuint", "A number is malformed",
      "A number is as short as it can be, and has at most 64 bits."),
  ]

  private static func ots(_ check: String, _ title: String, _ meaning: String) -> ProblemType {
    .init(
      check, [422], title, meaning,
      "Send the proof that the OpenTimestamps client wrote for this digest. offset is the byte at fault, where one is."
    )
  }

  private static let tokens: [ProblemType] = [
    tsa("rfc3161.status", "No token was granted", "The response of the authority grants a token."),
    tsa(
      "rfc3161.imprint", "The token is about another digest",
      "The message imprint is the anchored digest."),
    tsa("rfc3161.nonce", "The token answers another request", "The nonce is that of the request."),
    tsa("rfc3161.signers", "The token has several signers", "A token has exactly one signer."),
    tsa(
      "rfc3161.content_type", "The token has another content",
      "A token is CMS signed data with a TSTInfo."),
    tsa(
      "rfc3161.message_digest", "The signed digest is another",
      "The signed attributes have the digest of the TSTInfo."),
    tsa(
      "rfc3161.signature", "The signature of the token is invalid",
      "The signer's certificate verifies the signature."),
    tsa(
      "rfc3161.weak_algorithm", "The token uses a weak algorithm",
      "SHA-256, RSA of 2048 bits and curves of 256 bits are the least."),
    tsa(
      "rfc3161.ess_certificate", "The token names another certificate",
      "The signed attributes name the signer's certificate."),
    tsa(
      "rfc3161.extended_key_usage", "The certificate is not for timestamps",
      "Timestamping is the only extended key usage, and critical."),
    tsa(
      "rfc3161.chain", "The chain of certificates is not valid",
      "The chain leads to a trusted root and was valid at genTime."),
    tsa(
      "rfc3161.trailing", "There are bytes after the token",
      "The evidence is one token and nothing else."),
    tsa("rfc3161.der", "The bytes are no token", "A token or a response is DER."),
    tsa("rfc3161.econtent_type", "The signed content is no TSTInfo", "A token contains a TSTInfo."),
    tsa(
      "rfc3161.gen_time", "The time of the token is malformed",
      "genTime is a time in UTC to the second."),
    tsa(
      "rfc3161.response", "The response has no token", "A response that grants contains a token."),
    tsa("rfc3161.serial", "The serial number is missing", "A TSTInfo has a serial number."),
    tsa(
      "rfc3161.signed_data", "The signed data is malformed", "The signed data has all its parts."),
    tsa("rfc3161.size", "The token is too large", "A token has a limited number of bytes."),
    tsa("rfc3161.version", "The version of the token is unknown", "Version 1 of TSTInfo is known."),
  ]

  private static func tsa(_ check: String, _ title: String, _ meaning: String) -> ProblemType {
    .init(
      check, [422], title, meaning, "Send a token that a trusted authority issued for this digest.")
  }

  private static let headers: [ProblemType] = [
    header(
      "header.form", "The text is no block header",
      "A line is a height and a header in hexadecimal."),
    header("header.size", "A block header has another size", "A block header has 80 bytes."),
    header(
      "header.proof_of_work", "A block header lacks its proof of work",
      "The hash is below the target that the header names."),
    header(
      "header.link", "A block header does not follow the one before",
      "Each header has the hash of the one before it."),
    header("header.twice", "A height has two headers", "A file has one header of each height."),
    header(
      "header.hash", "The header is that of another block",
      "The answer is the header that was asked for."),
    header(
      "header.depth", "The block is too young",
      "A block has a number of confirmations before it is trusted."),
    header("header.conflict", "Another header is trusted", "One header is trusted at each height."),
  ]

  private static func header(_ check: String, _ title: String, _ meaning: String) -> ProblemType {
    .init(
      check, [], title, meaning, "The operator takes headers from a trusted node of Bitcoin.",
      endsByItself: false)
  }
}
