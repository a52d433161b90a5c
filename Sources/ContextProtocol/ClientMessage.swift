public import CanonicalJSON

/// The id of a request.
public enum MessageID: Hashable, Sendable {
  /// A whole number.
  case number(Int64)
  /// A text of at most 256 bytes.
  case text(String)

  /// Reads an id; `nil` for another type.
  init?(_ json: JSON) {
    switch json {
    case .integer(let number): self = .number(number)
    case .string(let text) where text.utf8.count <= 256: self = .text(text)
    default: return nil
    }
  }

  /// The id as JSON.
  var json: JSON {
    switch self {
    case .number(let number): .integer(number)
    case .text(let text): .string(text)
    }
  }
}

/// A message of JSON-RPC 2.0 from a client.
public enum ClientMessage: Sendable {
  /// A request, which is answered.
  case request(id: MessageID, method: String, params: JSONObject)
  /// A notification, which is never answered.
  case notification(method: String, params: JSONObject)
  /// An answer to a request. This server sends no requests, and so it is ignored.
  case answer

  /// Why a text is no message, and the id to answer with.
  public struct Fault: Error, Sendable {
    /// The id of the request; `nil` if it has none that can be read.
    public let id: MessageID?
    /// The error.
    public let error: ProtocolError
  }

  /// The limits of a message: 12 MiB, so that the largest submission fits, and 64 levels.
  public static let limits = JSONLimits(maxBytes: 12 << 20, maxDepth: 64)

  /// Reads a message.
  ///
  /// - Throws: a ``Fault`` for a text that is not JSON, for a batch, and for another form.
  public init(_ bytes: [UInt8]) throws(Fault) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes, limits: Self.limits) } catch {
      throw Fault(
        id: nil,
        error: ProtocolError(
          .parse, "Not JSON as it is read here: \(error.message).",
          data: [
            "check": "json", "offset": .integer(Int64(error.offset)),
          ]))
    }
    func fault(_ message: String, id: MessageID? = nil) -> Fault {
      Fault(id: id, error: ProtocolError(.invalidRequest, message))
    }
    guard let members = json.objectValue else {
      throw fault("A message is one JSON object. Batches are not taken.")
    }
    let id = members["id"].flatMap { MessageID($0) }
    guard members["id"] == nil || id != nil else {
      throw fault("An id is a whole number, or a text of at most 256 bytes.")
    }
    guard members["jsonrpc"] == "2.0" else { throw fault("jsonrpc is \"2.0\".", id: id) }
    guard let method = members["method"] else {
      guard members["result"] != nil || members["error"] != nil else {
        throw fault("The method is missing.", id: id)
      }
      self = .answer
      return
    }
    guard let method = method.stringValue, method.utf8.count <= 128 else {
      throw fault("A method is a text of at most 128 bytes.", id: id)
    }
    let params = members["params"] ?? .object([:])
    guard let params = params.objectValue else {
      throw Fault(id: id, error: ProtocolError(.invalidParameters, "params is an object."))
    }
    self =
      if let id { .request(id: id, method: method, params: params) } else {
        .notification(method: method, params: params)
      }
  }
}

/// The bytes of an answer.
enum ServerMessage {
  /// An answer with a result.
  static func bytes(_ id: MessageID, result: JSONObject) -> [UInt8] {
    PlainText.bytes(["id": id.json, "jsonrpc": "2.0", "result": .object(result)])
  }

  /// An answer with an error. The id is null if the request's cannot be read.
  static func bytes(_ id: MessageID?, error: ProtocolError) -> [UInt8] {
    var members: JSONObject = [
      "code": .integer(error.code.rawValue), "message": .string(error.message),
    ]
    members["data"] = error.data
    return PlainText.bytes(
      ["error": .object(members), "id": id?.json ?? .null, "jsonrpc": "2.0"])
  }
}
