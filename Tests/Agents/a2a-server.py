"""Agents behind Agent2Agent that do what a marker in the prompt says: for tests. Standard library alone.

One process has the agents of all tests, each with an address, tasks and troubles of its own. Takes commands on standard
input, a line each, and answers each with a line:
  agent ["--version", "0.3"]   makes an agent, and answers with its name and port: it is at http://127.0.0.1:PORT/NAME/
  change NAME [...]            gives it other options
  away NAME | back NAME        closes every link to it and refuses new ones, or serves again; tasks go on
  forget NAME                  loses all its tasks, as after a restart
  release NAME                 lets what waits in [[hold]] go on
  calls NAME                   how often each method was called, as JSON; `prompts` the texts of the messages, `ids` their ids
  end NAME                     ends it with its tasks
With --replay FILE an agent plays what a recording has after each request, whatever is asked.
"""

import argparse
import base64
import hashlib
import http.server
import json
import os
import socket
import ssl
import sys
import threading
import time
import uuid

parser = argparse.ArgumentParser()
parser.add_argument("--version", default="1.0", choices=["1.0", "0.3"])
parser.add_argument("--card-version", default=None, help="another version than is spoken, in the card")
parser.add_argument("--no-streaming", action="store_true")
parser.add_argument("--old-card", action="store_true", help="the card is at agent.json alone")
parser.add_argument("--no-card", action="store_true")
parser.add_argument("--no-list", action="store_true", help="it lists no tasks")
parser.add_argument("--page", type=int, default=100, help="tasks on a page of its list")
parser.add_argument("--token")
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--client-ca")
parser.add_argument("--interface", help="the address in the card")
parser.add_argument("--redirect", help="where the card redirects to")
parser.add_argument("--replay")

TERMINAL = {"completed", "canceled", "failed", "rejected"}


