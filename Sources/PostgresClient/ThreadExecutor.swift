import Dispatch
import Foundation
import Synchronization

/// Runs the jobs of one connection on a thread of its own, where libpq may block. The threads of Swift's and
/// Dispatch's pools do not wait for a server.
final class ThreadExecutor: SerialExecutor {
  private enum Task {
    case job(UnownedJob)
    case work(@Sendable () -> Void)
    case stop
  }

  /// The queue between the executor and its thread. The thread does not keep the executor alive.
  private final class Inbox: Sendable {
    private let tasks = Mutex<[Task]>([])
    /// Orders the holders of the lock for ThreadSanitizer, which does not see how a `Mutex` orders
    /// them: that happens in the runtime's library.
    private let turn = Atomic<Bool>(false)
    private let arrived = DispatchSemaphore(value: 0)

    func put(_ task: Task) {
      locked { $0.append(task) }
      arrived.signal()
    }

    func take() -> Task {
      arrived.wait()
      return locked { $0.removeFirst() }
    }

    private func locked<R: Sendable>(_ body: (inout [Task]) -> R) -> R {
      tasks.withLock { tasks in
        _ = turn.load(ordering: .acquiring)
        defer { turn.store(true, ordering: .releasing) }
        return body(&tasks)
      }
    }
  }

  private let inbox = Inbox()

  init() {
    let inbox = inbox
    // A job keeps its actor alive, and the actor keeps this executor alive, until the job has run.
    let executor = unsafe UncheckedExecutor(executor: asUnownedSerialExecutor())
    let thread = Thread {
      while true {
        switch inbox.take() {
        case .job(let job): unsafe job.runSynchronously(on: executor.executor)
        case .work(let work): work()
        case .stop: return
        }
      }
    }
    thread.name = "postgres"
    thread.start()
  }

  deinit { inbox.put(.stop) }

  func enqueue(_ job: consuming ExecutorJob) { inbox.put(.job(UnownedJob(job))) }

  /// Runs a closure that is not the job of an actor.
  func perform(_ work: @escaping @Sendable () -> Void) { inbox.put(.work(work)) }
}

/// A reference to an executor that is used only while the executor is alive.
@safe private struct UncheckedExecutor: Sendable {
  let executor: UnownedSerialExecutor
  init(executor: UnownedSerialExecutor) { unsafe self.executor = unsafe executor }
}
