"""An agent behind Agent2Agent that does what a marker in the prompt says: for tests. Standard library alone.

Prints its port. Then takes commands on standard input, a line each, and answers each with a line:
  away | back          closes every link and refuses new ones, or serves again; tasks go on
  forget               loses all tasks, as after a restart
  release              lets what waits in [[hold]] go on
  calls                how often each method was called, as JSON; `prompts` the texts of the messages, `ids` their ids
With --replay FILE it plays what a recording has after each request, whatever is asked.
"""

import argparse
import base64
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
parser.add_argument("--token")
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--client-ca")
parser.add_argument("--interface", help="the address in the card")
parser.add_argument("--redirect", help="where the card redirects to")
parser.add_argument("--replay")
options = parser.parse_args()

lock = threading.Condition()
tasks = {}
counts = {}
prompts = []
ids = []
open_sockets = set()
state = {"away": False, "released": False}
TERMINAL = {"completed", "canceled", "failed", "rejected"}


def is_v1():
    return options.version == "1.0"


def text_part(text, name=None, media=None):
    if is_v1():
        part = {"text": text}
        if name:
            part["filename"] = name
        if media:
            part["mediaType"] = media
        return part
    return {"kind": "text", "text": text}


def file_part(name, content, media="application/octet-stream"):
    encoded = base64.b64encode(content).decode()
    if is_v1():
        return {"raw": encoded, "filename": name, "mediaType": media}
    return {"kind": "file", "file": {"name": name, "mimeType": media, "bytes": encoded}}


def link_part(name, url):
    if is_v1():
        return {"url": url, "filename": name}
    return {"kind": "file", "file": {"name": name, "uri": url}}


def state_name(name):
    return "TASK_STATE_" + name.upper().replace("-", "_") if is_v1() else name


class Task:
    def __init__(self, message):
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
        return body if is_v1() else {**body, "kind": "task"}

    def status(self):
        status = {"state": state_name(self.state)}
        if self.stamp:
            status["timestamp"] = self.stamp
        if self.message:
            status["message"] = self.message
        return status

    def emit(self, event):
        with lock:
            self.events.append(event)
            lock.notify_all()

    def set(self, name, text=None):
        with lock:
            if self.state in TERMINAL:
                return
            if self.message:
                self.history.append(self.message)
            self.state = name
            self.stamp = "2026-01-01T00:00:%09.6fZ" % (time.time() % 60)
            self.message = agent_message(text, self) if text else None
            update = {"taskId": self.id, "contextId": self.context, "status": self.status()}
            if is_v1():
                self.emit({"statusUpdate": update})
            else:
                final = name in TERMINAL or name in ("input-required", "auth-required")
                self.emit({**update, "kind": "status-update", "final": final})

    def artifact(self, artifact_id, parts, append=False, last=True, name=None):
        with lock:
            body = {"artifactId": artifact_id, "name": name or artifact_id, "parts": parts}
            known = next((a for a in self.artifacts if a["artifactId"] == artifact_id), None)
            if known and append:
                known["parts"] = known["parts"] + parts
            elif known:
                known["parts"] = parts
            else:
                self.artifacts.append(dict(body))
            update = {"taskId": self.id, "contextId": self.context, "artifact": body, "append": append, "lastChunk": last}
            self.emit({"artifactUpdate": update} if is_v1() else {**update, "kind": "artifact-update"})


