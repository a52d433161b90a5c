/// Lets one task at a time work on each key, in the order they came.
actor KeyedMutex<Key: Hashable & Sendable> {
  private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

  func enter(_ key: Key) async {
    if waiting[key] == nil {
      waiting[key] = []
      return
    }
    await withCheckedContinuation { waiting[key, default: []].append($0) }
  }

  func leave(_ key: Key) {
    guard var queue = waiting[key] else { return }
    if queue.isEmpty {
      waiting[key] = nil
    } else {
      let next = queue.removeFirst()
      waiting[key] = queue
      next.resume()
    }
  }

  nonisolated func turn<R: Sendable>(
    _ key: Key, _ body: () async throws -> R
  ) async throws -> R {
    await enter(key)
    do {
      let result = try await body()
      await leave(key)
      return result
    } catch {
      await leave(key)
      throw error
    }
  }
}
