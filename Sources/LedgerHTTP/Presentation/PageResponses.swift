import CanonicalJSON
import Encodings
import HTTPTypes
import Hummingbird
import LedgerPages
import NIOCore

extension HTTPFields {
  /// What a page may load and do: files and data of this ledger alone. Forms go to it, and no other site frames it.
  private static let pagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  /// The header fields of every page.
  static let page: HTTPFields = {
    var fields: HTTPFields = [
      .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: pagePolicy,
      .xContentTypeOptions: "nosniff", .cacheControl: "no-cache",
    ]
    for (name, value) in [
      ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ] {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    return fields
  }()
}

extension Response {
  /// A page.
  static func page(
    _ html: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    .tagged(Array(html.utf8), status: status, headers: .page.with(headers))
  }

  /// A response with a weak entity tag, if it is one that a client may keep.
  static func tagged(
    _ bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields
  ) -> Response {
    guard status != .ok || headers[.cacheControl] == "no-store" else {
      return .tagged(TaggedBytes(bytes), headers: headers)
    }
    return Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// A response with an entity tag that is known.
  static func tagged(_ body: TaggedBytes, headers: HTTPFields) -> Response {
    var headers = headers
    headers[.eTag] = body.tag
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.bytes)))
  }
}
