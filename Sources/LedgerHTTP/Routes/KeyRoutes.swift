import CanonicalJSON
import Hummingbird
import LedgerService

/// The routes that read keys.
struct KeyRoutes: Sendable {
  let keys: KeyQueries

  func add(to router: Router<LedgerRequestContext>) {
    router.get("/api/keys") { _, _ in Response.json(try await keys.all().json) }
    router.get("/api/keys/:id") { _, context in
      Response.json(try await keys.key(context.identifier()).json)
    }
  }
}