def agent_message(text, task=None):
    message = {"messageId": str(uuid.uuid4()), "role": "ROLE_AGENT" if is_v1() else "agent", "parts": [text_part(text)]}
    if task:
        message.update(taskId=task.id, contextId=task.context)
    return message if is_v1() else {**message, "kind": "message"}


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

    def has(marker):
        return "[[%s]]" % marker in kind

    if has("reject"):
        return task.set("rejected", "not my line of work")
    task.set("working", "Processing your question...")
    if has("endless") or has("uncancelable") or has("deaf"):
        with lock:
            while not task.cancel and not state["released"] and task.state not in TERMINAL:
                lock.wait(0.2)
        if task.cancel:
            return task.set("canceled")
        return task.set("completed", "let go")
    if has("hold") or has("drop"):
        task.artifact("answer", [text_part("first line\nsecond ")], last=False)
        with lock:
            while not state["released"] and not task.cancel:
                lock.wait(0.2)
        task.artifact("answer", [text_part("line\nlast line\n")], append=True)
        return task.set("completed")
    if has("ask") or has("auth"):
        task.set("input-required" if has("ask") else "auth-required", "Which colour?" if has("ask") else "https://login.example/")
        with lock:
            while not task.inbox and not task.cancel:
                lock.wait(0.2)
        if task.cancel:
            return task.set("canceled")
        task.set("working", "I take " + task.inbox[0])
        task.artifact("answer", [text_part("It is %s now" % task.inbox[0])])
        return task.set("completed")
    if has("talk"):
        with lock:
            while not task.inbox:
                lock.wait(0.2)
        task.artifact("answer", [text_part("heard: " + task.inbox[0])])
        return task.set("completed")
    if has("fail"):
        return task.set("failed", "the compiler is missing")
    if has("canceled-there"):
        return task.set("canceled", "somebody else did")
    if has("patch"):
        task.artifact("change", [text_part(PATCH, "login.patch", "text/x-patch")])
        task.artifact("more", [file_part("more.diff", PATCH.replace("login", "logout").encode())])
        task.artifact("summary", [text_part("Login checks now.")])
        return task.set("completed")
    if has("files"):
        names = ["../../escape.txt", "/etc/passwd", "..\\..\\evil.bat", ".bashrc", "a\x1b[31mb.txt", "x" * 300 + ".txt",
                 "", "a2a.json", "same.txt", "same.txt"]
        for index, name in enumerate(names):
            task.artifact("f%d" % index, [file_part(name, b"content %d" % index)])
        task.artifact("link", [link_part("big.bin", "http://127.0.0.1:1/big.bin")])
        return task.set("completed")
    if has("pr"):
        data = {"pr_url": "https://git.example.invalid/acme/app/pull/3"}
        task.artifact("request", [{"data": data} if is_v1() else {"kind": "data", "data": data}])
        return task.set("completed")
    if has("tokens"):
        for index, word in enumerate(["One ", "two ", "three\n", "four"]):
            task.artifact("answer", [text_part(word)], append=index > 0, last=index == 3)
        return task.set("completed")
    task.artifact("response", [text_part("Hello World! Nice to meet you!")], name="response")
    task.set("completed")


