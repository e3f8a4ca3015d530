#!/usr/bin/env python3
"""Both ways to follow the log: order, no gaps, resuming, snapshots, filters, heartbeats, slow readers,
foreign pages, the server's end, and many readers at once. Prints how late messages come, and what a
connection costs, as figures.

  Tests/EndToEnd/live_feed.py [--connections 1000] [--seed 1] [--heartbeat-seconds 32]
"""

import argparse
import asyncio
import collections
import pathlib
import socket
import sys
import tempfile
import threading
import time

from api_client import (
    Api, Lost, Server, Wrong, import_clients, raise_file_limit, report, trade_rows, wait_until)
from desk import Bank, Desk
from live_crowd import Crowd, percentile
from live_feeds import BETWEEN, Follower, ServerSentEvents, SocketFeed

CLIENTS = 40
END_SECONDS = 10
WAYS = (ServerSentEvents, SocketFeed)
# What a reader that does not read may cost the server.
MOST_KIB_SLOW = 64 << 10
CUT_OFF_SECONDS = 120


def take(feed, last):
    """The messages of a feed up to this event."""
    messages = []
    for message in feed:
        messages.append(message)
        if message.get("seq") is not None and message["seq"] >= last:
            break
    feed.close()
    return messages


def events(messages):
    return [m for m in messages if m["type"] not in BETWEEN]


def seqs(messages):
    return [message["seq"] for message in events(messages)]


