#!/usr/bin/env python3
"""A scripted agent that speaks the Agent Client Protocol 1 on its standard input and output, for tests.

What it does is in the prompt, a word each, in order:
  say:TEXT thought:TEXT plan tool write:FILE ask ask2 permit:FILE read:PATH put:PATH term:COMMAND kill usage unknown noise giant
  gianterror replies sleep:SECONDS hang wait crash:CODE stop:REASON error deaf loaded
and in its environment: ACP_VERSION, ACP_HANG=METHOD, ACP_AUTH=1, ACP_EXIT=CODE (at start), ACP_STUBBORN=1 (ignores the end of
its input), ACP_NOLOAD=1, ACP_LOG=FILE (what it was told).
"""
import json, os, signal, sys, threading, time

say_lock = threading.Lock()
log = open(os.environ["ACP_LOG"], "a") if os.environ.get("ACP_LOG") else None
replies, cancelled, session = {}, threading.Event(), "s-%d" % os.getpid()
changed = threading.Condition()
count = [0]


def send(message):
    with say_lock:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def update(which, **members):
    send({"method": "session/update", "params": {"sessionId": session, "update": {"sessionUpdate": which, **members}}})


def say(text):
    update("agent_message_chunk", content={"type": "text", "text": text})


def ask(method, **params):
    count[0] += 1
    number = count[0]
    send({"id": number, "method": method, "params": {"sessionId": session, **params}})
    with changed:
        while number not in replies:
            changed.wait()
        return replies.pop(number)


def call(number, title, kind, **more):
    update("tool_call", toolCallId=number, title=title, kind=kind, status="in_progress", **more)


def done(number, status="completed", **more):
    update("tool_call_update", toolCallId=number, status=status, **more)


OPTIONS = [
    {"optionId": "yes", "name": "Allow once", "kind": "allow_once"},
    {"optionId": "always", "name": "Allow always", "kind": "allow_always"},
    {"optionId": "forever", "name": "Allow always", "kind": "allow_always"},
    {"optionId": "no", "name": "Reject", "kind": "reject_once"},
]


def permission(tool, **more):
    answer = ask("session/request_permission", toolCall={"toolCallId": tool, **more}, options=OPTIONS)
    outcome = answer.get("result", {}).get("outcome", {})
    return outcome.get("optionId") or outcome.get("outcome")


def text(answer):
    return json.dumps(answer.get("result", answer.get("error")), sort_keys=True)


def do(word):
    name, _, rest = word.partition(":")
    rest = rest.replace("_", " ")
    if name == "say": say(rest + "\n")
    elif name == "half": say(rest + " ")
    elif name == "thought": update("agent_thought_chunk", content={"type": "text", "text": rest})
    elif name == "plan":
        states = ["completed", "in_progress", "pending", "pending"]
        update("plan", entries=[{"content": "step %d" % n, "priority": "high", "status": s} for n, s in enumerate(states)])
    elif name == "tool":
        call("t1", "Editing kept.txt", "edit", locations=[{"path": os.getcwd() + "/kept.txt", "line": 3}])
        done("t1", content=[{"type": "diff", "path": os.getcwd() + "/kept.txt", "oldText": "3\n", "newText": "three\n"}])
    elif name == "write":
        open(rest, "w").write("made by the agent\n")
    elif name == "ask":
        call("t2", "rm -rf build", "execute", rawInput={"command": "rm -rf build"})
        say("answer: %s\n" % permission("t2"))
        done("t2")
    elif name == "ask2":
        both = []
        threads = [threading.Thread(target=lambda n=n: both.append(permission("q%d" % n, title="Question %d" % n, kind="fetch")))
                   for n in (1, 2)]
        for thread in threads: thread.start(); time.sleep(0.05)
        for thread in threads: thread.join()
        say("answers: %s\n" % " ".join(sorted(both)))
    elif name == "permit":
        if permission("p1", title="Write " + rest, kind="edit", content=[
                {"type": "diff", "path": rest, "newText": "permitted\n"}]) == "yes":
            open(rest, "w").write("permitted\n")
    elif name == "read": say("read: %s\n" % text(ask("fs/read_text_file", path=rest)))
    elif name == "lines": say("lines: %s\n" % text(ask("fs/read_text_file", path=rest, line=2, limit=2)))
    elif name == "put": say("put: %s\n" % text(ask("fs/write_text_file", path=rest, content="put\n")))
    elif name == "term":
        made = ask("terminal/create", command="sh", args=["-c", rest], outputByteLimit=1000, env=[{"name": "MINE", "value": "set"}])
        number = made["result"]["terminalId"]
        ended = ask("terminal/wait_for_exit", terminalId=number)
        shown = ask("terminal/output", terminalId=number)
        ask("terminal/release", terminalId=number)
        gone = ask("terminal/output", terminalId=number)
        say("terminal: %s %s\n" % (text(ended), text(shown)))
        say("released: %s\n" % text(gone))
    elif name == "kill":
        number = ask("terminal/create", command="exec sleep %s" % (rest or "300"))["result"]["terminalId"]
        ask("terminal/kill", terminalId=number)
        say("killed: %s\n" % text(ask("terminal/wait_for_exit", terminalId=number)))
    elif name == "open":
        ask("terminal/create", command="sleep", args=[rest])
        say("opened\n")
        cancelled.wait()
    elif name == "usage":
        update("usage_update", used=50000, size=200000, cost={"amount": 0.25, "currency": "USD"})
    elif name == "unknown":
        update("shiny_new_update", value=7)
        send({"method": "_agent/retrying", "params": {"detail": "HTTP 500"}})
    elif name == "noise":
        sys.stdout.write("plain words\n{\"json\": \"and no message\"}\n{broken\n"); sys.stdout.flush()
    elif name == "giant": say("x" * (3 << 19) + "\n")
    elif name == "gianterror": say("giant: %s\n" % text(ask("fs/write_text_file", path="big", content="x" * (3 << 19))))
    elif name == "replies": send({"id": 4711, "result": {}}); send({"id": "odd", "error": {"code": 1, "message": "x"}})
    elif name == "sleep": time.sleep(float(rest))
    elif name == "wait": cancelled.wait()
    elif name == "hang": threading.Event().wait()
    elif name == "crash": os._exit(int(rest))


