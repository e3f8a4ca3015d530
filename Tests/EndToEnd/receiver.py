"""A receiver of webhooks for the tests: checks each message with the rules' own library, and answers as
its path says."""

import collections
import http.server
import json
import random
import socket
import threading
import time

from standardwebhooks import Webhook

HANG_SECONDS = 30


class Message:
    def __init__(self, path, headers, body):
        self.path = path
        self.id = headers.get("webhook-id")
        self.headers = headers
        self.body = body
        self.at = time.monotonic()

    def json(self):
        return json.loads(self.body)


class Receiver:
    """`/good` takes everything; `/flaky` refuses each id once; `/hang` answers late; `/gone` is gone;
    `/moved` leads to `/elsewhere`; `/chance` often fails the first time, with or without an answer."""

    def __init__(self):
        self.messages = []
        self.lock = threading.Lock()
        self.chance = random.Random(1)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.answer(self, Message(self.path, headers, body))

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A server that was killed hangs up in the middle."""

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, request, message):
        kind = message.path.split("/")[1]
        with self.lock:
            seen = sum(m.id == message.id and m.path == message.path for m in self.messages)
            self.messages.append(message)
            draw = self.chance.random()
        if kind == "hang":
            time.sleep(HANG_SECONDS)
        if kind == "chance" and seen == 0 and draw < 0.3:
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
            return
        status = {"gone": 410, "moved": 302, "hang": 500}.get(kind, 200)
        if seen == 0 and (kind == "flaky" or (kind == "chance" and draw < 0.6)):
            status = 500
        request.send_response(status)
        if kind == "moved":
            request.send_header("Location", self.url("/elsewhere"))
        request.send_header("Content-Length", "0")
        request.end_headers()

    def at(self, path):
        with self.lock:
            return [m for m in self.messages if m.path == path]

    def by_id(self, path):
        found = collections.defaultdict(list)
        for message in self.at(path):
            found[message.id].append(message)
        return found

    def stop(self):
        self.server.shutdown()


def problems_of(messages, secrets):
    """What is wrong with messages by the rules: each is signed with one of the secrets, and each id has
    one body."""
    bodies = {}
    for message in messages:
        for secret in secrets:
            try:
                Webhook(secret).verify(message.body, message.headers)
                break
            except Exception as reason:  # The library has several.
                last = reason
        else:
            yield f"{message.path}: not signed as it should be: {last!r}"
        if bodies.setdefault(message.id, message.body) != message.body:
            yield f"{message.path}: {message.id} had two bodies"
        if message.headers.get("content-type") != "application/json":
            yield f"{message.path}: its type is {message.headers.get('content-type')}"
