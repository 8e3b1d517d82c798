import RunModel

/// What a rule does.
extension ProfileJSON {
  mutating func actions(_ object: JSONObject, _ place: Place, isLine: Bool) -> AgentProfile.Actions {
    var actions = AgentProfile.Actions()
    actions.output = selector(object["output"], "output", place, isLine)
    actions.note = selector(object["note"], "note", place, isLine)
    if let json = object["tool"], !json.isNull {
      let here = place + [.key("tool")]
      let keys = members(json, here, "\"tool\"", ["name", "target", "summary", "status", "diff"])
      if let name = required("name", in: keys, here, isLine) {
        actions.tool = AgentProfile.Tool(
          name: name, target: selector(keys["target"], "target", here, isLine),
          summary: selector(keys["summary"], "summary", here, isLine),
          status: selector(keys["status"], "status", here, isLine), diff: selector(keys["diff"], "diff", here, isLine))
      }
    }
    if let json = object["edit"], !json.isNull {
      let here = place + [.key("edit")]
      let keys = members(json, here, "\"edit\"", ["path", "name", "status", "diff", "old", "new"])
      if let path = required("path", in: keys, here, isLine) {
        actions.edit = AgentProfile.Edit(
          path: path, name: selector(keys["name"], "name", here, isLine),
          status: selector(keys["status"], "status", here, isLine),
          diff: selector(keys["diff"], "diff", here, isLine), old: selector(keys["old"], "old", here, isLine),
          new: selector(keys["new"], "new", here, isLine))
      }
    }
    if let json = object["usage"], !json.isNull {
      let here = place + [.key("usage")]
      let keys = members(json, here, "\"usage\"", ["input", "output", "cost", "delta"])
      actions.usage = AgentProfile.Usage(
        input: selector(keys["input"], "input", here, isLine), output: selector(keys["output"], "output", here, isLine),
        cost: selector(keys["cost"], "cost", here, isLine), isDelta: flag(keys["delta"], "delta", here) ?? false)
    }
    if let json = object["progress"], !json.isNull {
      let here = place + [.key("progress")]
      let keys = members(json, here, "\"progress\"", ["value", "of", "message"])
      if let value = required("value", in: keys, here, isLine) {
        actions.progress = AgentProfile.Progress(
          value: value, whole: selector(keys["of"], "of", here, isLine),
          message: selector(keys["message"], "message", here, isLine))
      }
    }
    actions.plan = plan(object["plan"], place, isLine)
    if let json = object["question"], !json.isNull {
      let here = place + [.key("question")]
      let keys = members(json, here, "\"question\"", ["text", "id", "options", "answers", "reply"])
      if let text = required("text", in: keys, here, isLine) {
        actions.question = AgentProfile.Question(
          text: text, id: selector(keys["id"], "id", here, isLine),
          options: selector(keys["options"], "options", here, isLine), reply: reply(keys, here))
      }
    }
    if let json = object["result"], !json.isNull {
      let here = place + [.key("result")]
      let keys = members(json, here, "\"result\"", ["outcome", "reason"])
      if keys["outcome"] == nil { complain(here, "\"result\" needs \"outcome\": succeeded, failed or open.") }
      if let outcome = word(keys["outcome"], "outcome", here, AgentProfile.Result.Outcome.self) {
        actions.result = AgentProfile.Result(
          outcome: outcome, reason: selector(keys["reason"], "reason", here, isLine))
      }
    }
    return actions
  }

  private mutating func plan(_ json: JSONValue?, _ place: Place, _ isLine: Bool) -> AgentProfile.Plan? {
    guard let json, !json.isNull else { return nil }
    let here = place + [.key("plan")]
    guard !isLine else {
      complain(here, "A plan is read from JSON objects alone.")
      return nil
    }
    let keys = members(json, here, "\"plan\"", ["entries", "text", "status"])
    for key in ["entries", "text"] where keys[key] == nil { complain(here, "\"plan\" needs \"\(key)\": a path.") }
    guard let entries = path(keys["entries"], "entries", here), let text = path(keys["text"], "text", here) else {
      return nil
    }
    return AgentProfile.Plan(entries: entries, text: text, status: path(keys["status"], "status", here))
  }

  private mutating func required(
    _ key: String, in keys: JSONObject, _ place: Place, _ isLine: Bool
  ) -> AgentProfile.Selector? {
    if let json = keys[key], !json.isNull { return selector(json, key, place, isLine) }
    guard case .key(let what)? = place.last else { return nil }
    complain(place, "\"\(what)\" needs \"\(key)\".")
    return nil
  }

  private mutating func selector(
    _ json: JSONValue?, _ key: String, _ place: Place, _ isLine: Bool
  ) -> AgentProfile.Selector? {
    guard let json, !json.isNull else { return nil }
    let here = place + [.key(key)]
    if isLine {
      guard let text = json.string else {
        complain(here, "\"\(key)\" must be text, with $1 to $9 for the groups of the pattern.")
        return nil
      }
      return .text(text)
    }
    switch json {
    case .string(let text): return path(text, here).map { .paths([$0]) }
    case .array(let items):
      var paths: [JSONPath] = []
      for (index, item) in items.enumerated() {
        guard let text = item.string else {
          complain(here + [.index(index)], "A path is text.")
          continue
        }
        if let path = path(text, here + [.index(index)]) { paths.append(path) }
      }
      return .paths(paths)
    case .object:
      let keys = members(json, here, "\"\(key)\"", ["text"])
      return text(keys["text"], "text", here).map { .text($0) }
    case .null, .bool, .int, .double:
      complain(here, "\"\(key)\" must be a path, a list of paths, or {text: \"…\"}.")
      return nil
    }
  }
}
