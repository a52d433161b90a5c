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
    _ html: String, to request: Request, status: HTTPResponse.Status = .ok,
    headers: HTTPFields = [:]
  ) -> Response {
    .tagged(Array(html.utf8), to: request, status: status, headers: .page.with(headers))
  }

  /// A response with an entity tag, or 304 if the client has these bytes (RFC 9110, section 13).
  static func tagged(
    _ bytes: [UInt8], to request: Request, status: HTTPResponse.Status = .ok, headers: HTTPFields
  ) -> Response {
    var headers = headers
    // A proxy or this service may compress the body, so the tag is a weak one.
    let tag = "W/\"\(Digest(hashing: bytes).hex.prefix(32))\""
    headers[.eTag] = tag
    let known = request.headers[values: .ifNoneMatch].joined(separator: ",").split(separator: ",")
      .map { $0.filter { $0 != " " && $0 != "\t" } }
    if status == .ok, known.contains(where: { $0 == "*" || $0 == tag || "W/\($0)" == tag }) {
      headers[.contentType] = nil
      return Response(status: .notModified, headers: headers)
    }
    return Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
