#!/usr/bin/env python3
"""Sends whatever a server should not be sent. Each wrong request gets a clear 4xx with problem+json, or
the connection is closed where HTTP itself is broken; never 5xx. The server answers all the while, and
its memory stays bounded.

  Tests/EndToEnd/malformed.py [--slow-seconds 30] [--slow-senders 100]
"""

import argparse
import json
import pathlib
import re
import select
import socket
import sys
import tempfile
import threading
import time
import urllib.parse

import malformed_requests as wrong
import malformed_wire as wire
from api_client import (
    Api, Lost, Server, Wrong, import_clients, raise_file_limit, report, trade_rows)
from desk import Bank, Desk

BODY_BYTES = 64 << 20
PATIENCE_SECONDS = 10
# The standard's answers to a transfer coding and a version that a server does not know.
HTTP_NOT_KNOWN = (501, 505)
# Above what it needs at rest: several bodies of the largest size, read and taken apart.
MOST_KIB_ABOVE_START = 1 << 20
MOST_KIB_KEPT = 400 << 10


class Script:
    def __init__(self, server):
        self.server = server
        self.admin = server.admin()
        self.checks, self.problems = 0, []
        self.peak = 0
        # Calls of the contract that the server does not have.
        self.absent = set()

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)
        return holds

    def prepare(self):
        import_clients(self.admin, 2)
        body = {"name": "kept", "pricing": "bank", "trades": trade_rows(5, 2, "K")}
        batch = self.admin.post("/api/batches", body, (201,)).json()
        self.batch, self.etag = batch["id"], f'"{batch["version"]}"'
        self.trade = self.admin.trades(self.batch)[0]["id"]
        self.start_kib = self.server.memory_kib()

    def refused(self, words, method, path, body=None, statuses=None, **more):
        """One wrong request over right HTTP."""
        path = path.replace("{batch}", self.batch).replace("{trade}", self.trade)
        try:
            answer = self.admin.call(method, path, body, **more)
        except Lost as lost:
            return self.check(False, f"{words}: {method} {path[:80]}: {lost}")
        if answer.absent() and path not in wrong.PATHS and method not in wrong.METHODS:
            self.absent.add(f"there is no {method} {path.split('?')[0]}")
            return None
        fine = 400 <= answer.status < 500 and answer.status not in (401, 403, 429)
        fine = fine and (not statuses or answer.status in statuses)
        wanted = f"wanted {sorted(statuses)}" if statuses else "wanted 4xx"
        if self.check(fine, f"{words}: {method} {path[:80]} {shown(body)}: {wanted}: {answer!r}"):
            # What HTTP itself refuses, below the API, is of the general type and has no instance.
            below = b'"about:blank"' in answer.body and answer.fields.get("Connection") == "close"
            self.check(below or not answer.problem(),
                       f"{words}: {method} {path[:80]}: {answer.problem()}")
        return answer

    def bodies(self):
        for words, body, statuses in wrong.BATCHES:
            self.refused(f"JSON with {words}", "POST", "/api/batches", body, statuses,
                         type="application/json")
        for words, body, statuses in wrong.FILES:
            self.refused(f"CSV with {words}", "POST", "/api/batches?name=x&pricing=bank", body,
                         statuses, type="text/csv")
            self.refused(f"clients with {words}", "POST", "/api/clients/import", body,
                         {400, 422}, type="text/csv")
        for method, path, bodies in wrong.BODIES:
            for body in bodies:
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                text = text.replace(b"{batch}", self.batch.encode())
                answer = self.refused_body(method, path, text)
        self.all_errors()

    def refused_body(self, method, path, text):
        path = path.replace("{batch}", self.batch).replace("{trade}", self.trade)
        answer = self.admin.call(method, path, text, type="application/json")
        allowed = {401} if path == "/api/session" else set()
        fine = 400 <= answer.status < 500 and answer.status not in {401, 403, 429} - allowed
        words = f"{method} {path} {shown(text)}"
        if answer.absent():
            self.absent.add(f"there is no {method} {path}")
        elif self.check(fine, f"{words}: {answer!r}"):
            self.check(not answer.problem(), f"{words}: {answer.problem()}")

    def all_errors(self):
        """Everything that is wrong is told at once, with the row that it is in."""
        rows = [wrong.ROW | {"cif_number": "NOBODY"}, wrong.ROW, wrong.ROW | {"deal_amount": "-1"},
                wrong.ROW | {"deal_amount": "NaN", "side": "hold"}]
        answer = self.refused("four wrong things", "POST", "/api/batches",
                              wrong.GOOD | {"trades": rows}, {422})
        told = json.dumps(answer.json().get("errors", [])) if answer else ""
        for place in ("/trades/0/cif_number", "/trades/2/deal_amount", "/trades/3/deal_amount",
                      "/trades/3/side"):
            row = int(place.split("/")[2]) + 1
            self.check(place in told or f'"row": {row}' in told, f"not told of {place}: {told}")
        file = wrong.HEADER + "NOBODY,5.00\nCIF1000,5.00\nCIF1000,-1\n"
        answer = self.refused("two wrong rows", "POST", "/api/batches?name=x&pricing=bank", file,
                              {422}, type="text/csv")
        rows = [error.get("row") for error in answer.json().get("errors", [])] if answer else []
        self.check(set(rows) == {1, 3}, f"rows 1 and 3 are wrong, told {rows}")

    def conventions(self):
        for path, queries in wrong.QUERIES:
            for query in queries:
                self.refused("a wrong query", "GET", f"{path}?{query}")
        for path in wrong.PATHS:
            self.refused("a wrong path", "GET", path)
        for method in wrong.METHODS:
            self.refused("a wrong method", method, "/api/batches/active")
        for key in wrong.KEYS:
            self.refused(f"the key {key[:9]!r}", "POST", "/api/batches/priority",
                         {"batch_id": self.batch, "priority": 3}, Idempotency_Key=key)
        for match in wrong.MATCHES:
            self.refused(f"If-Match {match[:9]!r}", "POST", "/api/batches/priority",
                         {"batch_id": self.batch, "priority": 3}, {400, 412, 422}, If_Match=match)
        self.refused("a stale If-Match", "PATCH", f"/api/batches/{self.batch}", {"name": "x"}, {412},
                     If_Match='"0"')
        for type in wrong.TYPES:
            exact = {415} if not type or "charset" not in type else {400, 415, 422}
            self.refused(f"type {type}", "POST", "/api/batches", wrong.batch().encode(), exact,
                         type=type)
        self.refused("type JSON", "POST", "/api/clients/import", b"{}", {415},
                     type="application/json")
        self.refused("gzip", "POST", "/api/batches", b"\x1f\x8b" + b"\0" * 20, {400, 415, 422},
                     type="application/json", Content_Encoding="gzip")
        for id in ("x", "-1", "1e400", "9" * 30):
            self.refused(f"Last-Event-ID {id}", "GET", "/api/events", Last_Event_ID=id)

    def repeated_keys(self):
        first = self.admin.call("POST", "/api/batches", wrong.GOOD, key="same")
        again = self.admin.call("POST", "/api/batches", wrong.GOOD, key="same")
        self.check(first.status == again.status == 201 and first.body == again.body,
                   f"no replay: {first!r} {again!r}")
        for name in ("Location", "ETag", "Content-Type"):
            self.check(first.fields.get(name) == again.fields.get(name),
                       f"{name} was {first.fields.get(name)}, replayed {again.fields.get(name)}")
        self.refused("another body", "POST", "/api/batches", wrong.GOOD | {"name": "other"}, {422},
                     key="same")
        self.refused("another call", "POST", f"/api/batches/{self.batch}/pause", None, {422}, key="same")
        other = self.admin.issue("other", "dealer").call("POST", "/api/batches", wrong.GOOD | {
            "allow_duplicates": True}, key="same")
        self.check(other.status == 201, f"another token's key: {other!r}")

    def cursors(self):
        """A cursor belongs to its list and its filters."""
        page = self.admin.get(f"/api/batches/{self.batch}/trades", limit=1)
        cursor = urllib.parse.quote(page["next_cursor"])
        for path in ("/api/batches", "/api/trades", "/api/clients", "/api/accounts", "/api/audit",
                     f"/api/batches/{self.batch}/events"):
            self.refused("a cursor of another list", "GET", f"{path}?cursor={cursor}", None, {400})
        path = f"/api/batches/{self.batch}/trades"
        self.refused("other filters", "GET", f"{path}?status=failed&cursor={cursor}", None, {400})
        for place in range(0, len(cursor), 7):
            letter = "A" if cursor[place] != "A" else "B"
            spoilt = cursor[:place] + letter + cursor[place + 1:]
            answer = self.admin.call("GET", f"{path}?cursor={spoilt}")
            self.check(answer.status in (200, 400), f"a spoilt cursor: {answer!r}")

    def broken(self):
        token = self.admin.token.encode()
        for words, data in wire.SMUGGLING:
            got = self.exchange(words, data.replace(b"@TOKEN@", token))
            self.check(b'"person"' not in got, f"{words}: the hidden request was served: {got!r}")
            self.closed_or_refused(words, got)
        for words, data in wire.BROKEN:
            self.closed_or_refused(words, self.exchange(words, data.replace(b"@TOKEN@", token)))
        for words, data in wire.UPGRADES:
            got = self.exchange(words, data.replace(b"@TOKEN@", token), until_end=False)
            self.check(status(got) == 200, f"upgrade to {words}: {got[:300]!r}")
        for words, data in wire.HANDSHAKES:
            got = self.exchange(words, data.replace(b"@TOKEN@", token), until_end=False)
            self.check(400 <= status(got) < 500, f"handshake, {words}: {got[:300]!r}")
        self.truncated(token)

    def closed_or_refused(self, words, got):
        codes = [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", got)]
        self.check(all(400 <= code < 500 or code in HTTP_NOT_KNOWN for code in codes),
                   f"{words}: {codes} {got[:300]!r}")

    def truncated(self, token):
        """A body that ends too early: by the end of sending, or of the connection."""
        for framing in (b"Content-Length: 1000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"):
            data = (wire.JSON + framing).replace(b"@TOKEN@", token)
            self.closed_or_refused("half a body", self.exchange("half a body", data, shut=True))
            with self.server.socket() as connection:
                connection.sendall(data)
        names = [batch["name"] for batch in self.admin.pages("/api/batches", limit=500)]
        self.check(sorted(names) == ["good", "good", "kept"], f"half a body was taken in: {names}")

    def exchange(self, words, data, shut=False, until_end=True):
        """Sends bytes as they are; answers what came back until the end, which must come. Where HTTP
        is intact only the first answer is waited for."""
        got = b""
        with self.server.socket(PATIENCE_SECONDS) as connection:
            try:
                connection.sendall(data)
                if shut:
                    connection.shutdown(socket.SHUT_WR)
                while more := connection.recv(1 << 16):
                    got += more
                    if not until_end and b"\r\n\r\n" in got:
                        break
            except (ConnectionError, BrokenPipeError):
                pass
            except TimeoutError:
                if not got:
                    self.problems.append(f"{words}: neither answered nor closed")
        return got

    def large(self):
        """Bodies over the limit, told or endless, in both ways of framing, and several at once."""
        for type in ("application/json", "text/csv"):
            head = (wire.HEAD + f"Content-Type: {type}\r\n".encode()).replace(
                b"@TOKEN@", self.admin.token.encode())
            told = head + b"Content-Length: %d\r\n\r\n" % (BODY_BYTES + 1)
            sent, got = self.stream(told, lambda: b"a" * (1 << 16), BODY_BYTES + 1)
            self.check(status(got) == 413, f"{type} of 64 MiB and a byte, {sent} sent: {got[:300]!r}")
            endless = head + b"Transfer-Encoding: chunked\r\n\r\n"
            sent, got = self.stream(endless, lambda: b"10000\r\n" + b"a" * (1 << 16) + b"\r\n",
                                    4 * BODY_BYTES)
            self.check(status(got) == 413 or not got and sent < 2 * BODY_BYTES,
                       f"endless {type}, {sent} sent: {got[:300]!r}")
        threads = [threading.Thread(target=lambda: self.refused(
            "a name of 40 MB", "POST", "/api/batches", wrong.batch(name="n" * 40_000_000), {413, 422},
            seconds=60, type="application/json")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
        self.refused("a million rows in one", "POST", "/api/batches",
                     '{"name":"x","pricing":"bank","trades":[' + "{}," * 1_000_000 + "{}]}", {422},
                     seconds=120, type="application/json")

    def stream(self, head, piece, most):
        """Sends until the server speaks or closes; answers how much was sent, and what came back."""
        sent, got = 0, b""
        with self.server.socket(PATIENCE_SECONDS) as connection:
            try:
                connection.sendall(head)
                while sent < most and not select.select([connection], [], [], 0)[0]:
                    data = piece()[:most - sent]
                    connection.sendall(data)
                    sent += len(data)
            except (ConnectionError, TimeoutError):
                # Whoever refuses a body need not take the rest of it; the answer can still be read.
                pass
            try:
                while b"\r\n\r\n" not in got and (more := connection.recv(1 << 16)):
                    got += more
            except (ConnectionError, TimeoutError):
                pass
        return sent, got

    def part(self, part):
        before, begin = len(self.problems), time.monotonic()
        try:
            part()
        except (Wrong, Lost, KeyError, TypeError, ValueError, OSError) as reason:
            self.problems.append(f"{part.__name__}: {reason!r}")
        try:
            answer = Api(self.server, self.admin.token).call("GET", "/api/me")
            self.check(answer.status == 200, f"after {part.__name__}: {answer!r}")
        except Lost as lost:
            self.check(False, f"after {part.__name__} the server is silent: {lost}")
        self.peak = max(self.peak, self.server.memory_kib())
        print(f"{part.__name__}: {len(self.problems) - before} wrong, "
              f"{time.monotonic() - begin:.1f} s, {self.server.memory_kib() >> 10} MiB", flush=True)


class SlowSenders(threading.Thread):
    """Connections that say nothing, or one letter a second; each must be cut off some day."""

    def __init__(self, server, token, count):
        super().__init__(daemon=True)
        head = wire.get().replace(b"@TOKEN@", token.encode())[:-2] + b"X: "
        body = (wire.JSON + b"Content-Length: 5000\r\n\r\n").replace(b"@TOKEN@", token.encode())
        self.open = {}
        for start, letter in ((b"", b""), (b"G", b""), (head, b"a"), (body, b" ")):
            kind = {b"": "silent", b"G": "one letter", head: "slow head", body: "slow body"}[start]
            for _ in range(count):
                connection = server.socket()
                connection.sendall(start)
                connection.setblocking(False)
                self.open[connection] = (kind, letter)
        self.begin = time.monotonic()
        self.cut = {}
        self.over = threading.Event()
        self.start()

    def run(self):
        while self.open and not self.over.wait(1):
            for connection, (kind, letter) in list(self.open.items()):
                if self.ended(connection, letter):
                    del self.open[connection]
                    connection.close()
                    self.cut.setdefault(kind, []).append(time.monotonic() - self.begin)

    def ended(self, connection, letter):
        try:
            connection.send(letter)
            return connection.recv(1 << 16) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def problems(self, seconds):
        """Waits so long since the beginning, and tells who was not cut off by then."""
        self.join(max(1, seconds - (time.monotonic() - self.begin)))
        self.over.set()
        for kind, times in sorted(self.cut.items()):
            print(f"{kind}: {len(times)} cut off after {min(times):.0f} to {max(times):.0f} s")
        left = sorted({kind for kind, _ in self.open.values()})
        return [f"{kind}: still open after {seconds:.0f} s" for kind in left]


def status(got):
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ", got)
    return int(match[1]) if match else 0


def shown(body):
    text = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return repr(text if len(text) <= 120 else text[:60] + text[-60:])


def play(server, options):
    script = Script(server)
    script.prepare()
    slow = SlowSenders(server, script.admin.token, options.slow_senders)
    for part in (script.bodies, script.conventions, script.repeated_keys, script.cursors,
                 script.broken, script.large):
        script.part(part)
    script.problems += slow.problems(options.slow_seconds) + sorted(script.absent)
    kept = server.memory_kib()
    print(f"memory: {script.start_kib >> 10} MiB at first, {script.peak >> 10} MiB at most after a "
          f"part, {kept >> 10} MiB in the end")
    script.check(script.peak < script.start_kib + MOST_KIB_ABOVE_START, "its memory went too high")
    script.check(kept < script.start_kib + MOST_KIB_KEPT, "its memory stayed too high")
    five = [line for line in server.log.read_text(errors="replace").splitlines()
            if re.search(r'\bstatus"?[=:]5\d\d\b', line)]
    script.check(not five, f"{len(five)} calls ended with 5xx in the log: {five[:2]}")
    return script


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--slow-seconds", type=float, default=30)
    parser.add_argument("--slow-senders", type=int, default=100)
    options = parser.parse_args()
    print("seed 1", flush=True)
    raise_file_limit()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", "1")
        server = None
        try:
            desk = Desk(folder, bank)
            server = Server(desk, FXBATCH_API_MAX_RPS="10000")
            script = play(server, options)
            ended = server.end()[1]
            script.check(ended == 0, f"the server ended with {ended}")
            verified = desk.run("verify", allowed=None)
            script.check(verified.returncode == 0, f"verify: {verified.stdout}{verified.stderr}")
        finally:
            if server:
                server.kill()
            bank.stop()
    sys.exit(report(script.checks - len(script.problems), script.problems))


main()
