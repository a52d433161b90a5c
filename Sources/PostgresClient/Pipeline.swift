import CLibPQ

/// Several statements that are sent before the first answer is read.
struct Pipeline {
  let statements: [PostgresStatement]

  /// Runs the statements in one round trip, and returns the rows of each.
  ///
  /// The first error is thrown, and no statement after it runs.
  func run(
    on link: LibPQConnection, _ prepared: inout PreparedStatements
  ) throws(PostgresError) -> [[PostgresRow]] {
    let pointer = unsafe try link.pointer()
    try link.require(unsafe PQenterPipelineMode(pointer) == 1)
    defer { if link.isOpen { unsafe PQexitPipelineMode(pointer) } }
    var new: [String] = []
    do {
      let isAnswer = try send(to: link, &prepared, &new)
      return try readAnswers(from: link, isAnswer)
    } catch {
      // Statements after an error, and statements that were not sent, are not prepared.
      prepared.remove(new)
      throw error
    }
  }

  /// Sends the messages and a sync. Returns, for each result to come, whether it is the answer of a
  /// statement.
  ///
  /// - Parameter new: the keys of the statements that are prepared with this pipeline.
  private func send(
    to link: LibPQConnection, _ prepared: inout PreparedStatements, _ new: inout [String]
  ) throws(PostgresError) -> [Bool] {
    var isAnswer: [Bool] = []
    for statement in statements {
      let types = statement.parameters.map(\.oid)
      let key = PreparedStatements.key(statement.sql, types)
      var name = prepared.name(of: key)
      if name == nil, !prepared.isFull {
        let newName = prepared.newName()
        try link.sendPrepare(newName, statement.sql, types)
        prepared.insert(key, newName)
        new.append(key)
        name = newName
        isAnswer.append(false)
      }
      try link.sendQuery(name, statement)
      isAnswer.append(true)
    }
    try link.require(unsafe PQpipelineSync(try link.pointer()) == 1)
    try link.flush()
    return isAnswer
  }

  private func readAnswers(
    from link: LibPQConnection, _ isAnswer: [Bool]
  ) throws(PostgresError) -> [[PostgresRow]] {
    var answers: [[PostgresRow]] = []
    var index = 0
    var failure: PostgresError?
    while true {
      let result = try link.nextResult()
      guard result.isPresent else {
        // A null result separates statements. On a lost connection every result is null.
        guard link.isUsable else { throw failure ?? link.lostError() }
        continue
      }
      switch result.status {
      case PGRES_PIPELINE_SYNC:
        if let failure { throw failure }
        guard index == isAnswer.count else {
          throw PostgresError(.protocolMisuse, "\(index) answers to \(isAnswer.count) messages")
        }
        return answers
      case PGRES_PIPELINE_ABORTED: break
      default:
        do throws(PostgresError) {
          try link.check(result)
          if index < isAnswer.count, isAnswer[index] { answers.append(result.rows) }
          index += 1
        } catch { failure = failure ?? error }
      }
    }
  }
}
