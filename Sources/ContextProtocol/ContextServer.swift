import CanonicalJSON

/// Answers the requests of the Model Context Protocol. It keeps nothing between requests.
public struct ContextServer: Sendable {
  /// What the server offers.
  public let provider: any ContextProvider
  /// The longest time that a request may take.
  public let timeLimit: Duration

  /// Makes a server.
  public init(_ provider: any ContextProvider, timeLimit: Duration = .seconds(120)) {
    self.provider = provider
    self.timeLimit = timeLimit
  }

  /// The version that a request names in `_meta`; `nil` if it names none, as in versions with a handshake.
  ///
  /// - Throws: a `ProtocolError` for another type, an unknown version, or missing capabilities.
  static func version(in params: JSONObject) throws(ProtocolError) -> ProtocolVersion? {
    guard let meta = params["_meta"]?.objectValue, let named = meta[MetaKey.version] else {
      return nil
    }
    guard let text = named.stringValue else {
      throw ProtocolError(.invalidParameters, "The version in _meta is a text.")
    }
    guard meta[MetaKey.capabilities]?.objectValue != nil else {
      throw ProtocolError(.invalidParameters, "_meta lacks \(MetaKey.capabilities), an object.")
    }
    guard let version = ProtocolVersion(rawValue: text), version.isStateless else {
      throw ProtocolError.unsupported(text)
    }
    return version
  }

  /// The version that a client and this server speak after a handshake.
  ///
  /// - Throws: a `ProtocolError` if the request lacks a member.
  static func negotiated(_ params: JSONObject) throws(ProtocolError) -> ProtocolVersion {
    guard let asked = params["protocolVersion"]?.stringValue,
      params["capabilities"]?.objectValue != nil, params["clientInfo"]?.objectValue != nil
    else {
      throw ProtocolError(
        .invalidParameters, "initialize has protocolVersion, capabilities and clientInfo.")
    }
    return ProtocolVersion.handshakes.first { $0.rawValue == asked } ?? .offered
  }

  /// Answers a request within the time limit.
  ///
  /// - Throws: a `ProtocolError`, or a `CancellationError` if the task is cancelled.
  func answer(
    _ method: String, _ params: JSONObject, _ version: ProtocolVersion
  ) async throws -> JSONObject {
    try await withThrowingTaskGroup(of: JSONObject.self) { group in
      group.addTask { try await result(method, params, version) }
      group.addTask {
        try await Task.sleep(for: timeLimit)
        throw ProtocolError(.timeout, "No answer within \(timeLimit).")
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  private func result(
    _ method: String, _ params: JSONObject, _ version: ProtocolVersion
  ) async throws -> JSONObject {
    var result: JSONObject
    var isKept = false
    switch method {
    case "initialize" where !version.isStateless: return try handshake(params)
    case "ping" where !version.isStateless: return [:]
    case "server/discover" where version.isStateless:
      result = description
      result["supportedVersions"] = .array(
        ProtocolVersion.stateless.map { .string($0.rawValue) })
      isKept = true
    case "tools/list":
      result = try Self.list("tools", provider.tools, params)
      isKept = true
    case "tools/call": result = try await call(params)
    case "resources/list":
      result = try Self.list("resources", [], params)
      isKept = true
    case "resources/templates/list":
      result = try Self.list("resourceTemplates", provider.resourceTemplates, params)
      isKept = true
    case "resources/read": result = try await read(params, version)
    default: throw ProtocolError(.unknownMethod, "There is no such method in this version.")
    }
    guard version.isStateless else { return result }
    result["resultType"] = "complete"
    result["_meta"] = [MetaKey.server: provider.identity.json]
    if method != "tools/call" {
      // The lists do not change while the program runs. A resource is read anew each time.
      result["ttlMs"] = isKept ? 60_000 : 0
      result["cacheScope"] = "private"
    }
    return result
  }

  private var description: JSONObject {
    [
      "capabilities": [
        "resources": [:], "tools": ["listChanged": false],
      ],
      "instructions": .string(provider.instructions),
    ]
  }

  private func handshake(_ params: JSONObject) throws(ProtocolError) -> JSONObject {
    var result = description
    result["protocolVersion"] = .string(try Self.negotiated(params).rawValue)
    result["serverInfo"] = provider.identity.json
    return result
  }

  /// A list, which is one page.
  private static func list(
    _ name: String, _ items: [JSON], _ params: JSONObject
  ) throws(ProtocolError) -> JSONObject {
    guard params["cursor"] == nil else {
      throw ProtocolError(.invalidParameters, "The list is one page: there is no cursor.")
    }
    return [name: .array(items)]
  }

  private func call(_ params: JSONObject) async throws -> JSONObject {
    guard let name = params["name"]?.stringValue else {
      throw ProtocolError(.invalidParameters, "name is the name of a tool.")
    }
    guard let arguments = (params["arguments"] ?? .object([:])).objectValue else {
      throw ProtocolError(.invalidParameters, "arguments is an object.")
    }
    guard let result = try await provider.call(name, arguments) else {
      throw ProtocolError(
        .invalidParameters, "There is no tool of this name; tools/list names them all.")
    }
    return result.json
  }

  private func read(_ params: JSONObject, _ version: ProtocolVersion) async throws -> JSONObject {
    guard let uri = params["uri"]?.stringValue, uri.utf8.count <= 2048 else {
      throw ProtocolError(.invalidParameters, "uri is the address of a resource.")
    }
    guard let text = try await provider.read(uri) else {
      throw ProtocolError(
        version.isStateless ? .invalidParameters : .unknownResource,
        "There is no resource with this address.")
    }
    return [
      "contents": [
        [
          "mimeType": .string(text.mediaType), "text": .string(text.text), "uri": .string(uri),
        ]
      ]
    ]
  }
}