class Agent:
    def __init__(self, name, options):
        self.name = name
        self.lock = threading.Condition()
        self.tasks = {}
        self.counts = {}
        self.prompts = []
        self.ids = []
        self.sockets = set()
        self.away = self.released = self.ended = False
        self.recording = []
        self.configure(options)

    def configure(self, options):
        self.options = options
        if options.replay:
            with open(options.replay) as lines:
                self.recording = [json.loads(line) for line in lines]

    def is_v1(self):
        return self.options.version == "1.0"

    def state_name(self, name):
        return "TASK_STATE_" + name.upper().replace("-", "_") if self.is_v1() else name

    def text_part(self, text, name=None, media=None):
        if self.is_v1():
            part = {"text": text}
            if name:
                part["filename"] = name
            if media:
                part["mediaType"] = media
            return part
        return {"kind": "text", "text": text}

    def file_part(self, name, content, media="application/octet-stream"):
        encoded = base64.b64encode(content).decode()
        if self.is_v1():
            return {"raw": encoded, "filename": name, "mediaType": media}
        return {"kind": "file", "file": {"name": name, "mimeType": media, "bytes": encoded}}

    def link_part(self, name, url):
        if self.is_v1():
            return {"url": url, "filename": name}
        return {"kind": "file", "file": {"name": name, "uri": url}}

    def message(self, text, task=None):
        message = {"messageId": str(uuid.uuid4()), "role": "ROLE_AGENT" if self.is_v1() else "agent",
                   "parts": [self.text_part(text)]}
        if task:
            message.update(taskId=task.id, contextId=task.context)
        return message if self.is_v1() else {**message, "kind": "message"}

    def wait(self, condition):
        """Until it holds, or the agent is ended."""
        with self.lock:
            while not condition() and not self.ended:
                self.lock.wait()

    def go_away(self):
        self.away = True
        for connection in list(self.sockets):
            shut(connection)

    def card(self, port):
        options = self.options
        scheme = "https" if options.certificate else "http"
        url = options.interface or "%s://127.0.0.1:%d/%s/rpc" % (scheme, port, self.name)
        version = options.card_version or options.version
        body = {"name": "Scripted agent", "description": "does as it is told", "version": "7.1",
                "capabilities": {"streaming": not options.no_streaming, "pushNotifications": True}, "skills": [],
                "defaultInputModes": ["text"], "defaultOutputModes": ["text"]}
        versions = version.split(",")
        if "1.0" in versions:
            body["supportedInterfaces"] = [{"url": "127.0.0.1:1", "protocolBinding": "GRPC", "protocolVersion": "1.0"}] + [
                {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": v} for v in versions]
        else:
            body.update(url=url, preferredTransport="JSONRPC", protocolVersion=version)
        if options.token:
            body["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
            body["security"] = [{"bearer": []}]
        return body

    def replayed_card(self, port):
        body = next(entry["msg"] for entry in self.recording if entry["dir"] == "<-")
        body = json.loads(json.dumps(body).replace("127.0.0.1:41241/", "127.0.0.1:%d/%s/" % (port, self.name)))
        # A recording is of one version.
        body["supportedInterfaces"] = [
            i for i in body["supportedInterfaces"] if i["protocolVersion"] == self.options.version]
        if self.is_v1():
            for name in ("url", "additionalInterfaces", "protocolVersion", "preferredTransport"):
                body.pop(name, None)
        return body


def shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # gone already


class Task:
    def __init__(self, agent, message):
        self.agent = agent
        self.lock = agent.lock
        self.id = str(uuid.uuid4())
        self.context = message.get("contextId") or str(uuid.uuid4())
        self.state = "submitted"
        self.message = None
        self.stamp = None
        self.artifacts = []
        self.history = [message]
        self.events = []
        self.inbox = []
        self.cancel = False
        self.kind = prompt_of(message)

    def json(self):
        body = {"id": self.id, "contextId": self.context, "status": self.status(),
                "history": self.history, "artifacts": self.artifacts}
        return body if self.agent.is_v1() else {**body, "kind": "task"}

    def status(self):
        status = {"state": self.agent.state_name(self.state)}
        if self.stamp:
            status["timestamp"] = self.stamp
        if self.message:
            status["message"] = self.message
        return status

    def emit(self, event):
        with self.lock:
            self.events.append(event)
            self.lock.notify_all()

    def set(self, name, text=None):
        with self.lock:
            if self.state in TERMINAL:
                return
            if self.message:
                self.history.append(self.message)
            self.state = name
            self.stamp = "2026-01-01T00:00:%09.6fZ" % (time.time() % 60)
            self.message = self.agent.message(text, self) if text else None
            update = {"taskId": self.id, "contextId": self.context, "status": self.status()}
            if self.agent.is_v1():
                self.emit({"statusUpdate": update})
            else:
                final = name in TERMINAL or name in ("input-required", "auth-required")
                self.emit({**update, "kind": "status-update", "final": final})

    def artifact(self, artifact_id, parts, append=False, last=True, name=None):
        with self.lock:
            body = {"artifactId": artifact_id, "name": name or artifact_id, "parts": parts}
            known = next((a for a in self.artifacts if a["artifactId"] == artifact_id), None)
            if known and append:
                known["parts"] = known["parts"] + parts
            elif known:
                known["parts"] = parts
            else:
                self.artifacts.append(dict(body))
            update = {"taskId": self.id, "contextId": self.context, "artifact": body, "append": append, "lastChunk": last}
            self.emit({"artifactUpdate": update} if self.agent.is_v1() else {**update, "kind": "artifact-update"})


def prompt_of(message):
    return " ".join(part.get("text", "") for part in message.get("parts", []))


PATCH = """diff --git a/src/login.py b/src/login.py
--- a/src/login.py
+++ b/src/login.py
@@ -1,2 +1,3 @@
 def login():
-    pass
+    check()
+    return True
"""


def work(task):
    """What the marker in the prompt asks for, in a thread of its own."""
    kind = task.kind
    agent = task.agent

    def has(marker):
        return "[[%s]]" % marker in kind

    if has("reject"):
        return task.set("rejected", "not my line of work")
    task.set("working", "Processing your question...")
    if has("endless") or has("uncancelable") or has("deaf"):
        agent.wait(lambda: task.cancel or agent.released or task.state in TERMINAL)
        if task.cancel:
            return task.set("canceled")
        return task.set("completed", "let go")
    if has("hold") or has("drop"):
        task.artifact("answer", [agent.text_part("first line\nsecond ")], last=False)
        agent.wait(lambda: agent.released or task.cancel)
        task.artifact("answer", [agent.text_part("line\nlast line\n")], append=True)
        return task.set("completed")
    if has("ask") or has("auth"):
        task.set("input-required" if has("ask") else "auth-required", "Which colour?" if has("ask") else "https://login.example/")
        agent.wait(lambda: task.inbox or task.cancel)
        if task.cancel or not task.inbox:
            return task.set("canceled")
        task.set("working", "I take " + task.inbox[0])
        task.artifact("answer", [agent.text_part("It is %s now" % task.inbox[0])])
        return task.set("completed")
    if has("talk"):
        agent.wait(lambda: task.inbox)
        task.artifact("answer", [agent.text_part("heard: " + "".join(task.inbox[:1]))])
        return task.set("completed")
    if has("fail"):
        return task.set("failed", "the compiler is missing")
    if has("canceled-there"):
        return task.set("canceled", "somebody else did")
    if has("patch"):
        task.artifact("change", [agent.text_part(PATCH, "login.patch", "text/x-patch")])
        task.artifact("more", [agent.file_part("more.diff", PATCH.replace("login", "logout").encode())])
        task.artifact("summary", [agent.text_part("Login checks now.")])
        return task.set("completed")
    if has("files"):
        names = ["../../escape.txt", "/etc/passwd", "..\\..\\evil.bat", ".bashrc", "a\x1b[31mb.txt", "x" * 300 + ".txt",
                 "", "a2a.json", "same.txt", "same.txt"]
        for index, name in enumerate(names):
            task.artifact("f%d" % index, [agent.file_part(name, b"content %d" % index)])
        task.artifact("link", [agent.link_part("big.bin", "http://127.0.0.1:1/big.bin")])
        return task.set("completed")
    if has("pr"):
        data = {"pr_url": "https://git.example.invalid/acme/app/pull/3"}
        task.artifact("request", [{"data": data} if agent.is_v1() else {"kind": "data", "data": data}])
        return task.set("completed")
    if has("tokens"):
        for index, word in enumerate(["One ", "two ", "three\n", "four"]):
            task.artifact("answer", [agent.text_part(word)], append=index > 0, last=index == 3)
        return task.set("completed")
    task.artifact("response", [agent.text_part("Hello World! Nice to meet you!")], name="response")
    task.set("completed")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def finish(self):
        for agent in list(agents.values()):
            agent.sockets.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def send_json(self, body, status=200, tag=None):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(data)

    def arrive(self, method):
        """Whose call it is; None when that is all that it is worth."""
        name, _, rest = self.path.lstrip("/").partition("/")
        self.agent = agents.get(name)
        if self.agent is None:
            self.send_json({"error": "no such page"}, 404)
            return None
        self.page = "/" + rest
        with self.agent.lock:
            self.agent.sockets.add(self.connection)
            self.count(method)
            is_away = self.agent.away
        if is_away:
            self.close_connection = True
            shut(self.connection)
            return None
        token = self.agent.options.token
        if token and self.headers.get("Authorization") != "Bearer " + token:
            self.send_json({"error": "who are you"}, 401)
            return None
        return self.agent

    def count(self, method):
        self.agent.counts[method] = self.agent.counts.get(method, 0) + 1

    def do_GET(self):
        agent = self.arrive("GET")
        if agent is None:
            return
        options = agent.options
        if options.redirect:
            self.send_response(302)
            self.send_header("Location", options.redirect)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        place = "/.well-known/" + ("agent.json" if options.old_card else "agent-card.json")
        if self.page != place or options.no_card:
            return self.send_json({"error": "no such page"}, 404)
        port = self.server.server_address[1]
        card = agent.replayed_card(port) if options.replay else agent.card(port)
        tag = '"%s"' % hashlib.sha256(json.dumps(card).encode()).hexdigest()
        if self.headers.get("If-None-Match") == tag:
            self.count("GET, and it is the same")
            self.send_response(304)
            return self.end_headers()
        self.send_json(card, tag=tag)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.request_json = json.loads(body)
        method = self.request_json["method"]
        agent = self.arrive(method)
        if agent is None:
            return
        if agent.options.replay:
            return replay(self, agent, method)
        names = {"SendMessage": self.send, "SendStreamingMessage": self.stream, "GetTask": self.get,
                 "CancelTask": self.cancel, "SubscribeToTask": self.subscribe, "ListTasks": self.list_tasks}
        if not agent.is_v1():
            names = {"message/send": self.send, "message/stream": self.stream, "tasks/get": self.get,
                     "tasks/cancel": self.cancel, "tasks/resubscribe": self.subscribe}
        known = names.get(method)
        is_off = (agent.options.no_streaming and known in (self.stream, self.subscribe)) or (
            agent.options.no_list and known == self.list_tasks)
        if known is None or is_off:
            return self.error(-32601, "Method not found")
        try:
            known(self.request_json.get("params", {}))
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def result(self, result):
        return {"jsonrpc": "2.0", "id": self.request_json.get("id"), "result": result}

    def error(self, code, message):
        self.send_json({"jsonrpc": "2.0", "id": self.request_json.get("id"), "error": {"code": code, "message": message}})

    def take(self, message):
        """A task for a new message, or the one that it belongs to; None for an answer without a task."""
        agent = self.agent
        with agent.lock:
            agent.prompts.append(prompt_of(message))
            agent.ids.append(message["messageId"])
            known = agent.tasks.get(message.get("taskId"))
            if known:
                known.inbox.append(prompt_of(message))
                agent.lock.notify_all()
                return known
            if "[[bare]]" in prompt_of(message):
                return None
            task = Task(agent, message)
            agent.tasks[task.id] = task
        threading.Thread(target=work, args=(task,), daemon=True).start()
        return task

    def is_lost(self, message):
        """Whether no answer comes to a message that was taken all the same."""
        prompt = prompt_of(message)
        if "[[silent]]" in prompt:
            self.agent.wait(lambda: False)
            return True
        if "[[lost-answer]]" not in prompt and "[[lost-away]]" not in prompt:
            return False
        self.take(message)
        if "[[lost-away]]" in prompt:
            self.agent.go_away()
        self.close_connection = True
        shut(self.connection)
        return True

    def send(self, parameters):
        message = parameters["message"]
        if self.is_lost(message):
            return
        agent = self.agent
        task = self.take(message)
        if task is None:
            answer = agent.message("Paris, of course.")
            return self.send_json(self.result({"message": answer} if agent.is_v1() else answer))
        with agent.lock:
            body = self.result({"task": task.json()} if agent.is_v1() else task.json())
        self.send_json(body)

    def start_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()

    def event(self, result):
        self.wfile.write(("data: %s\r\n\r\n" % json.dumps(self.result(result))).encode())
        self.wfile.flush()

    def stream(self, parameters):
        message = parameters["message"]
        if self.is_lost(message):
            return
        agent = self.agent
        prompt = prompt_of(message)
        task = self.take(message)
        self.start_stream()
        if task is None:
            answer = agent.message("Paris, of course.")
            return self.event({"message": answer} if agent.is_v1() else answer)
        self.event({"task": self.first(task)} if agent.is_v1() else self.first(task))
        if "[[huge]]" in prompt:
            self.wfile.write(b"data: " + b"x" * (20 << 20) + b"\r\n\r\n")
        if "[[garbage]]" in prompt:
            self.wfile.write(b"data: {\"jsonrpc\": \r\n\r\n: a comment\r\n\r\nevent: strange\r\ndata: [1, 2]\r\n\r\n")
        self.follow(task, 0)

    def first(self, task):
        """As it was made, before its work had begun."""
        body = {"id": task.id, "contextId": task.context, "status": {"state": self.agent.state_name("submitted")},
                "history": task.history[:1]}
        return body if self.agent.is_v1() else {**body, "kind": "task"}

    def follow(self, task, place):
        agent = self.agent
        while True:
            agent.wait(lambda: place < len(task.events) or agent.away)
            if agent.away or agent.ended:
                return
            event = task.events[place]
            place += 1
            self.event(event)
            if "artifactUpdate" in event or event.get("kind") == "artifact-update":
                if "[[drop]]" in task.kind and place < 4:
                    return  # the stream breaks off in the middle, the task goes on
            name = (event.get("statusUpdate") or event).get("status", {}).get("state", "")
            name = name.replace("TASK_STATE_", "").lower().replace("_", "-")
            if name in TERMINAL or name in ("input-required", "auth-required"):
                return

    def find(self, parameters):
        task = self.agent.tasks.get(parameters.get("id"))
        if task is None:
            self.error(-32001, "Task not found")
        return task

    def get(self, parameters):
        task = self.find(parameters)
        if task:
            with self.agent.lock:
                body = self.result(task.json())
            self.send_json(body)

    def cancel(self, parameters):
        task = self.find(parameters)
        if task is None:
            return
        if task.state in TERMINAL or "[[uncancelable]]" in task.kind:
            return self.error(-32002, "Task cannot be canceled")
        if "[[deaf]]" in task.kind:
            return self.send_json(self.result(task.json()))
        agent = self.agent
        with agent.lock:
            task.cancel = True
            agent.lock.notify_all()
            agent.lock.wait_for(lambda: task.state in TERMINAL or agent.ended, 5)
            body = self.result(task.json())
        self.send_json(body)

    def subscribe(self, parameters):
        task = self.find(parameters)
        if task is None:
            return
        agent = self.agent
        if task.state in TERMINAL:
            name = agent.state_name(task.state)
            return self.error(-32004, "Task %s is in terminal state: %s" % (task.id, name))
        with agent.lock:
            place = len(task.events)
            now = task.json()
        self.start_stream()
        if agent.is_v1():
            self.event({"task": now})
        with agent.lock:
            if task.state in TERMINAL and place == len(task.events):
                return
        self.follow(task, place)

    def list_tasks(self, parameters):
        agent = self.agent
        start = int(parameters.get("pageToken") or 0)
        end = start + min(agent.options.page, parameters.get("pageSize", 50))
        with agent.lock:
            tasks = list(agent.tasks.values())
            body = {"tasks": [task.json() for task in tasks[start:end]], "totalSize": len(tasks),
                    "nextPageToken": str(end) if end < len(tasks) else ""}
        self.send_json(self.result(body))


def replay(handler, agent, method):
    """Answers as the recorded agent answered the same method; the last recorded answer again when they run out."""
    requests = [entry["msg"] for entry in agent.recording
                if entry["dir"] == "->" and isinstance(entry["msg"], dict) and entry["msg"]["method"] == method]
    if not requests:
        return handler.error(-32601, "Method not found")
    request = requests[min(agent.counts[method], len(requests)) - 1]
    answers = [entry for entry in agent.recording if entry["dir"].startswith("<-") and isinstance(entry["msg"], dict)
               and entry["msg"].get("id") == request["id"]]
    if answers[0]["dir"] == "<-":
        return handler.send_json({**answers[0]["msg"], "id": handler.request_json["id"]})
    handler.start_stream()
    for entry in answers:
        # What followed a cancel in the recording follows one here.
        if "CANCELED" in json.dumps(entry["msg"]).upper() and "error" not in entry["msg"]:
            while not agent.ended and not agent.counts.get("CancelTask") and not agent.counts.get("tasks/cancel"):
                time.sleep(0.01)
        handler.wfile.write(("data: %s\r\n\r\n" % json.dumps({**entry["msg"], "id": handler.request_json["id"]})).encode())
        handler.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, address):
        pass  # a test breaks links on purpose


def serve(options):
    """A server on a port of its own."""
    server = Server(("127.0.0.1", 0), Handler)
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        if options.client_ca:
            context.load_verify_locations(options.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


agents = {}
plain = serve(parser.parse_args([]))


def command(line):
    word, _, rest = line.partition(" ")
    if word == "agent":
        options = parser.parse_args(json.loads(rest))
        agent = Agent("a%d" % (len(agents) + 1), options)
        agents[agent.name] = agent
        server = serve(options) if options.certificate else plain
        return "%s %d" % (agent.name, server.server_address[1])
    name, _, rest = rest.partition(" ")
    agent = agents[name]
    with agent.lock:
        if word == "change":
            agent.configure(parser.parse_args(json.loads(rest)))
        elif word == "away":
            agent.go_away()
        elif word == "back":
            agent.away = False
        elif word == "forget":
            agent.tasks.clear()
        elif word == "release":
            agent.released = True
        elif word == "end":
            agent.ended = True
            agent.go_away()
            agent.tasks.clear()
        elif word in ("calls", "prompts", "ids"):
            return json.dumps({"calls": agent.counts, "prompts": agent.prompts, "ids": agent.ids}[word])
        else:
            return "what?"
        agent.lock.notify_all()
    return "ok"


def leave_with(parent):
    """Whoever started this may have had no time to say that it is over."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


threading.Thread(target=leave_with, args=(os.getppid(),), daemon=True).start()
for line in sys.stdin:
    try:
        answer = command(line.strip())
    except (Exception, SystemExit) as error:
        answer = "error %r" % error
    print(answer, flush=True)
os._exit(0)
