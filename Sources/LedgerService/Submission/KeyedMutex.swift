/// A mutex for each key. Waiting tasks enter in the order of their calls.
actor KeyedMutex<Key: Hashable & Sendable> {
  private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

  private func lock(_ key: Key) async {
    if waiting[key] == nil {
      waiting[key] = []
      return
    }
    await withCheckedContinuation { waiting[key, default: []].append($0) }
  }

  private func unlock(_ key: Key) {
    guard var queue = waiting[key] else { return }
    if queue.isEmpty {
      waiting[key] = nil
    } else {
      let next = queue.removeFirst()
      waiting[key] = queue
      next.resume()
    }
  }

  /// Runs a closure while no other task holds the mutex of the key.
  nonisolated func withLock<R: Sendable>(
    _ key: Key, _ body: () async throws -> R
  ) async throws -> R {
    await lock(key)
    do {
      let result = try await body()
      await unlock(key)
      return result
    } catch {
      await unlock(key)
      throw error
    }
  }
}
