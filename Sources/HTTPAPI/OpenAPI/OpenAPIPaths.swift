extension OpenAPI {
  static let parameters = """
    {
      "id": {
        "name": "id", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "A run id, or any unambiguous end of one."
      },
      "idempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "A request with a key seen before is answered as then, and not done again; 409 when it was another request. The newest 100,000 keys are remembered."
      },
      "store": {
        "name": "store", "in": "query", "schema": {"$ref": "#/components/schemas/ULID"},
        "description": "The store that the cursor belongs to, as the snapshot tells it: 409 when this is another."
      },
      "tokenId": {
        "name": "id", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "A token's id or name; of several with one name the one in force is meant."
      }
    }
    """

  static let responses = """
    {
      "problem": {
        "description": "What is wrong and the way out.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
      },
      "unauthorized": {
        "description": "No token, a wrong one, or one that has expired or been revoked.",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
      },
      "forbidden": {
        "description": "The token's role is too small, the rules say no, or the request came from a web page.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
      },
      "tooMany": {
        "description": "Too many wrong tokens came from the address.",
        "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}},
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
      }
    }
    """

  static let paths = """
    {
      "/v1/runs": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "listRuns", "summary": "Runs, newest first",
          "parameters": [
            {"name": "status", "in": "query", "description": "Only these; may be repeated.",
             "schema": {"type": "array", "items": {"$ref": "#/components/schemas/RunStatus"}}},
            {"name": "runtime", "in": "query", "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 200}},
            {"name": "before", "in": "query", "description": "The `next` of the page before.", "schema": {"type": "string"}}
          ],
          "responses": {
            "200": {"description": "A page of runs.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RunPage"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        },
        "post": {
          "security": [{}, {"token": ["operator"]}],
          "operationId": "dispatch", "summary": "Dispatch contracts",
          "parameters": [
            {"$ref": "#/components/parameters/idempotencyKey"}
          ],
          "requestBody": {"required": true, "content": {"application/json": {"schema": {"anyOf": [
            {"$ref": "#/components/schemas/DispatchRequest"}, {"$ref": "#/components/schemas/Contract"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Contract"}}]}}}},
          "responses": {
            "200": {"description": "What a dry run decided.", "content": {"application/json": {"schema":
              {"type": "array", "items": {"$ref": "#/components/schemas/DispatchOutcome"}}}}},
            "201": {"description": "The new runs, stored.", "content": {"application/json": {"schema":
              {"type": "array", "items": {"$ref": "#/components/schemas/DispatchOutcome"}}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "showRun", "summary": "One run whole",
          "responses": {
            "200": {"description": "The run with contract, decision and criteria.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RunDetail"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/artifacts": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "getArtifacts", "summary": "What the run has made",
          "responses": {
            "200": {"description": "As the runtime's getArtifacts answers; final once the run has ended.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Artifacts"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/diff": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "getDiff", "summary": "The run's work as a patch that git apply takes",
          "description": "In another form than the usual one it is made anew, which takes the run's worktree or commits.",
          "parameters": [
            {"name": "context", "in": "query", "description": "Unchanged lines around each change.",
             "schema": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 3}},
            {"name": "whitespace", "in": "query", "description": "ignore leaves out changes of white space alone; git apply may refuse such a patch.",
             "schema": {"type": "string", "enum": ["show", "ignore"], "default": "show"}},
            {"name": "against", "in": "query", "description": "Another run: the changes from this run's result to that one's.",
             "schema": {"type": "string"}}
          ],
          "responses": {
            "200": {"description": "Empty without a change.", "content": {"text/x-diff": {"schema": {"type": "string"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/cancel": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "post": {
          "security": [{}, {"token": ["operator"]}],
          "operationId": "cancel", "summary": "Cancel a run; on an ended one nothing happens",
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/CancelRequest"}}}},
          "responses": {
            "200": {"description": "The run; canceled once its processes are gone.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/approve": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "post": {
          "security": [{}, {"token": ["approver"]}],
          "operationId": "approve", "summary": "Approve a run that waits for consent",
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/ApprovalRequest"}}}},
          "responses": {
            "200": {"description": "The run; it starts once as many people as needed have approved.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/reject": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "post": {
          "security": [{}, {"token": ["approver"]}],
          "operationId": "reject", "summary": "Reject a run that waits for consent",
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/ApprovalRequest"}}}},
          "responses": {
            "200": {"description": "The run, canceled with the rationale as its reason.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/answer": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "post": {
          "security": [{}, {"token": ["operator"]}],
          "operationId": "answer", "summary": "Answer what the agent asks",
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/AnswerRequest"}}}},
          "responses": {
            "200": {"description": "The run.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/message": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "post": {
          "security": [{}, {"token": ["operator"]}],
          "operationId": "message", "summary": "Say something to an agent while it works",
          "description": "It reaches the run's live session. 409 with what to do instead where there is none: runtimes that take messages say converses.",
          "parameters": [{"$ref": "#/components/parameters/idempotencyKey"}],
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/MessageRequest"}}}},
          "responses": {
            "200": {"description": "The run.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/retry": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "post": {
          "security": [{}, {"token": ["operator"]}],
          "operationId": "retry", "summary": "A new run of the same contract",
          "parameters": [{"$ref": "#/components/parameters/idempotencyKey"}],
          "responses": {
            "201": {"description": "The new run, which links to the old.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DispatchOutcome"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runs/{id}/follow-up": {
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "post": {
          "security": [{}, {"token": ["operator"]}],
          "operationId": "followUp", "summary": "A new run that goes on where an ended one stopped",
          "description": "The same contract with another prompt, on the same runtime and branch: in the old worktree if it is there and free, else in a new one. The contract's metadata.followUpOf names the old run.",
          "parameters": [
            {"$ref": "#/components/parameters/idempotencyKey"}
          ],
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/FollowUpRequest"}}}},
          "responses": {
            "201": {"description": "The new run.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DispatchOutcome"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/runtimes": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "listRuntimes", "summary": "The runtimes, their capabilities, health and slots",
          "responses": {
            "200": {"description": "One entry a runtime.", "content": {"application/json": {"schema":
              {"type": "array", "items": {"$ref": "#/components/schemas/RuntimeSummary"}}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/snapshot": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "getSnapshot", "summary": "State as of a seq, to join the events without a gap",
          "responses": {
            "200": {"description": "Every run known.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Snapshot"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/events": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "streamEvents", "summary": "The events, in one gapless order",
          "description": "With Accept: text/event-stream, Server-Sent Events (id: the seq, data: the event), followed for ever unless follow=false, with a comment every 15 s; otherwise JSON lines, to the end unless follow=true.",
          "parameters": [
            {"name": "after", "in": "query", "description": "Begins after this seq.",
             "schema": {"type": "integer", "minimum": 0, "default": 0}},
            {"name": "Last-Event-ID", "in": "header", "description": "As after, and before it; empty as if it were not there.",
             "schema": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "maxLength": 0}]}},
            {"name": "run", "in": "query", "description": "Only these runs; may be repeated.",
             "schema": {"type": "array", "items": {"type": "string"}}},
            {"name": "type", "in": "query", "description": "Only these types, in full or short; may be repeated.",
             "schema": {"type": "array", "items": {"type": "string"}}},
            {"name": "follow", "in": "query", "schema": {"type": "boolean"}},
            {"name": "tail", "in": "query", "description": "With one run and without after: its last events first.",
             "schema": {"type": "integer", "minimum": 0, "maximum": 100000}},
            {"$ref": "#/components/parameters/store"}
          ],
          "responses": {
            "200": {"description": "Events, ascending.", "content": {
              "text/event-stream": {"schema": {"type": "string"}},
              "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Event"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/audit": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "exportAudit", "summary": "The hash-chained audit trail",
          "parameters": [
            {"name": "after", "in": "query", "description": "Begins after this seq.",
             "schema": {"type": "integer", "minimum": 0, "default": 0}},
            {"name": "run", "in": "query", "schema": {"type": "string"},
             "description": "This run's records whole, the others as seq, previous_hash and event_hash, so that the chain still verifies."},
            {"name": "limit", "in": "query", "description": "So many records at most.",
             "schema": {"type": "integer", "minimum": 1}},
            {"name": "tail", "in": "query", "description": "The last so many records of the trail.",
             "schema": {"type": "integer", "minimum": 1}},
            {"$ref": "#/components/parameters/store"}
          ],
          "responses": {
            "200": {"description": "One record a line.", "content": {"application/x-ndjson": {"schema":
              {"$ref": "#/components/schemas/AuditRecord"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/gc": {
        "post": {
          "security": [{}, {"token": ["admin"]}],
          "operationId": "collect", "summary": "Remove what old runs have left",
          "description": "Worktrees, output, events and kept answers of runs that ended long enough ago; never work that is not merged, failed runs that nobody has looked at, live runs or what they need. The answer comes when all is done.",
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/CollectionRequest"}}}},
          "responses": {
            "200": {"description": "What went, or in a dry run would go, and what stays.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CollectionReport"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/tokens": {
        "get": {
          "security": [{}, {"token": ["admin"]}],
          "operationId": "listTokens", "summary": "The bearer tokens, without their secrets",
          "responses": {
            "200": {"description": "In the order in which they were made.", "content": {"application/json": {"schema":
              {"type": "array", "items": {"$ref": "#/components/schemas/Token"}}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        },
        "post": {
          "security": [{}, {"token": ["admin"]}],
          "operationId": "createToken", "summary": "Make a bearer token",
          "requestBody": {"required": true, "content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/TokenRequest"}}}},
          "responses": {
            "201": {"description": "The token; its secret is told this once and kept nowhere.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/IssuedToken"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/v1/tokens/{id}/revoke": {
        "parameters": [{"$ref": "#/components/parameters/tokenId"}],
        "post": {
          "security": [{}, {"token": ["admin"]}],
          "operationId": "revokeToken", "summary": "Refuse a token from now on; its open event streams end",
          "responses": {
            "200": {"description": "The token; one that had been revoked is answered as it is.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Token"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/healthz": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "health", "summary": "Whether the orchestrator is up, and which",
          "responses": {
            "200": {"description": "It is.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/metrics": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "metrics", "summary": "Figures to watch and to be alerted on",
          "responses": {
            "200": {"description": "Prometheus' text format 0.0.4.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      },
      "/openapi.json": {
        "get": {
          "security": [{}, {"token": ["viewer"]}],
          "operationId": "describe", "summary": "This document",
          "responses": {
            "200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}},
            "default": {"$ref": "#/components/responses/problem"}
          }
        }
      }
    }
    """
}
