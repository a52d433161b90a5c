public import CanonicalJSON

/// What a server of the Model Context Protocol offers.
public protocol ContextProvider: Sendable {
  /// The name and the version of the program.
  var identity: ServerIdentity { get }
  /// What a client should know about the tools together.
  var instructions: String { get }
  /// The tools, as `tools/list` describes them.
  var tools: [JSON] { get }
  /// The templates of resources, as `resources/templates/list` describes them.
  var resourceTemplates: [JSON] { get }
  /// Calls a tool; `nil` if there is none of this name.
  func call(_ tool: String, _ arguments: JSONObject) async throws(CancellationError) -> ToolResult?
  /// Reads a resource; `nil` if there is none with this address.
  func read(_ uri: String) async throws(CancellationError) -> ResourceText?
}

/// The name and the version of a server.
public struct ServerIdentity: Sendable {
  /// The name for programs.
  public let name: String
  /// The name for people.
  public let title: String
  /// The version.
  public let version: String

  /// Makes an identity.
  public init(name: String, title: String, version: String) {
    self.name = name
    self.title = title
    self.version = version
  }

  var json: JSON {
    ["name": .string(name), "title": .string(title), "version": .string(version)]
  }
}

/// The result of a call of a tool.
public struct ToolResult: Sendable {
  /// Texts for the model, in order.
  public let texts: [String]
  /// The result as a value.
  public let structured: JSON
  /// Whether the tool refused or failed.
  public let isError: Bool

  /// Makes a result.
  public init(texts: [String], structured: JSON, isError: Bool) {
    self.texts = texts
    self.structured = structured
    self.isError = isError
  }

  var json: JSONObject {
    [
      "content": .array(texts.map { ["text": .string($0), "type": "text"] }),
      "isError": .bool(isError), "structuredContent": structured,
    ]
  }
}

/// The text of a resource.
public struct ResourceText: Sendable {
  /// The media type.
  public let mediaType: String
  /// The text.
  public let text: String

  /// Makes a text.
  public init(mediaType: String, text: String) {
    self.mediaType = mediaType
    self.text = text
  }
}
