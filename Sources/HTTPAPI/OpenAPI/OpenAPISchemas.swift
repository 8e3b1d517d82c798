extension OpenAPI {
  /// Objects that name all their members say so with `additionalProperties: false`.
  static let schemas = "{\(runSchemas),\(workSchemas),\(otherSchemas)}"

  private static let runMembers = """
    "runId": {"$ref": "#/components/schemas/ULID"},
    "contractId": {"$ref": "#/components/schemas/ULID"},
    "title": {"type": "string"},
    "status": {"$ref": "#/components/schemas/RunStatus"},
    "progress": {"type": "number", "minimum": 0, "maximum": 1},
    "progressKnown": {"type": "boolean", "description": "False until the agent has reported a progress."},
    "runtimeId": {"type": ["string", "null"]},
    "runtimeSessionId": {"type": ["string", "null"]},
    "attention": {"anyOf": [{"$ref": "#/components/schemas/Attention"}, {"type": "null"}]},
    "createdAt": {"$ref": "#/components/schemas/Time"},
    "startedAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
    "endedAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
    "filesChanged": {"type": ["integer", "null"]},
    "added": {"type": ["integer", "null"]},
    "removed": {"type": ["integer", "null"]},
    "testsPassed": {"type": ["integer", "null"]},
    "testsTotal": {"type": ["integer", "null"]},
    "verdict": {"anyOf": [{"$ref": "#/components/schemas/Verdict"}, {"type": "null"}]},
    "score": {"anyOf": [{"$ref": "#/components/schemas/Score"}, {"type": "null"}]},
    "priority": {"type": "integer"},
    "attempt": {"type": "integer"},
    "lastEventAt": {"$ref": "#/components/schemas/Time"},
    "firstSeq": {"type": "integer"},
    "lastSeq": {"type": "integer"},
    "pin": {"type": "string", "description": "The runtime that was asked for, if one was named."},
    "approval": {"$ref": "#/components/schemas/Approval"},
    "conflicts": {"type": "array", "items": {"$ref": "#/components/schemas/Conflict"},
      "description": "Files that other live runs of the same repository change too; the first of them by name."},
    "conflictingFiles": {"type": "integer", "description": "How many there are in all."},
    "cancellation": {"$ref": "#/components/schemas/Cancellation"},
    "proof": {"$ref": "#/components/schemas/CancelProof"},
    "uncommitted": {"type": "object", "additionalProperties": false, "required": ["path", "why"],
      "description": "Work that could not be committed: where it lies, and why. It is tried again.",
      "properties": {"path": {"type": "string"}, "why": {"type": "string"}}},
    "retryOf": {"$ref": "#/components/schemas/ULID"},
    "batch": {"$ref": "#/components/schemas/ULID"},
    "reason": {"type": "string", "description": "Why it ended as it did."},
    "exitCode": {"type": "integer"},
    "activity": {"type": "string", "description": "The latest word."},
    "verifying": {"type": "boolean"},
    "plan": {"type": "array", "items": {"$ref": "#/components/schemas/PlanEntry"},
      "description": "What the agent says that it will do."},
    "remembered": {"type": "array", "items": {"$ref": "#/components/schemas/PermissionRule"},
      "description": "What people have said to answer likewise for the rest of the run."},
    "waitsFor": {"type": "array", "items": {"type": "string"}},
    "branch": {"type": "string"},
    "worktree": {"type": "string"},
    "base": {"type": "string", "description": "The commit that the branch began at."},
    "commit": {"type": "string", "description": "The snapshot commit that holds the work."},
    "pullRequest": {"type": "object", "additionalProperties": false,
      "description": "What became of asking for its work to be merged: where the request is, or why there is none and what does it by hand.",
      "properties": {"url": {"type": "string"}, "reason": {"type": "string"}, "command": {"type": "string"}}},
    "externalRef": {"type": "string"},
    "labels": {"type": "array", "items": {"type": "string"}},
    "inputTokens": {"type": "integer"},
    "outputTokens": {"type": "integer"},
    "costUSD": {"type": "number"},
    "outputDropped": {"type": "integer", "description": "Lines of output that no event has."},
    "outputCut": {"type": "object", "additionalProperties": false, "required": ["lines"],
      "description": "Lines of output that are lost for good, and the limit in bytes that they were beyond, if it was one.",
      "properties": {"lines": {"type": "integer"}, "limit": {"type": "integer"}}}
    """

  private static let runRequired = """
    "runId", "contractId", "title", "status", "progress", "progressKnown", "runtimeId", "runtimeSessionId", "attention",
    "createdAt", "startedAt", "endedAt", "filesChanged", "added", "removed", "testsPassed", "testsTotal", "verdict",
    "score", "priority", "attempt", "lastEventAt", "firstSeq", "lastSeq"
    """

  private static let runSchemas = """
    "ULID": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"},
    "Time": {"type": "string", "format": "date-time"},
    "RunStatus": {"type": "string", "enum": ["queued", "running", "succeeded", "failed", "canceled"]},
    "Run": {"type": "object", "additionalProperties": false, "required": [\(runRequired)], "properties": {\(runMembers)}},
    "RunDetail": {"type": "object", "additionalProperties": false,
      "required": [\(runRequired), "contract", "decision", "criteria", "mergeCommand", "assessment"],
      "properties": {\(runMembers),
        "contract": {"$ref": "#/components/schemas/Contract"},
        "decision": {"$ref": "#/components/schemas/RoutingDecision"},
        "criteria": {"type": "array", "items": {"$ref": "#/components/schemas/CriterionResult"}},
        "assessment": {"anyOf": [{"$ref": "#/components/schemas/Assessment"}, {"type": "null"}]},
        "collected": {"$ref": "#/components/schemas/Collected"},
        "limits": {"type": "array", "items": {"$ref": "#/components/schemas/LimitHolding"}},
        "mergeCommand": {"type": ["string", "null"], "description": "The command line that merges the work."}}},
    "Collected": {"type": "object", "additionalProperties": false,
      "description": "What retention has removed of the run, and when.", "properties": {
        "worktree": {"$ref": "#/components/schemas/Time"}, "branch": {"$ref": "#/components/schemas/Time"},
        "output": {"$ref": "#/components/schemas/Time"}, "events": {"type": "boolean"}}},
    "LimitHolding": {"type": "object", "additionalProperties": false, "required": ["name", "value", "holds"],
      "description": "What a run may use and what holds that; cancel: how far a cancel reaches.", "properties": {
        "name": {"type": "string"}, "value": {"type": ["string", "null"]}, "holds": {"type": "string"}}},
    "RunPage": {"type": "object", "additionalProperties": false, "required": ["runs", "next"], "properties": {
      "runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
      "next": {"anyOf": [{"$ref": "#/components/schemas/ULID"}, {"type": "null"}]}}},
    "Verdict": {"type": "string", "enum": ["blocked", "fail", "pass_with_notes", "pass"]},
    "Score": {"type": "object", "additionalProperties": false,
      "required": ["total", "tier", "d1", "d2", "d3", "d4"], "properties": {
        "total": {"type": "integer"},
        "tier": {"type": "string", "enum": ["HIGH", "STANDARD", "RESTRICTED", "PROBATION"]},
        "d1": {"type": "integer", "description": "Correctness."},
        "d2": {"type": "integer", "description": "Observability."},
        "d3": {"type": "integer", "description": "Policy."},
        "d4": {"type": "integer", "description": "Recurrence."}}},
    "CriterionResult": {"type": "object", "additionalProperties": false, "required": ["id", "text", "proof"],
      "properties": {
        "id": {"type": "string"}, "text": {"type": "string"},
        "proof": {"type": "string", "enum": ["proven", "failed", "unproven"]},
        "evidence": {"type": "object", "additionalProperties": false, "required": ["kind", "name"], "properties": {
          "kind": {"type": "string", "enum": ["test", "command"]}, "name": {"type": "string"}}}}},
    "Assessment": {"type": "object", "additionalProperties": false,
      "required": ["verdict", "score", "criteria", "notes", "reasons"], "properties": {
        "verdict": {"$ref": "#/components/schemas/Verdict"},
        "score": {"$ref": "#/components/schemas/Score"},
        "criteria": {"type": "array", "items": {"$ref": "#/components/schemas/CriterionResult"}},
        "notes": {"type": "array", "items": {"type": "string"}, "description": "What keeps it from a plain pass."},
        "reasons": {"type": "array", "items": {"type": "object", "additionalProperties": false,
          "required": ["dimension", "basis", "reason"], "properties": {
            "dimension": {"type": "string"}, "basis": {"type": "string", "enum": ["candidate", "deterministic"]},
            "reason": {"type": "string"}}}}}},
    "Approval": {"type": "object", "additionalProperties": false,
      "required": ["risk", "taskClass", "needed", "requestedBy", "requestedAt", "given"], "properties": {
        "risk": {"type": "string", "enum": ["low", "medium", "high", "critical"]},
        "taskClass": {"type": "string"},
        "needed": {"type": "integer", "description": "How many different people must approve."},
        "requestedBy": {"type": "string"}, "requestedAt": {"$ref": "#/components/schemas/Time"},
        "given": {"type": "array", "items": {"$ref": "#/components/schemas/ApprovalWord"}},
        "rejection": {"$ref": "#/components/schemas/ApprovalWord"}}},
    "ApprovalWord": {"type": "object", "additionalProperties": false, "required": ["by", "why", "at"], "properties": {
      "by": {"type": "string"}, "why": {"type": "string"}, "at": {"$ref": "#/components/schemas/Time"}}},
    "Conflict": {"type": "object", "additionalProperties": false, "required": ["run", "path"], "properties": {
      "run": {"$ref": "#/components/schemas/ULID"}, "path": {"type": "string"}}},
    "Attention": {"type": "object", "additionalProperties": false,
      "required": ["attentionId", "question", "options", "kind", "since"], "properties": {
        "attentionId": {"type": "string"}, "question": {"type": "string"},
        "options": {"type": "array", "items": {"type": "string"}},
        "kind": {"type": "string", "description": "question or permission."},
        "since": {"$ref": "#/components/schemas/Time"},
        "tool": {"$ref": "#/components/schemas/ToolKind",
          "description": "What the agent wants to use. The members from here on come with a permission."},
        "title": {"type": "string"},
        "command": {"type": "string", "description": "The command line that it would run."},
        "paths": {"type": "array", "items": {"type": "string"}, "description": "The files that it would touch."},
        "diff": {"type": "string", "description": "What it would change, as a unified diff."},
        "choices": {"type": "array", "description": "What the options mean, in their order.", "items": {
          "type": "string", "enum": ["allow_once", "allow_always", "reject_once", "reject_always", "other"]}}}},
    "ToolKind": {"type": "string",
      "enum": ["read", "edit", "delete", "move", "search", "execute", "fetch", "other"]},
    "PlanEntry": {"type": "object", "additionalProperties": false, "required": ["text", "status"], "properties": {
      "text": {"type": "string"}, "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]}}},
    "PermissionRule": {"type": "object", "additionalProperties": false, "required": ["decision"], "properties": {
      "decision": {"type": "string", "enum": ["allow", "reject", "ask"]},
      "tools": {"type": "array", "items": {"$ref": "#/components/schemas/ToolKind"}},
      "paths": {"type": "array", "items": {"type": "string"}},
      "commands": {"type": "array", "items": {"type": "string"}},
      "titles": {"type": "array", "items": {"type": "string"}},
      "rememberedFrom": {"type": "string", "description": "Whose answer it remembers."}}},
    "Cancellation": {"type": "object", "additionalProperties": false,
      "required": ["by", "reason", "force", "requestedAt", "stopSentAt"], "properties": {
        "by": {"type": "string"}, "reason": {"type": "string"}, "force": {"type": "boolean"},
        "requestedAt": {"$ref": "#/components/schemas/Time"},
        "stopSentAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}}},
    "CancelProof": {"type": "object", "additionalProperties": false,
      "description": "That the run's processes are gone.",
      "required": ["stopSentAt", "confirmedAt", "processes", "killed"], "properties": {
        "stopSentAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
        "confirmedAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
        "processes": {"type": "integer"}, "killed": {"type": "integer"}, "commit": {"type": "string"},
        "uncommitted": {"type": "string", "description": "The folder where work lies that could not be committed."},
        "strays": {"type": "integer", "description": "Those that had left the agent's own session."},
        "how": {"type": "string", "enum": ["term", "kill", "cgroup"], "description": "What it took."},
        "milliseconds": {"type": "integer", "description": "From the stop to the end of the last process."}}},
    "Artifacts": {"type": "object", "additionalProperties": false,
      "required": ["files_changed", "diff_summary", "commands_run", "tests_run", "handoff_note"], "properties": {
        "files_changed": {"type": "array", "items": {"type": "string"}},
        "diff_summary": {"type": "string"},
        "commands_run": {"type": "array", "items": {"type": "string"}},
        "tests_run": {"type": "array", "items": {"$ref": "#/components/schemas/TestRecord"}},
        "handoff_note": {"type": "string"},
        "pr_url": {"type": "string"},
        "evidence": {"description": "Free, for the scorer."}}},
    "TestRecord": {"type": "object", "additionalProperties": false, "required": ["name", "status", "duration_ms"],
      "properties": {
        "name": {"type": "string"}, "status": {"type": "string", "enum": ["passed", "failed", "skipped", "error"]},
        "duration_ms": {"type": "integer"}, "exit_code": {"type": "integer"}, "output": {"type": "string"}}}
    """

  private static let workSchemas = """
    "Contract": {"type": "object", "additionalProperties": false, "required": ["title"], "properties": {
      "contractId": {"anyOf": [{"$ref": "#/components/schemas/ULID"}, {"type": "null"}]},
      "runId": {"anyOf": [{"$ref": "#/components/schemas/ULID"}, {"type": "null"}]},
      "title": {"type": "string", "pattern": "\\\\S"},
      "prompt": {"type": ["string", "null"]},
      "acceptanceCriteria": {"type": ["array", "null"], "items": {"anyOf": [{"type": "string"},
        {"type": "object", "additionalProperties": false, "required": ["text"], "properties": {"id": {"type": "string"}, "text": {"type": "string"}}}]}},
      "labels": {"type": ["array", "null"], "items": {"type": "string"}},
      "priority": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000, "default": 100},
      "taskClass": {"type": ["string", "null"]},
      "risk": {"type": ["string", "null"], "enum": ["low", "medium", "high", "critical", null]},
      "requires": {"type": ["array", "null"], "items": {"type": "string",
        "enum": ["canCreateBranch", "canCreatePR", "supportsWebhooks", "supportsStreaming"]}},
      "runtime": {"type": ["string", "null"]},
      "repository": {"type": ["string", "null"]},
      "base": {"type": ["string", "null"]},
      "allowedPaths": {"type": ["array", "null"], "items": {"type": "string"}},
      "verify": {"type": ["array", "null"], "items": {"type": "string"}},
      "dependsOn": {"type": ["array", "null"], "items": {"type": "string"}},
      "timeoutSeconds": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 31536000},
      "externalRef": {"type": ["string", "null"]},
      "externalURL": {"type": ["string", "null"]},
      "metadata": {"type": ["object", "null"]}}},
    "DispatchRequest": {"type": "object", "additionalProperties": false, "required": ["contracts"], "properties": {
      "contracts": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Contract"}},
      "runtimes": {"type": ["array", "null"], "items": {"type": "string"},
        "description": "Several: one run each of every contract."},
      "count": {"type": ["integer", "null"], "minimum": 1, "maximum": 100000, "default": 1},
      "dryRun": {"type": ["boolean", "null"], "default": false},
      "tolerant": {"type": ["boolean", "null"], "default": false,
        "description": "With dryRun: what cannot be taken in is answered with its problem and does not refuse the rest."}}},
    "DispatchOutcome": {"type": "object", "additionalProperties": false,
      "required": ["runId", "contractId", "title", "status", "runtimeId", "decision"], "properties": {
        "runId": {"anyOf": [{"$ref": "#/components/schemas/ULID"}, {"type": "null"}]},
        "contractId": {"anyOf": [{"$ref": "#/components/schemas/ULID"}, {"type": "null"}]},
        "title": {"type": "string"},
        "status": {"anyOf": [{"$ref": "#/components/schemas/RunStatus"}, {"type": "null"}]},
        "runtimeId": {"type": ["string", "null"]},
        "decision": {"$ref": "#/components/schemas/RoutingDecision"},
        "problem": {"$ref": "#/components/schemas/Problem"}}},
    "RoutingDecision": {"type": "object", "additionalProperties": false, "required": ["considered", "waitsFor"],
      "properties": {
        "runtimeId": {"type": "string"},
        "considered": {"type": "array", "items": {"type": "object", "additionalProperties": false,
          "required": ["runtimeId", "eligible", "reasons"], "properties": {
            "runtimeId": {"type": "string"}, "eligible": {"type": "boolean"},
            "reasons": {"type": "array", "items": {"type": "string"}}}}},
        "waitsFor": {"type": "array", "items": {"type": "string"}}}},
    "CancelRequest": {"type": "object", "additionalProperties": false, "required": ["reason"], "properties": {
      "reason": {"type": "string", "pattern": "\\\\S"}, "force": {"type": ["boolean", "null"], "default": false}}},
    "FollowUpRequest": {"type": "object", "additionalProperties": false, "required": ["prompt"], "properties": {
      "prompt": {"type": "string", "pattern": "\\\\S"},
      "title": {"type": ["string", "null"], "description": "By default the old one, after the words Follow up."}}},
    "ApprovalRequest": {"type": "object", "additionalProperties": false, "required": ["why"], "properties": {
      "why": {"type": "string", "pattern": "\\\\S", "description": "The rationale; it goes on the audit trail."}}},
    "AnswerRequest": {"type": "object", "additionalProperties": false, "required": ["answer"], "properties": {
      "attentionId": {"type": ["string", "null"]},
      "answer": {"type": "string", "description": "One of the options, where there are any."},
      "remember": {"type": ["boolean", "null"],
        "description": "Answer likewise, for the rest of the run, what is asked in the same way: of a permission whose option is for once."}}},
    "MessageRequest": {"type": "object", "additionalProperties": false, "required": ["text"], "properties": {
      "text": {"type": "string", "pattern": "\\\\S"}}}
    """

  private static let tokenRequired = """
    "tokenId", "name", "role", "createdAt", "createdBy", "expiresAt", "revokedAt", "lastUsedAt"
    """

  private static let tokenMembers = """
    "tokenId": {"$ref": "#/components/schemas/ULID"},
    "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
    "createdAt": {"$ref": "#/components/schemas/Time"}, "createdBy": {"type": "string"},
    "expiresAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
    "revokedAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
    "lastUsedAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}],
      "description": "To the minute."}
    """

  private static let otherSchemas = """
    "RuntimeSummary": {"type": "object", "additionalProperties": false,
      "required": ["runtimeId", "kind", "capabilities", "health", "healthReason", "slotsUsed", "succeeded", "failed",
        "canceled", "medianMilliseconds", "quietSeconds"], "properties": {
        "runtimeId": {"type": "string"}, "kind": {"type": "string"},
        "capabilities": {"$ref": "#/components/schemas/RuntimeCapabilities"},
        "health": {"type": "string", "enum": ["healthy", "degraded", "lost"]},
        "healthReason": {"type": ["string", "null"]},
        "slotsUsed": {"type": "integer"}, "succeeded": {"type": "integer"}, "failed": {"type": "integer"},
        "canceled": {"type": "integer"}, "medianMilliseconds": {"type": ["integer", "null"]},
        "limits": {"type": "array", "items": {"$ref": "#/components/schemas/LimitHolding"}},
        "breaker": {"type": "object", "additionalProperties": false, "required": ["state", "failures", "retryAt"],
          "description": "Whether it is given runs, by how its starts and checks went.", "properties": {
            "state": {"type": "string", "enum": ["closed", "open", "half_open"]},
            "failures": {"type": "integer", "description": "Starts that failed in a row."},
            "retryAt": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}}},
        "agent": {"type": "string", "description": "What it said of itself when it was last checked."},
        "takesAnswers": {"type": "boolean", "description": "False: what its agents ask cannot be answered from here. Absent: it can."},
        "converses": {"type": "boolean", "description": "Its agents take a message while they work."},
        "quietSeconds": {"type": "number", "description": "A live run without an event for longer is called stalled."}}},
    "RuntimeCapabilities": {"type": "object", "additionalProperties": false,
      "required": ["canCreateBranch", "canCreatePR", "supportsWebhooks", "supportsStreaming", "maxParallelTasks"],
      "properties": {
        "canCreateBranch": {"type": "boolean"}, "canCreatePR": {"type": "boolean"},
        "supportsWebhooks": {"type": "boolean"}, "supportsStreaming": {"type": "boolean"},
        "maxParallelTasks": {"type": "integer", "minimum": 1}}},
    "Snapshot": {"type": "object", "additionalProperties": false,
      "required": ["seq", "runtimes", "counts", "needingAttention", "runs"],
      "description": "The runs that have not ended come first, then the latest first.",
      "properties": {
        "store": {"$ref": "#/components/schemas/ULID", "description": "Which record the seq belongs to."},
        "seq": {"type": "integer"},
        "counts": {"type": "object", "description": "Runs by status.", "additionalProperties": {"type": "integer"}},
        "needingAttention": {"type": "integer"}, "outage": {"$ref": "#/components/schemas/StoreOutage"},
        "configurationProblem": {"type": "string",
          "description": "Why a changed configuration is not taken over; the old one is in force."},
        "runtimes": {"type": "array", "items": {"$ref": "#/components/schemas/RuntimeSummary"}},
        "runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}}}},
    "Event": {"type": "object", "description": "A CloudEvent 1.0 in structured JSON; unknown types and members are kept.",
      "required": ["specversion", "id", "source", "type", "time", "data"], "properties": {
        "specversion": {"type": "string", "enum": ["1.0"]},
        "id": {"type": "string", "description": "The seq."},
        "source": {"type": "string"}, "type": {"type": "string"},
        "subject": {"$ref": "#/components/schemas/ULID"},
        "time": {"$ref": "#/components/schemas/Time"},
        "data": {"type": "object"}}},
    "AuditRecord": {"type": "object", "required": ["event_hash"], "properties": {
      "seq": {"type": "integer"}, "event_hash": {"type": "string"}, "previous_hash": {"type": ["string", "null"]}}},
    "CollectionRequest": {"type": "object", "additionalProperties": false, "properties": {
      "olderThanSeconds": {"type": ["integer", "null"], "minimum": 0, "maximum": 3153600000,
        "description": "How long ago a run must have ended; without it, as the configuration says, else 30 days."},
      "dryRun": {"type": ["boolean", "null"]}, "branches": {"type": ["boolean", "null"]}, "unmerged": {"type": ["boolean", "null"]},
      "unknown": {"type": ["boolean", "null"],
        "description": "Merged work of runs that the store does not know goes too: an older backup was restored."}}},
    "CollectionReport": {"type": "object", "additionalProperties": false,
      "required": ["dryRun", "items", "kept", "younger", "bytes", "firstSeq"], "properties": {
        "dryRun": {"type": "boolean"},
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/CollectionItem"}},
        "kept": {"type": "array", "items": {"$ref": "#/components/schemas/CollectionItem"}},
        "younger": {"type": "integer"}, "bytes": {"type": "integer"},
        "unknownRuns": {"type": "integer", "description": "Runs that the store does not know and that have left something."},
        "firstSeq": {"type": "integer", "description": "The first event that is left."}}},
    "CollectionItem": {"type": "object", "additionalProperties": false,
      "required": ["kind", "runId", "title", "what", "bytes", "reason"], "properties": {
        "kind": {"type": "string", "enum": ["worktree", "branch", "output", "events", "answers"]},
        "runId": {"anyOf": [{"$ref": "#/components/schemas/ULID"}, {"type": "null"}]},
        "title": {"type": ["string", "null"]}, "what": {"type": "string"}, "bytes": {"type": "integer"},
        "reason": {"type": "string"}}},
    "Role": {"type": "string", "enum": ["viewer", "operator", "approver", "admin"]},
    "Token": {"type": "object", "additionalProperties": false, "required": [\(tokenRequired), "status"],
      "properties": {\(tokenMembers), "status": {"type": "string", "enum": ["active", "expired", "revoked"]}}},
    "IssuedToken": {"type": "object", "additionalProperties": false, "required": ["token", \(tokenRequired)],
      "properties": {"token": {"type": "string", "description": "The secret."}, \(tokenMembers)}},
    "TokenRequest": {"type": "object", "additionalProperties": false, "required": ["name", "role"], "properties": {
      "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$",
        "description": "Who speaks through it."},
      "role": {"$ref": "#/components/schemas/Role"},
      "expiresInSeconds": {"type": ["integer", "null"], "minimum": 1, "maximum": 315360000}}},
    "Health": {"type": "object", "additionalProperties": false, "required": ["status", "version", "pid", "seq"],
      "properties": {
        "status": {"type": "string", "enum": ["ok", "degraded"],
          "description": "Degraded while nothing can be recorded: agents go on, and what happens is recorded later."},
        "version": {"type": "string"}, "pid": {"type": "integer"}, "seq": {"type": "integer"},
        "store": {"$ref": "#/components/schemas/ULID"}, "outage": {"$ref": "#/components/schemas/StoreOutage"},
        "role": {"$ref": "#/components/schemas/Role", "description": "The token's; absent on the user's own socket."},
        "configuration": {"type": "string", "description": "The file that it was started with, whether or not it is there; told on its own socket alone."},
        "configurationProblem": {"type": "string"},
        "listening": {"type": "array", "items": {"type": "string"}, "description": "The addresses served."}}},
    "StoreOutage": {"type": "object", "additionalProperties": false,
      "required": ["cause", "detail", "since", "waiting", "dropped"],
      "description": "Why nothing can be recorded. In the event stream a comment `outage` with this, or null when over, tells it.",
      "properties": {
        "cause": {"type": "string"}, "detail": {"type": "string"}, "since": {"$ref": "#/components/schemas/Time"},
        "waiting": {"type": "integer", "description": "Events that wait to be recorded."},
        "dropped": {"type": "integer", "description": "Reports of agents that were given up to bound the memory."}}},
    "Problem": {"type": "object", "additionalProperties": false,
      "required": ["type", "title", "status", "detail", "code"], "properties": {
        "type": {"type": "string", "format": "uri"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"},
        "member": {"type": "string", "description": "The contract's member that it is about, when it is about one."},
        "code": {"type": "string", "enum": ["invalid", "not-found", "conflict", "unauthorized", "forbidden",
          "ineligible", "too-large", "too-many", "internal", "unavailable"]}}}
    """
}
