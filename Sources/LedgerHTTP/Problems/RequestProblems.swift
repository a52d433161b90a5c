/// The problems of requests: HTTP, paths and parameters.
enum RequestProblems {
  static let all: [ProblemType] = [
    // HTTP
    .init(
      "http", [400, 413], "The request cannot be read",
      "The body is larger than the ledger takes, or breaks off.",
      "Send a smaller body. A document has at most 4 MiB, a body 12 MiB unless the operator changed it."
    ),
    .init(
      "http.framing", [400], "The request is not well framed",
      "The request is no HTTP/1.1 message, states the length of its body twice, or has a body where none is allowed.",
      "Send one Content-Length or one Transfer-Encoding: chunked, and no body with GET and HEAD."),
    .init(
      "http.version", [505], "The version of HTTP is not supported",
      "The service speaks HTTP/1.1 and HTTP/1.0.", "Use HTTP/1.1."),
    .init(
      "http.target", [400, 414], "The request target is malformed",
      "The target is a path in visible ASCII characters and percent escapes of UTF-8 text, of at most 4096 bytes.",
      "Escape the other characters, and leave out the fragment."),
    .init(
      "http.host", [400], "The Host header is malformed",
      "A request of HTTP/1.1 has exactly one Host header: a host with an optional port.",
      "Send one Host header."),
    .init(
      "http.headers", [431], "The header is too large",
      "A header field has at most 8 KiB, and all of them 16 KiB in at most 100 fields.",
      "Send fewer or shorter header fields."),
    .init(
      "http.header_timeout", [408], "The head of the request did not come in time",
      "The service closes connections whose request is not complete in time.",
      "Send the request again over a new connection."),
    .init(
      "http.body_timeout", [408], "The body arrives too slowly",
      "The service closes connections whose body arrives more slowly than the operator allows.",
      "Send the request again, or send fewer bytes at once. An event is stored once."),
    // Tools of agents.
    .init(
      "arguments", [400], "An argument of a tool is wrong",
      "A tool was called with an argument that it does not take, without one that it needs, or with one of another type.",
      "Correct the argument that `field` names. The description of the tool has the schema of its arguments."
    ),
    .init(
      "answer_size", [413], "The result of a tool is too large",
      "The result of a tool has at most 4 MiB.", "Ask for less, or read it over HTTP."),
    .init(
      "prepared", [400], "The body is not the prepared one",
      "A tool signs a body only in its canonical form.",
      "Pass the body that prepare_statement answered, unchanged."),
    .init(
      "method", [405], "The path does not have this method",
      "The path exists, and the request has a method that it does not have.",
      "Use one of the methods in Allow. OPTIONS lists them too."),
    .init(
      "accept", [406], "The client accepts none of the media types",
      "The header Accept excludes every media type that the answer could have.",
      "Name one of the media types in detail, or send no Accept header."),
    .init(
      "range", [416], "No byte is in the range",
      "The header Range asks for bytes behind the end of the evidence.",
      "Content-Range has the number of bytes. Ask for a range below it, or send no Range header."),
    .init(
      "content_type", [415], "The body has another media type",
      "The path does not take a body with this Content-Type.",
      "Send one of the media types that the header Accept of the answer lists."),
    .init(
      "content_encoding", [415], "The body is compressed",
      "The service takes bodies without a content coding.", "Send the body as it is."),
    .init(
      "host", [403], "The ledger does not write for this host",
      "The Host header names none of the ledger's own hosts. A page of another site could have made a browser send this.",
      "Use the ledger's own address. The operator adds names by PITHLEDGER_ALLOWED_HOSTS or PITHLEDGER_PUBLIC_URL."
    ),
    .init(
      "origin", [403], "Pages of other sites do not write here",
      "The Origin header names another site.",
      "Send the request from a program, or from a page of the ledger."),
    .init(
      "fetch_site", [403], "Pages of other sites do not write here",
      "The header Sec-Fetch-Site says that a browser sent this for another site.",
      "Send the request from a program, or from a page of the ledger."),
    // Paths and parameters
    .init(
      "path", [400, 404], "There is no such path",
      "No path of the service has this form, or the percent escapes in it are not text.",
      "The first page lists the paths for a client that asks for JSON."),
    .init(
      "action", [404], "There is no such action",
      "The path names no action on a record, or no form.", "Use one of the names in detail."),
    .init(
      "query", [400, 404, 501], "A query parameter is not taken",
      "The parameter is unknown here, given twice, or its value is malformed or names nothing.",
      "Correct the parameter in field. Each path takes the parameters that the specification lists, and no others."
    ),
    .init(
      "identifier", [400, 404, 409], "The name designates no single record",
      "The text is no name of a record (400), no record here has it (404), or several have it (409).",
      "Check the name. For 409 use one of the Pith Numbers in candidates."),
    .init(
      "position", [400, 404], "The log has no such position",
      "A position is a whole number below the size of the log.",
      "Use a position below the size of the log."),
    .init(
      "at_least", [400, 503], "The position is not reached",
      "The position is beyond the log (400), or the projections did not reach it within five seconds (503).",
      "For 400 use a position of the log. For 503 ask again."),
    .init(
      "as_of", [400, 404, 503], "There is no past state",
      "The point is beyond the log (400), the log did not have the record at that point (404), or too many past states "
        + "are being computed (503).",
      "For 400 and 404 use another point. For 503 ask again."),
    .init(
      "tile", [404], "There is no such tile",
      "The path is not that of a tile, or the newest checkpoint does not cover it.",
      "Ask for the tiles of the size in the newest checkpoint."),
    .init(
      "size", [400], "The sizes are not in order",
      "A consistency proof leads from an older size to a newer one, at most that of the newest checkpoint.",
      "Use sizes of checkpoints, the older one first."),
    .init(
      "last_event_id", [400], "Last-Event-ID is no position",
      "The header is the position of the last event that the client received.",
      "Send a whole number, or use the parameter from."),
    .init(
      "orcid", [400, 404], "The iD names nobody here",
      "The text is no ORCID iD (400), or nothing in the ledger is signed under it (404).",
      "Check the iD. Its last digit is a check digit."),
    .init(
      "graph", [404], "The record has no graph",
      "The record has no graph snapshot, and no citation of it or by it is attested.",
      "Import a document with a graph, or attest a citation."),
    .init(
      "sha256", [400], "The text is no SHA-256",
      "A SHA-256 has 64 hexadecimal digits.", "Send 64 hexadecimal digits."),
  ]
}
