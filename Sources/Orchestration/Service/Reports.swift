import RunModel

extension RunEvent {
  /// What a runtime reports, as it goes on record; nil for what the orchestrator tells in its own words.
  init?(report: RuntimeEvent, by runtime: RuntimeID, at time: Timestamp) {
    var data = JSONObject()
    let type: EventType
    switch report.kind {
    case .progress(let progress, let message):
      type = .progress
      data.append("progress", .double(progress))
      if let message { data.append("message", .string(message.bounded(Bounds.activity))) }
    case .output(let stream, let text, let dropped):
      type = .output
      data.append("stream", .string(stream.rawValue))
      data.append("text", .string(TokenRedaction.tokens(in: text)))
      if dropped > 0 { data.append("dropped", .int(Int64(dropped))) }
    case .outputCut(let cut):
      type = .outputCut
      data = ["lines": .int(cut.lines)]
      if let limit = cut.limit { data.append("limit", .int(limit)) }
    case .tool(let call):
      type = .tool
      data.append("name", .string(call.name.bounded(Bounds.activity)))
      if let target = call.target {
        data.append("target", .string(TokenRedaction.tokens(in: target.bounded(Bounds.activity))))
      }
      if let summary = call.summary {
        data.append("summary", .string(TokenRedaction.tokens(in: summary.bounded(Bounds.activity))))
      }
      if let status = call.status { data.append("status", .string(status.bounded(Bounds.activity))) }
      if let diff = call.diff { data.append("diff", .string(TokenRedaction.tokens(in: diff.bounded(Bounds.toolDiff)))) }
    case .usage(let usage):
      type = .usage
      if let tokens = usage.inputTokens { data.append("inputTokens", .int(tokens)) }
      if let tokens = usage.outputTokens { data.append("outputTokens", .int(tokens)) }
      if let cost = usage.costUSD { data.append("costUSD", .double(cost)) }
    case .changes(let files, let added, let removed, _):
      type = .artifacts
      data = [
        "files": .int(Int64(files)), "added": .int(Int64(added)), "removed": .int(Int64(removed)), "final": false,
      ]
    case .plan(let entries):
      type = .plan
      data = ["entries": entries.bounded.map { PlanEntry(TokenRedaction.tokens(in: $0.text), $0.status) }.json]
    case .attention(let id, let question, let options, let kind, let detail):
      type = .attention
      data = [
        "attentionId": .string(id), "question": .string(question.bounded(Bounds.question)),
        "options": .array(options.map { .string($0) }), "kind": .string(kind),
      ]
      for (name, value) in detail?.shown.members ?? [:] { data.append(name, value) }
    case .resolved(let id, let answer, let by):
      type = .resolved
      data = ["attentionId": .string(id), "answer": .string(answer), "by": .string(by)]
    case .custom(let name, let own):
      type = .custom(name, of: runtime)
      data = own
    case .stopSent, .ended: return nil
    }
    self.init(source: RunEvent.source(of: runtime), type: type, run: report.runId, time: time, data: data)
  }
}

extension AttentionDetail {
  /// As people see it: within its bounds, and without what is secret.
  var shown: Self {
    var shown = bounded
    shown.title = TokenRedaction.tokens(in: shown.title)
    shown.command = shown.command.map(TokenRedaction.tokens)
    shown.paths = shown.paths.map(TokenRedaction.tokens)
    shown.diff = shown.diff.map(TokenRedaction.tokens)
    return shown
  }
}
