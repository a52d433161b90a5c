import APIDescription
import CanonicalJSON
import Testing

@Suite("The description of the HTTP interface")
struct APIDescriptionTests {
  private let description: APIDescription

  init() throws { description = try APIDescription() }

  @Test("Every operation has an id of its own, a summary, and documented answers")
  func operations() {
    var ids: Set<String> = []
    for operation in description.operations {
      #expect(ids.insert(operation.id).inserted && !operation.id.isEmpty, "\(operation.path)")
      #expect(!operation.summary.isEmpty && !operation.summary.hasSuffix("."), "\(operation.id)")
      #expect(operation.statusCodes.contains { $0 < 400 }, "\(operation.id)")
      for parameter in operation.parameters {
        #expect(!parameter.text.isEmpty && !parameter.schema.isNull, "\(operation.id)")
        #expect(
          parameter.location != "path" || operation.path.contains("{\(parameter.name)}"),
          "\(operation.id) \(parameter.name)")
      }
    }
    #expect(ids.count >= 60)
  }

  @Test("A schema contains every schema that it refers to")
  func references() throws {
    for name in description.schemaNames {
      let schema = try #require(description.schema(name, address: "https://a.example/\(name)"))
      let defined = Set(schema["$defs"]?.objectValue?.keys ?? [])
      var missing: Set<String> = []
      func walk(_ json: JSON) {
        switch json {
        case .array(let items): items.forEach(walk)
        case .object(let members):
          if let reference = members["$ref"]?.stringValue {
            let target = String(reference.dropFirst("#/$defs/".count))
            if !reference.hasPrefix("#/$defs/") || !defined.contains(target) {
              missing.insert(reference)
            }
          }
          for (_, value) in members { walk(value) }
        default: break
        }
      }
      walk(.object(schema.objectValue?.removing(["$defs"]) ?? [:]))
      walk(schema["$defs"] ?? .null)
      #expect(missing.isEmpty, "\(name)")
    }
    #expect(description.schema("nothing", address: "https://a.example/") == nil)
  }

  @Test("The document names the service and the version")
  func server() {
    let json = description.openAPI(server: "https://a.example", version: "9.8.7")
    #expect(json["openapi"] == "3.1.0" && json["info"]?["version"] == "9.8.7")
    #expect(json["servers"] == [["url": "https://a.example"]])
  }
}
