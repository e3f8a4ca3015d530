"""Both ways to follow the log, as the contract of the HTTP API tells them."""

import http.client
import json
import socket
import threading

import websockets.exceptions
import websockets.sync.client

from api_client import CALL_SECONDS, Lost

# Messages with the `seq` of the last event before them, and none of their own.
BETWEEN = ("batch.progress", "snapshot", "heartbeat", "notification")


def target(path, query, after):
    words = [word for word in (query, None if after is None else f"after={after}") if word]
    return path + ("?" + "&".join(words) if words else "")


class ServerSentEvents:
    """The messages of `/api/events`, read as the HTML standard says."""

    def __init__(self, api, query="", after=None, fields=None):
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", api.server.port, timeout=CALL_SECONDS + 10)
        sent = api.identity() | {"Accept": "text/event-stream"} | (fields or {})
        try:
            self.connection.request("GET", target("/api/events", query, after), headers=sent)
            self.answer = self.connection.getresponse()
        except (OSError, http.client.HTTPException) as reason:
            self.connection.close()
            raise Lost(repr(reason)) from reason
        self.status = self.answer.status
        self.last_id = None
        self.heartbeats = 0

    def __iter__(self):
        """Every message until the server ends the stream."""
        data = []
        while True:
            try:
                line = self.answer.readline(1 << 20)
            except (OSError, ValueError, AttributeError, http.client.HTTPException):
                return
            if not line:
                return
            line = line.decode().rstrip("\r\n")
            if line == "":
                if data:
                    yield json.loads("\n".join(data))
                data = []
            elif line.startswith(":"):
                self.heartbeats += 1
            else:
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "data":
                    data.append(value)
                elif name == "id":
                    self.last_id = value

    def close(self):
        # A thread that reads must see the end, which closing a descriptor alone does not show it.
        if self.connection.sock:
            try:
                self.connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.connection.close()


class SocketFeed:
    """The messages of `/api/websocket`, through a client of another make."""

    def __init__(self, api, query="", after=None, fields=None):
        url = api.server.url.replace("http", "ws", 1) + target("/api/websocket", query, after)
        try:
            self.connection = websockets.sync.client.connect(
                url, additional_headers=api.identity() | (fields or {}), compression=None,
                open_timeout=CALL_SECONDS, max_size=1 << 24, proxy=None,
                # A reader that holds back would not read the answer to its own goodbye.
                max_queue=None)
            self.status = 101
        except websockets.exceptions.InvalidStatus as refused:
            self.status = refused.response.status_code
        except (OSError, EOFError, TimeoutError, websockets.exceptions.WebSocketException) as reason:
            raise Lost(repr(reason)) from reason

    def __iter__(self):
        while True:
            try:
                yield json.loads(self.connection.recv())
            except websockets.exceptions.ConnectionClosed:
                return

    @property
    def close_code(self):
        return self.connection.close_code

    def close(self):
        self.connection.close()


class Follower(threading.Thread):
    """Keeps every event that one of the two ways tells, and takes the stream up again, after the last
    event seen, whenever it ends."""

    def __init__(self, api, way, query="", after=0):
        super().__init__(daemon=True)
        self.api = api
        self.way = way
        self.query = query
        self.last = after
        self.events, self.progress, self.snapshots, self.problems = [], [], [], []
        self.connections = 0
        self.over = threading.Event()
        self.feed = None
        self.start()

    def run(self):
        pause = 0.05
        while not self.over.is_set():
            try:
                self.feed = self.way(self.api, self.query, self.last)
                if self.feed.status not in (101, 200):
                    self.problems.append(f"the feed was refused with {self.feed.status}")
                    return
                self.connections += 1
                for message in self.feed:
                    self.take(message)
                    pause = 0.05
            except Lost:
                pass
            self.over.wait(pause)
            pause = min(pause * 2, 1)

    def take(self, message):
        if message.get("type") in ("heartbeat", "notification"):
            return
        if message.get("type") == "batch.progress":
            self.progress.append(message)
        elif message.get("type") == "snapshot":
            self.snapshots.append(message)
            self.last = message["seq"]
        elif message.get("seq") is None:
            self.problems.append(f"neither event nor snapshot: {message}")
        else:
            if message["seq"] <= self.last:
                self.problems.append(f"{message['seq']} came after {self.last}")
            self.last = message["seq"]
            self.events.append(message)

    def end(self):
        self.over.set()
        if self.feed:
            self.feed.close()
        self.join(10)
