import CanonicalJSON
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
  /// A response in canonical JSON. Clients ask again before they use a stored copy, unless `headers` says otherwise.
  static func json(
    _ json: JSON, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    .json(bytes: json.canonicalBytes(), status: status, headers: headers)
  }

  /// A response of encoded JSON.
  static func json(
    bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var headers = headers
    headers[.contentType] = "application/json"
    if headers[.cacheControl] == nil { headers[.cacheControl] = "no-cache" }
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// A response of plain text.
  static func text(_ text: String, cacheControl: String) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: cacheControl],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// A response that is sent in pieces.
  static func stream(
    _ chunks: AsyncThrowingStream<[UInt8], any Error>, type: String, headers: HTTPFields = [:]
  ) -> Response {
    Response(
      status: .ok, headers: HTTPFields.format(type).with(headers),
      body: ResponseBody { writer in
        for try await chunk in chunks { try await writer.write(ByteBuffer(bytes: chunk)) }
        try await writer.finish(nil)
      })
  }

  /// A redirection to another address.
  static func found(_ location: String) -> Response {
    Response(status: .found, headers: [.location: location])
  }
}