def prompt(number, words):
    if "deaf" in words: words.remove("deaf"); cancelled.clear(); globals().update(deaf=True)
    for word in words:
        if word.startswith("stop:"):
            return send({"id": number, "result": {"stopReason": word[5:]}})
        if word == "error":
            return send({"id": number, "error": {"code": -31002, "message": "Invalid API key"}})
        do(word)
        if cancelled.is_set():
            return send({"id": number, "result": {"stopReason": "cancelled"}})
    send({"id": number, "result": {"stopReason": "end_turn", "usage": {"inputTokens": 400, "outputTokens": 80}}})


deaf = False
if os.environ.get("ACP_EXIT"): sys.stderr.write("cannot start\n"); sys.exit(int(os.environ["ACP_EXIT"]))
if os.environ.get("ACP_STUBBORN"): pass
for line in sys.stdin:
    if log: log.write(line); log.flush()
    message = json.loads(line)
    method, number, params = message.get("method"), message.get("id"), message.get("params", {})
    if method and os.environ.get("ACP_HANG") == method: continue
    if method is None:
        with changed: replies[number] = message; changed.notify_all()
    elif method == "initialize":
        send({"id": number, "result": {
            "protocolVersion": int(os.environ.get("ACP_VERSION", "1")), "agentInfo": {"name": "scripted", "title": "Scripted", "version": "1.2"},
            "agentCapabilities": {"loadSession": not os.environ.get("ACP_NOLOAD")},
            "authMethods": [{"id": "key", "name": "API key"}]}})
    elif method in ("session/new", "session/load") and os.environ.get("ACP_AUTH"):
        send({"id": number, "error": {"code": -32000, "message": "Authentication required"}})
    elif method == "session/new":
        send({"id": number, "result": {"sessionId": session, "modes": {
            "currentModeId": "ask", "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "auto", "name": "Auto"}]}}})
    elif method == "session/load":
        session = params["sessionId"]
        say("history\n")
        send({"id": number, "result": {}})
    elif method == "session/set_mode":
        update("current_mode_update", currentModeId=params["modeId"])
        send({"id": number, "result": {}})
    elif method == "session/prompt":
        cancelled.clear()
        words = params["prompt"][0]["text"].split()
        threading.Thread(target=prompt, args=(number, words), daemon=True).start()
    elif method == "session/cancel":
        if not deaf: cancelled.set()
if os.environ.get("ACP_STUBBORN"):
    while True: time.sleep(60)
