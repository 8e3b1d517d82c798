import RunModel
import TerminalKit

@testable import DashboardUI

/// What agents ask in the tests, and what they plan.
extension Sample {
  static let askedDiff = """
    --- a/src/webhooks/retry.ts
    +++ b/src/webhooks/retry.ts
    @@ -10,7 +10,11 @@ export async function deliver(event: Event) {
       const url = endpoint(event);
    -  return await post(url, event);
    +  for (let attempt = 0; attempt < limit; attempt += 1) {
    +    const answer = await post(url, event);
    +    if (answer.ok) return answer;
    +    await pause(backoff(attempt) + jitter());
    +  }
     }
    \u{20}
     export const limit = 5;
    """

  static let askedEdit = AttentionDetail(
    tool: .edit, title: "Edit src/webhooks/retry.ts", paths: ["src/webhooks/retry.ts"], diff: askedDiff,
    choices: [.allowOnce, .allowAlways, .rejectOnce])

  /// From an agent that knows no answer for always.
  static let askedCommand = AttentionDetail(
    tool: .execute, title: "Install what the tests need", command: "npm install --no-save nock@13 && npm test -- retry",
    paths: ["/home/ana/.npm"], choices: [.allowOnce, .rejectOnce])

  static let plan = [
    PlanEntry("backoff", .completed), PlanEntry("jitter", .completed), PlanEntry("dead letter", .inProgress),
    PlanEntry("metrics"), PlanEntry("docs"),
  ]

  /// Run 5 asks for an edit, run 6 for a command, and run 4 its question.
  static func asking(_ size: Size, seq: UInt64 = 2000) -> DashboardState {
    var state = state(size)
    func ask(_ run: Int, _ question: String, _ options: [JSONValue], _ detail: AttentionDetail, _ offset: Int)
      -> RunEvent
    {
      var data: JSONObject = [
        "attentionId": .string("p\(run)"), "question": .string(question), "options": .array(options),
        "kind": "permission",
      ]
      for (name, value) in detail.members { data.append(name, value) }
      return event(seq + UInt64(run), .attention, id(run), offset, data)
    }
    _ = state.update(
      .events([
        event(seq, .plan, id(5), -30, ["entries": plan.json]),
        ask(
          5, "May I write the retry loop?",
          ["Yes", "Yes, and don't ask again for edits", "No, tell me what to do instead"],
          askedEdit, -20),
        ask(6, "May I run a command?", ["Allow", "Deny"], askedCommand, -10),
      ]))
    return state
  }
}

extension ScreenSnapshotTests {
  static let answerScreens: Screens = [
    ("answer-edit", { Sample.asking($0).at(5, "a") }),
    ("answer-command", { Sample.asking($0).at(6, "a") }),
    (
      "answer-read-only",
      { size in
        var state = Sample.asking(size)
        state.isReadOnly = true
        return state.at(5, "a")
      }
    ),
    ("plan-overview", { Sample.asking($0).at(5, "enter") }),
    (
      "message-session",
      { size in
        var state = Sample.conversing(size).at(5, "M")
        state.type("Mind the tests for the dead letter queue")
        return state
      }
    ),
    ("message-later", { Sample.state($0).at(5, "M") }),
  ]
}

extension Sample {
  /// The runtime of run 5 takes messages.
  static func conversing(_ size: Size) -> DashboardState {
    var state = state(size)
    var runtimes = Sample.runtimes
    for place in runtimes.indices where runtimes[place].runtimeId == "vibe" { runtimes[place].converses = true }
    _ = state.update(.runtimes(runtimes))
    return state
  }
}

extension DashboardState {
  /// With the cursor on the run of this number, and then a key.
  func at(_ number: Int, _ key: String) -> DashboardState {
    var state = self
    state.select(number)
    state.press(key)
    return state
  }

  /// Puts the cursor on the run of this number.
  mutating func select(_ number: Int) {
    selection = Sample.id(number)
    cursorTouched = true
    cursor = board.place(of: Sample.id(number)).flatMap { list.index(ofRunAt: $0) } ?? 0
  }
}