def card(port):
    scheme = "https" if options.certificate else "http"
    url = options.interface or "%s://127.0.0.1:%d/rpc" % (scheme, port)
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


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def setup(self):
        super().setup()
        with lock:
            open_sockets.add(self.connection)

    def finish(self):
        with lock:
            open_sockets.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def send_json(self, body, status=200):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def is_refused(self):
        if state["away"]:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return True
        if options.token and self.headers.get("Authorization") != "Bearer " + options.token:
            self.send_json({"error": "who are you"}, 401)
            return True
        return False

    def do_GET(self):
        with lock:
            counts["GET"] = counts.get("GET", 0) + 1
        if self.is_refused():
            return
        if options.redirect:
            self.send_response(302)
            self.send_header("Location", options.redirect)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        names = ["/.well-known/agent.json"] if options.old_card else ["/.well-known/agent-card.json"]
        if self.path in names and not options.no_card:
            return self.send_json(replayed_card() if options.replay else card(self.server.server_address[1]))
        self.send_json({"error": "no such page"}, 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.is_refused():
            return
        self.request_json = json.loads(body)
        method = self.request_json["method"]
        with lock:
            counts[method] = counts.get(method, 0) + 1
        if options.replay:
            return replay(self, method)
        parameters = self.request_json.get("params", {})
        names = {"SendMessage": self.send, "SendStreamingMessage": self.stream, "GetTask": self.get,
                 "CancelTask": self.cancel, "SubscribeToTask": self.subscribe, "ListTasks": self.list_tasks}
        if not is_v1():
            names = {"message/send": self.send, "message/stream": self.stream, "tasks/get": self.get,
                     "tasks/cancel": self.cancel, "tasks/resubscribe": self.subscribe}
        if method not in names or (options.no_streaming and names[method] in (self.stream, self.subscribe)):
            return self.error(-32601, "Method not found")
        try:
            names[method](parameters)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def result(self, result):
        return {"jsonrpc": "2.0", "id": self.request_json.get("id"), "result": result}

    def error(self, code, message):
        self.send_json({"jsonrpc": "2.0", "id": self.request_json.get("id"), "error": {"code": code, "message": message}})

    def take(self, message):
        """A task for a new message, or the one that it belongs to; None for an answer without a task."""
        with lock:
            prompts.append(prompt_of(message))
            ids.append(message["messageId"])
            known = tasks.get(message.get("taskId"))
            if known:
                known.inbox.append(prompt_of(message))
                lock.notify_all()
                return known
            if "[[bare]]" in prompt_of(message):
                return None
            task = Task(message)
            tasks[task.id] = task
        threading.Thread(target=work, args=(task,), daemon=True).start()
        return task

    def send(self, parameters):
        message = parameters["message"]
        if "[[silent]]" in prompt_of(message):
            time.sleep(3600)
        task = self.take(message)
        if task is None:
            answer = agent_message("Paris, of course.")
            return self.send_json(self.result({"message": answer} if is_v1() else answer))
        with lock:
            body = self.result({"task": task.json()} if is_v1() else task.json())
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
        prompt = prompt_of(message)
        if "[[silent]]" in prompt:
            time.sleep(3600)
        if "[[lost-answer]]" in prompt:
            self.take(message)
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        task = self.take(message)
        self.start_stream()
        if task is None:
            answer = agent_message("Paris, of course.")
            return self.event({"message": answer} if is_v1() else answer)
        self.event({"task": self.first(task)} if is_v1() else self.first(task))
        if "[[huge]]" in prompt:
            self.wfile.write(b"data: " + b"x" * (20 << 20) + b"\r\n\r\n")
        if "[[garbage]]" in prompt:
            self.wfile.write(b"data: {\"jsonrpc\": \r\n\r\n: a comment\r\n\r\nevent: strange\r\ndata: [1, 2]\r\n\r\n")
        self.follow(task, 0)

    def first(self, task):
        """As it was made, before its work had begun."""
        body = {"id": task.id, "contextId": task.context, "status": {"state": state_name("submitted")},
                "history": task.history[:1]}
        return body if is_v1() else {**body, "kind": "task"}

    def follow(self, task, place):
        while True:
            with lock:
                while place >= len(task.events):
                    lock.wait(0.2)
                    if state["away"]:
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
        task = tasks.get(parameters.get("id"))
        if task is None:
            self.error(-32001, "Task not found")
        return task

    def get(self, parameters):
        task = self.find(parameters)
        if task:
            with lock:
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
        with lock:
            task.cancel = True
            lock.notify_all()
            deadline = time.time() + 5
            while task.state not in TERMINAL and time.time() < deadline:
                lock.wait(0.2)
            body = self.result(task.json())
        self.send_json(body)

    def subscribe(self, parameters):
        task = self.find(parameters)
        if task is None:
            return
        if task.state in TERMINAL:
            return self.error(-32004, "Task %s is in terminal state: %s" % (task.id, state_name(task.state)))
        with lock:
            place = len(task.events)
            now = task.json()
        self.start_stream()
        if is_v1():
            self.event({"task": now})
        with lock:
            if task.state in TERMINAL and place == len(task.events):
                return
        self.follow(task, place)

    def list_tasks(self, parameters):
        with lock:
            body = self.result({"tasks": [task.json() for task in tasks.values()]})
        self.send_json(body)


# A recording: the answers that follow each request, in their order.

recording = []
if options.replay:
    with open(options.replay) as lines:
        recording = [json.loads(line) for line in lines]


def replayed_card():
    body = next(entry["msg"] for entry in recording if entry["dir"] == "<-")
    text = json.dumps(body).replace("127.0.0.1:41241", "127.0.0.1:%d" % server.server_address[1])
    body = json.loads(text)
    # A recording is of one version.
    body["supportedInterfaces"] = [i for i in body["supportedInterfaces"] if i["protocolVersion"] == options.version]
    if options.version == "1.0":
        for name in ("url", "additionalInterfaces", "protocolVersion", "preferredTransport"):
            body.pop(name, None)
    return body


def replay(handler, method):
    """Answers as the recorded agent answered the same method; the last recorded answer again when they run out."""
    requests = [entry["msg"] for entry in recording
                if entry["dir"] == "->" and isinstance(entry["msg"], dict) and entry["msg"]["method"] == method]
    if not requests:
        return handler.error(-32601, "Method not found")
    request = requests[min(counts[method], len(requests)) - 1]
    answers = [entry for entry in recording if entry["dir"].startswith("<-") and isinstance(entry["msg"], dict)
               and entry["msg"].get("id") == request["id"]]
    if answers[0]["dir"] == "<-":
        return handler.send_json({**answers[0]["msg"], "id": handler.request_json["id"]})
    handler.start_stream()
    for entry in answers:
        # What followed a cancel in the recording follows one here.
        if "CANCELED" in json.dumps(entry["msg"]).upper() and "error" not in entry["msg"]:
            with lock:
                while not counts.get("CancelTask") and not counts.get("tasks/cancel"):
                    lock.wait(0.2)
        handler.wfile.write(("data: %s\r\n\r\n" % json.dumps({**entry["msg"], "id": handler.request_json["id"]})).encode())
        handler.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass  # a test breaks links on purpose


server = Server(("127.0.0.1", 0), Handler)
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
print(server.server_address[1], flush=True)

for line in sys.stdin:
    word = line.strip()
    answer = "ok"
    with lock:
        if word in ("away", "back"):
            state["away"] = word == "away"
            if state["away"]:
                for connection in list(open_sockets):
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
        elif word == "forget":
            tasks.clear()
        elif word == "release":
            state["released"] = True
        elif word == "calls":
            answer = json.dumps(counts)
        elif word == "prompts":
            answer = json.dumps(prompts)
        elif word == "ids":
            answer = json.dumps(ids)
        lock.notify_all()
    print(answer, flush=True)
os._exit(0)
