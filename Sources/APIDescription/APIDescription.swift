import COpenAPI
public import CanonicalJSON

/// The description of the HTTP interface: OpenAPI 3.1, the JSON Schemas in it, its operations, and the tools for agents.
///
/// The file `Sources/COpenAPI/openapi.json` is the source of the first three. Tests compare it with the routes and the answers of
/// the service. The file `tools.json` names the operations that are tools.
public struct APIDescription: Sendable {
  private let document: JSONObject
  private let schemaObjects: JSONObject
  /// The operations, in the order of their paths and methods.
  public let operations: [APIOperation]
  /// The tools for agents, in the order of the file `tools.json`.
  public let tools: [APITool]

  /// Reads the description.
  ///
  /// Errors: a `JSONError` if the file is not JSON, which a test excludes.
  public init() throws(JSONError) {
    let json = try JSON.parse(Self.file, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 64))
    document = json.objectValue ?? [:]
    let components = json["components"]?.objectValue ?? [:]
    schemaObjects = components["schemas"]?.objectValue ?? [:]
    var operations: [APIOperation] = []
    for (path, item) in json["paths"]?.objectValue ?? [:] {
      for (method, operation) in item.objectValue ?? [:] {
        operations.append(
          APIOperation(path: path, method: method, operation, components: components))
      }
    }
    self.operations = operations
    tools = try ToolReader(
      schemas: schemaObjects, parameters: components["parameters"]?.objectValue ?? [:],
      operations: operations
    ).tools()
  }

  private static var file: [UInt8] {
    // The bytes are constant and stay where they are.
    var count = 0
    let start = unsafe pithledger_openapi(&count)
    return unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }

  /// The OpenAPI document (OpenAPI 3.1.0) of a service.
  ///
  /// - Parameters:
  ///   - server: the address of the service, without a slash at its end.
  ///   - version: the version of the program.
  public func openAPI(server: String, version: String) -> JSON {
    var document = document
    document["servers"] = [["url": .string(server)]]
    var info = document["info"]?.objectValue ?? [:]
    info["version"] = .string(version)
    document["info"] = .object(info)
    return .object(document)
  }

  /// The names of the schemas.
  public var schemaNames: [String] { schemaObjects.keys }

  /// A schema as a document of its own (JSON Schema 2020-12), with the schemas that it refers to in `$defs`. `nil` if
  /// there is none of this name.
  ///
  /// - Parameters:
  ///   - name: the name of the schema.
  ///   - address: the address of the document.
  public func schema(_ name: String, address: String) -> JSON? {
    guard var schema = schemaObjects[name]?.objectValue else { return nil }
    var names: [String] = []
    Self.collect(.object(schema), of: schemaObjects, into: &names)
    schema = Self.relocated(.object(schema)).objectValue ?? [:]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = .string(address)
    schema["title"] = .string(name)
    if !names.isEmpty {
      schema["$defs"] = .object(
        JSONObject(names.map { ($0, Self.relocated(schemaObjects[$0] ?? .null)) }))
    }
    return .object(schema)
  }

  private static let prefix = "#/components/schemas/"

  /// Adds the names of the schemas that a schema refers to, directly or through others.
  private static func collect(_ json: JSON, of schemas: JSONObject, into names: inout [String]) {
    switch json {
    case .array(let items): for item in items { collect(item, of: schemas, into: &names) }
    case .object(let members):
      if let name = reference(members), !names.contains(name) {
        names.append(name)
        if let schema = schemas[name] { collect(schema, of: schemas, into: &names) }
      }
      for (_, value) in members { collect(value, of: schemas, into: &names) }
    default: break
    }
  }

  private static func reference(_ members: JSONObject) -> String? {
    members["$ref"]?.stringValue.flatMap {
      $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil
    }
  }

  /// A schema whose references lead to `$defs`.
  private static func relocated(_ json: JSON) -> JSON {
    switch json {
    case .array(let items): return .array(items.map(relocated))
    case .object(let members):
      if let name = reference(members) { return ["$ref": .string("#/$defs/\(name)")] }
      return .object(JSONObject(members.map { ($0.key, relocated($0.value)) }))
    default: return json
    }
  }
}
