import CanonicalJSON
import HTTPTypes
import Hummingbird
import LedgerService
import NIOCore

extension Response {
  /// The header fields of JSON.
  private static let jsonFields: HTTPFields = [
    .contentType: "application/json", .cacheControl: "no-cache",
  ]

  /// A response in canonical JSON. Clients ask again before they use a stored copy, unless `headers` says otherwise.
  static func json(
    _ json: JSON, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    .json(bytes: json.canonicalBytes(), status: status, headers: headers)
  }

  /// A response of encoded JSON. It has an entity tag if a client may keep it.
  static func json(
    bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    .tagged(bytes, status: status, headers: jsonFields.with(headers))
  }

  /// A response of encoded JSON whose entity tag is known.
  static func json(_ body: TaggedBytes) -> Response { .tagged(body, headers: jsonFields) }

  /// A response of plain text.
  static func text(_ text: String, cacheControl: String) -> Response {
    .tagged(
      Array(text.utf8),
      headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: cacheControl])
  }

  /// A bundle, which is sent in parts.
  static func bundle(_ parts: BundleParts, headers: HTTPFields) -> Response {
    Response(
      status: .ok, headers: HTTPFields.format("application/json").with(headers),
      body: ResponseBody(contentLength: parts.count) { writer in
        for try await part in parts { try await writer.write(ByteBuffer(bytes: part)) }
        try await writer.finish(nil)
      })
  }

  /// A redirection to another address.
  static func found(_ location: String) -> Response {
    Response(status: .found, headers: [.location: location])
  }
}
