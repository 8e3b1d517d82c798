#!/usr/bin/env python3
"""A flightdeck bridge adapter in Python, with nothing but the standard library.

Its agent is a pretence: it works for `metadata.seconds` (2) of the contract and reports as it goes. Put yours in its
place in `Run.work`. In config.yaml:

  - id: my-agent
    kind: bridge
    command: [python3, adapter.py]
    options: {steps: 10}
"""

import json
import sys
import threading

# The protocol has standard output for itself: what anybody prints goes to standard error, and so into flightdeck's log.
PROTOCOL = sys.stdout
sys.stdout = sys.stderr
LOCK = threading.Lock()


def send(message):
    with LOCK:
        PROTOCOL.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        PROTOCOL.flush()


class Fault(Exception):
    """An answer that is an error: -32001 unknown run, -32002 conflict, -32003 refused."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Run:
    def __init__(self, contract, steps):
        self.id = contract["runId"]
        self.title = contract["title"]
        self.seconds = float(contract.get("metadata", {}).get("seconds", 2))
        self.steps = steps
        self.progress = 0.0
        self.status = "running"
        self.reason = ""
        self.canceled = threading.Event()
        self.done = []
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        try:
            for step in range(1, self.steps + 1):
                if self.canceled.wait(self.seconds / self.steps):
                    return self.end("canceled")
                self.progress = step / self.steps
                self.done.append(f"step {step}")
                self.tell("output", text=f"step {step} of {self.steps}: {self.title}")
                self.tell("progress", progress=self.progress, message=f"step {step}")
            self.end("succeeded")
        except Exception as error:
            self.reason = str(error)
            self.end("failed")

    def end(self, status):
        self.status = status
        self.tell(status)

    def tell(self, type, **members):
        send({"method": "event", "params": {"runId": self.id, "type": type, **members}})


class Adapter:
    def __init__(self):
        self.runs = {}
        self.options = {}

    def initialize(self, params):
        self.options = params.get("options") or {}
        members = ["startTask", "getStatus", "cancelTask", "getArtifacts", "onEvent", "runtimeId", "getCapabilities"]
        return {"protocol": 1, "name": "adapter.py", "version": "1", "members": members}

    def runtimeId(self, params):
        return "python"

    def getCapabilities(self, params):
        return {
            "canCreateBranch": False, "canCreatePR": False, "supportsWebhooks": False, "supportsStreaming": True,
            "maxParallelTasks": 4,
        }

    def startTask(self, params):
        contract = params["contract"]
        if contract["runId"] in self.runs:
            raise Fault(-32002, "it has been started already")
        run = Run(contract, int(self.options.get("steps", 10)))
        self.runs[run.id] = run
        return {"runId": run.id, "runtimeSessionId": f"python-{len(self.runs)}"}

    def getStatus(self, params):
        run = self.find(params)
        return {"status": run.status, "progress": run.progress, "reason": run.reason}

    def cancelTask(self, params):
        self.find(params).canceled.set()

    def getArtifacts(self, params):
        run = self.find(params)
        return {
            "files_changed": [], "diff_summary": f"{len(run.done)} steps, no file", "commands_run": [], "tests_run": [],
            "handoff_note": f"{run.title}: {len(run.done)} of {run.steps} steps done.",
        }

    def find(self, params):
        if params["runId"] not in self.runs:
            raise Fault(-32001, f"unknown run {params['runId']}")
        return self.runs[params["runId"]]


METHODS = ("initialize", "runtimeId", "getCapabilities", "startTask", "getStatus", "cancelTask", "getArtifacts")


def answer(adapter, call):
    try:
        if call["method"] not in METHODS:
            raise Fault(-32601, f"there is no {call['method']}")
        return {"result": getattr(adapter, call["method"])(call.get("params") or {})}
    except Fault as fault:
        return {"error": {"code": fault.code, "message": str(fault)}}
    except Exception as error:
        return {"error": {"code": -32000, "message": f"{type(error).__name__}: {error}"}}


def main():
    adapter = Adapter()
    for line in sys.stdin:
        call = json.loads(line)
        if "id" in call:
            send({"id": call["id"], **answer(adapter, call)})


if __name__ == "__main__":
    main()  # until the end of standard input: whoever has started this is gone then