class Script:
    def __init__(self, server, options):
        self.server, self.options = server, options
        self.admin = server.admin()
        # A rate is of no interest here.
        self.api = self.admin.issue("feed", "dealer")
        self.checks, self.problems = 0, []
        self.number = 0

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)
        return holds

    def batch(self, trades=5, wait=True, **more):
        """A new batch, run to its end; answers its id."""
        self.number += 1
        body = {"name": f"live {self.number}", "pricing": "bank", "start": True,
                "max_concurrent_trades": 20,
                "trades": trade_rows(trades, CLIENTS, f"L{self.number}"), **more}
        id = self.api.post("/api/batches", body, (201,)).json()["id"]
        if wait:
            self.api.ended(id, 240)
        return id

    def log(self, id):
        return self.api.pages(f"/api/batches/{id}/events", limit=500)

    def last(self, id):
        return self.log(id)[-1]["seq"]

    def prepare(self):
        import_clients(self.api, CLIENTS)
        self.first, self.second = self.batch(), self.batch()
        self.end = self.last(self.second)

    def order(self):
        """Everything from the beginning, in order, by both ways alike, and as the lists tell it."""
        whole = self.log(self.first) + self.log(self.second)
        whole.sort(key=lambda event: event["seq"])
        for way in WAYS:
            got = take(way(self.api, after=0), self.end)
            self.check(seqs(got) == list(range(1, self.end + 1)),
                       f"{way.__name__} told {seqs(got)[:5]}… instead of 1 to {self.end}")
            self.check(events(got) == whole, f"{way.__name__} tells otherwise than the lists: "
                       + f"{[(a, b) for a, b in zip(events(got), whole) if a != b][:1]}")
            for message in got:
                missing = {"seq", "type", "at", "batch_id", "data"} - set(message)
                self.check(not missing, f"{missing} missing: {message}")

    def resuming(self):
        """From any place on, by the query or by the field of server-sent events."""
        middle = self.end // 2
        for way in WAYS:
            for after in (1, middle, self.end - 1):
                got = seqs(take(way(self.api, after=after), self.end))
                self.check(got == list(range(after + 1, self.end + 1)),
                           f"{way.__name__} after {after}: {got[:3]}…")
        feed = ServerSentEvents(self.api, fields={"Last-Event-ID": str(middle)})
        got = seqs(take(feed, self.end))
        self.check(got == list(range(middle + 1, self.end + 1)), f"Last-Event-ID: {got[:3]}…")
        self.check(feed.last_id == str(self.end), f"the last id is {feed.last_id}, not {self.end}")
        # A browser repeats the query it began with: where it was since then counts.
        feed = ServerSentEvents(self.api, after=1, fields={"Last-Event-ID": str(middle)})
        got = seqs(take(feed, self.end))
        self.check(got == list(range(middle + 1, self.end + 1)), f"both told: {got[:3]}…")

    def live(self):
        """Taken up again and again while things happen, nothing is lost between."""
        for way in WAYS:
            after, got = self.end, []
            id = self.batch(20, wait=False)
            while not got or got[-1]["type"] not in ("batch.success", "batch.partial_success"):
                feed, count = way(self.api, after=after), 0
                for message in feed:
                    if events([message]):
                        got.append(message)
                        after, count = message["seq"], count + 1
                        if count == 7 or message["type"] == "batch.success":
                            break
                feed.close()
            self.check(seqs(got) == list(range(self.end + 1, after + 1)),
                       f"{way.__name__}: interrupted reading told {seqs(got)}")
            self.end = self.last(id)

    def filter(self):
        """One batch alone, from the past and as it happens."""
        for way in WAYS:
            wanted = [event["seq"] for event in self.log(self.first)]
            got = seqs(take(way(self.api, f"batch_id={self.first}", 0), wanted[-1]))
            self.check(got == wanted, f"{way.__name__} of one batch: {got} instead of {wanted}")
            draft = {"name": f"filtered {way.__name__}", "pricing": "bank",
                     "trades": trade_rows(3, CLIENTS, f"F{way.__name__}")}
            id = self.api.post("/api/batches", draft, (201,)).json()["id"]
            feed = way(self.api, f"batch_id={id}", self.end)
            other = self.batch(3)
            self.api.post(f"/api/batches/{id}/start")
            self.api.ended(id)
            last = self.last(id)
            got = take(feed, last)
            self.check({message["batch_id"] for message in got} == {id},
                       f"{way.__name__} told of other batches")
            self.check(seqs(got) == [event["seq"] for event in self.log(id)],
                       f"{way.__name__} of a live batch told {seqs(got)}")
            self.end = max(last, self.last(other))

    def refused(self):
        """Foreign pages, nobody, and batches that are not there."""
        session = self.admin.call("POST", "/api/session", {"token": self.api.token})
        cookie = session.fields["Set-Cookie"].split(";")[0]
        browser = Api(self.server, cookie=cookie)
        for way, fine in ((SocketFeed, 101), (ServerSentEvents, 200)):
            own = f"http://127.0.0.1:{self.server.port}"
            feed = way(browser, fields={"Origin": own})
            self.check(feed.status == fine, f"{way.__name__} from its own page: {feed.status}")
            feed.close() if feed.status == fine else None
            for origin in ("https://evil.example", "null", own + ".evil.example"):
                status = way(browser, fields={"Origin": origin}).status
                # Without a permission in the answer no page of another origin can read a stream.
                may = {403} if way is SocketFeed else {403, 200}
                self.check(status in may, f"{way.__name__} from {origin}: {status}")
            self.check(way(Api(self.server)).status == 401, f"{way.__name__} opened by nobody")
        answer = self.api.call("GET", "/api/events", Origin="https://evil.example")
        self.check(answer.fields.get("Access-Control-Allow-Origin") is None, "others may read")

    def heartbeat(self):
        """Quiet streams show a sign of life at least every 30 s."""
        signs, begin = {}, time.monotonic()

        def watch(way):
            feed = way(self.api, after=self.end)
            for message in feed:
                signs[way] = time.monotonic() - begin
                # Whatever was still under way is over: the next one comes out of the silence.
                if message["type"] == "heartbeat" and signs[way] > 1:
                    return feed.close()

        threads = [threading.Thread(target=watch, args=(way,), daemon=True) for way in WAYS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(self.options.heartbeat_seconds)
        for way in WAYS:
            self.check(signs.get(way, 0) > 1, f"{way.__name__}: no heartbeat in "
                       f"{self.options.heartbeat_seconds} s")
            print(f"{way.__name__}: a heartbeat after {signs.get(way, 0):.0f} s")

    def slow_reader(self):
        """Who does not read is cut off, is never buffered for without bound, and delays nobody."""
        before, slow = self.server.memory_kib(), []
        self.api.get("/api/me")
        connected = self.server.connections() + len(WAYS)
        for path in ("/api/websocket", "/api/events"):
            for _ in range(5):
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                connection.connect(("127.0.0.1", self.server.port))
                upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n" \
                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\n"
                connection.sendall(
                    f"GET {path}?after=0 HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
                    f"Authorization: Bearer {self.api.token}\r\n"
                    f"{upgrade if 'websocket' in path else ''}\r\n".encode())
                slow.append(connection)
        quick = [Follower(self.api, way, after=self.end) for way in WAYS]
        first, begin, cut = self.end, time.monotonic(), 0
        while cut < len(slow) and time.monotonic() - begin < CUT_OFF_SECONDS:
            self.end = self.last(self.batch(200))
            cut = min(len(slow), connected + len(slow) - self.server.connections())
        for follower in quick:
            wait_until(lambda: follower.last >= self.end, "the quick reader's last event")
            follower.end()
            got = [event["seq"] for event in follower.events]
            self.check(got == list(range(first + 1, self.end + 1)) and follower.connections == 1,
                       f"{follower.way.__name__} has gaps beside slow ones: {len(got)}")
        grown = self.server.memory_kib() - before
        print(f"after {time.monotonic() - begin:.0f} s and {self.end - first} events {cut} of "
              f"{len(slow)} slow readers are cut off, memory grew by {grown >> 10} MiB")
        self.check(cut >= len(slow), f"{len(slow) - cut} slow readers are not cut off")
        self.check(grown < MOST_KIB_SLOW, f"memory grew by {grown} KiB")
        for connection in slow:
            connection.close()

    def far_behind(self):
        """Too far behind: one snapshot, and on from there without a gap."""
        for way in WAYS:
            got = take(way(self.api, after=0), self.end)
            first = got[0]
            if first["type"] == "snapshot":
                self.check([m["type"] for m in got].count("snapshot") == 1, "more than one snapshot")
                wanted = list(range(first["seq"] + 1, self.end + 1))
            else:
                wanted = list(range(1, self.end + 1))
            self.check(seqs(got) == wanted, f"{way.__name__}: not in order after {first}")
        print(f"from the first of {self.end} events on: "
              f"{'a snapshot' if first['type'] == 'snapshot' else 'all of them'}")
        for way in WAYS:
            try:
                # In the future there is nothing to resume: an error, or a snapshot of what is so.
                feed = way(self.api, after=self.end + 10**6)
                kind = next(iter(feed))["type"] if feed.status in (101, 200) else feed.status
                self.check(kind in ("snapshot", 400, 409, 422), f"after the future: {kind}")
                feed.close() if feed.status in (101, 200) else None
            except Lost as lost:
                self.check(False, f"after the future: {lost}")

    def crowds(self):
        for count in sorted({1, min(100, self.options.connections), self.options.connections}):
            asyncio.run(self.crowd(count))

    async def crowd(self, count):
        before = self.server.memory_kib()
        crowd = Crowd(self.api, self.end)
        await crowd.join(count)
        idle = self.server.memory_kib()
        id = await asyncio.to_thread(self.batch, 20)
        last = await asyncio.to_thread(self.last, id)
        behind = await crowd.seen(last)
        self.check(not behind, f"{behind} of {count} readers did not get every event")
        problems = crowd.problems(last)
        self.check(not problems, f"{len(problems)} of {count} readers: {problems[:2]}")
        delays = crowd.delays()
        print(f"{count} connections: commit to message p50 {percentile(delays, 0.5):.1f} ms, "
              f"p99 {percentile(delays, 0.99):.1f} ms; {(idle - before) / count:.0f} KiB each when idle, "
              f"{(self.server.memory_kib() - before) / count:.0f} KiB after {last - self.end} events",
              flush=True)
        self.end = last
        if count < self.options.connections:
            return crowd.leave()
        # The server's end: every reader is told so.
        taken, code = await asyncio.to_thread(self.server.end, END_SECONDS + 20)
        left = await crowd.ended(5)
        print(f"asked to end with {count} readers, it ended after {taken:.1f} s")
        self.check(code == 0 and taken < END_SECONDS, f"it ended after {taken:.1f} s with {code}")
        closed = collections.Counter((r.code, r.reason) for r in crowd.readers if "websocket" in r.path)
        self.check(not left and {code for code, _ in closed} == {1001},
                   f"{left} still open; closed with {dict(closed)}")

    def part(self, part):
        before, begin = len(self.problems), time.monotonic()
        try:
            part()
        except (Wrong, Lost, KeyError, IndexError, TypeError, AttributeError, OSError) as wrong:
            self.problems.append(f"{part.__name__}: {wrong!r}")
        print(f"{part.__name__}: {len(self.problems) - before} wrong, "
              f"{time.monotonic() - begin:.1f} s", flush=True)

    def play(self):
        self.prepare()
        for part in (self.order, self.resuming, self.live, self.filter, self.refused, self.heartbeat,
                     self.slow_reader, self.far_behind, self.crowds):
            self.part(part)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--heartbeat-seconds", type=float, default=32)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.connections} connections", flush=True)
    raise_file_limit()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", str(options.seed), "--settlement-delay", "50")
        server = None
        try:
            # A machine that is busy with readers shall not take its bank for unavailable.
            desk = Desk(folder, bank, FXBATCH_STATUS_POLL_MS="100", FXBATCH_BANK_TIMEOUT_MS="20000",
                        FXBATCH_LEASE_SECONDS="60", FXBATCH_API_MAX_RPS="10000")
            server = Server(desk)
            script = Script(server, options)
            script.play()
            verified = desk.run("verify", allowed=None)
            script.check(verified.returncode == 0, f"verify: {verified.stdout}{verified.stderr}")
        finally:
            if server:
                server.kill()
            bank.stop()
    sys.exit(report(script.checks - len(script.problems), script.problems))


main()
