"""GitHub as far as `gh` needs it, behind a proxy on this machine, so that the real program speaks to it by GitHub's own name.

    github-host.py FOLDER     makes FOLDER/ca.pem for SSL_CERT_FILE, prints the port for HTTPS_PROXY, and serves

It ends when its standard input does. What is asked of it goes to FOLDER/requests, a line of JSON each; a token that is "bad" is turned away.
"""

import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading

folder = sys.argv[1]
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder + "/key.pem", "-out", folder + "/ca.pem",
     "-days", "2", "-subj", "/CN=github", "-addext", "subjectAltName=DNS:api.github.com,DNS:github.com"],
    check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/ca.pem", folder + "/key.pem")
made = []
repository = {
    "id": "R1", "name": "app", "owner": {"login": "acme", "id": "o"}, "hasIssuesEnabled": True, "viewerPermission": "WRITE",
    "defaultBranchRef": {"name": "main"}, "isPrivate": False, "parent": None, "mergeCommitAllowed": True,
    "rebaseMergeAllowed": True, "squashMergeAllowed": True, "description": "", "hasWikiEnabled": False,
}


def answer(query, variables):
    # gh takes nothing that it has not asked for.
    if "repository" not in query and "createPullRequest" not in query:
        return {"viewer": {"login": "ada"}}
    if "createPullRequest" in query:
        made.append(variables["input"])
        return {"createPullRequest": {"pullRequest": {"id": "P7", "url": "https://github.com/acme/app/pull/7"}}}
    if "pullRequests(" in query:
        branch = variables.get("headRefName") or variables.get("headBranch")
        nodes = [
            {"id": "P7", "number": 7, "state": "OPEN", "url": "https://github.com/acme/app/pull/7",
             "headRefName": it["headRefName"], "baseRefName": it["baseRefName"], "title": it["title"],
             "isDraft": it.get("draft", False), "isCrossRepository": False,
             "headRepositoryOwner": {"login": "acme", "id": "o"}}
            for it in made if it["headRefName"] == branch]
        page = {"hasNextPage": False, "endCursor": ""}
        return {"repository": {"pullRequests": {"totalCount": len(nodes), "nodes": nodes, "pageInfo": page}}}
    return {"repository": repository}


class Host(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def reply(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = json.loads(body) if body else {}
        with open(folder + "/requests", "a") as log:
            log.write(json.dumps({"path": self.path, **asked}) + "\n")
        isKnown = not (self.headers.get("authorization") or "").endswith(" bad")
        data = {"data": answer(asked.get("query", ""), asked.get("variables") or {})} if isKnown else {
            "message": "Bad credentials"}
        text = json.dumps(data).encode()
        self.send_response(200 if isKnown else 401)
        self.send_header("content-type", "application/json")
        self.send_header("X-Oauth-Scopes", "repo, read:org")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = reply


def serve(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(4096)
        if not more:
            return
        head += more
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        Host(context.wrap_socket(connection, server_side=True), ("", 0), None)
    except OSError:
        pass  # gh has gone


def end():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end, daemon=True).start()
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
