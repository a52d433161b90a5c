import APIDescription
import HTTPTypes
import LedgerDomain
import LedgerService
import LedgerTestSupport
import TestSupport
import Testing

@testable import LedgerHTTP

@Suite("Routes and their description", .privateServer())
struct DescribedRoutesTests {
  /// What the description of a route must say.
  private struct Facts: Equatable, CustomStringConvertible {
    let query: [String]
    let bodies: [String]
    let answers: [String]

    var description: String { "takes \(query), bodies \(bodies), answers \(answers)" }
  }

  /// A path of the description as the router writes it.
  private static func routerPath(_ path: String) -> String {
    path == "/tile/{path}" ? "/tile/**" : path.replacing("{event_type}", with: "{action}")
  }

  @Test("The description has each route, with its parameters and media types, and no other")
  func routes() async throws {
    try await withLedger { test in
      let ledger = test.ledger
      let state = try ServerState(ledger, connections: 10)
      let reader = RequestReader(
        configuration: ledger.configuration,
        callers: Callers(ledger.configuration, listensOn: nil), bodies: state.bodies)
      var built: [String: Facts] = [:]
      for route in allRoutes(ledger: ledger, state: state, reader: reader).routes
      where route.method != .head {
        built["\(route.method) \(route.path)"] = Facts(
          query: route.parameters.map(\.name).sorted(),
          bodies: route.bodies.map(\.rawValue).sorted(),
          answers: route.answers.sorted())
      }
      var described: Set<String> = []
      for operation in state.description.operations where operation.path != "/pith/{id}.json" {
        let name = "\(operation.method.uppercased()) \(Self.routerPath(operation.path))"
        described.insert(name)
        guard let facts = built[name] else {
          Issue.record("\(name) is described, and there is no such route")
          continue
        }
        #expect(
          operation.parameters.filter { $0.location == "query" }.map(\.name).sorted()
            == facts.query, "\(name)")
        #expect(operation.bodyTypes.sorted() == facts.bodies, "\(name)")
        // Redirections and the files of pages are not negotiated.
        if !facts.answers.isEmpty {
          #expect(Set(operation.answerTypes) == Set(facts.answers), "\(name)")
        }
      }
      #expect(Set(built.keys).subtracting(described) == [])
    }
  }
}
