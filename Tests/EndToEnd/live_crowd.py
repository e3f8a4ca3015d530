"""Many readers of the live feed in one process: each connection keeps what it was sent in the order it
came, and how late it was."""

import asyncio
import base64
import datetime
import json
import os
import re
import time

SEQ = re.compile(rb'"seq":(\d+)')
AT = re.compile(rb'"at":"([^"]+)"')
# What has no number of its own in the log.
BETWEEN = (b'"batch.progress"', b'"snapshot"', b'"heartbeat"', b'"notification"')


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Reader(asyncio.Protocol):
    """One WebSocket or one stream of server-sent events, read with no more work than is needed to tell
    order and delay: the frames of servers are not masked, and each holds a whole message."""

    def __init__(self, api, path, clock):
        self.api, self.path, self.clock = api, path, clock
        self.buffer = bytearray()
        self.open, self.ended = asyncio.Event(), asyncio.Event()
        self.status, self.code, self.reason = None, None, b""
        self.seqs, self.delays, self.kinds = [], [], {}

    def connection_made(self, transport):
        self.transport = transport
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.api.server.port}",
                 f"Authorization: Bearer {self.api.token}"]
        if "websocket" in self.path:
            key = base64.b64encode(os.urandom(16)).decode()
            lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                      f"Sec-WebSocket-Key: {key}"]
        transport.write("\r\n".join(lines + ["", ""]).encode())

    def data_received(self, data):
        now = time.time()
        self.buffer += data
        if self.status is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.status = int(self.buffer[9:12])
            del self.buffer[:end + 4]
            self.open.set()
        if "websocket" in self.path:
            self.take_frames(now)
        else:
            self.take_lines(now)

    def take_frames(self, now):
        place, buffer = 0, self.buffer
        while len(buffer) - place >= 2:
            opcode, size, start = buffer[place] & 15, buffer[place + 1] & 127, place + 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                if len(buffer) < start + wide:
                    break
                size = int.from_bytes(buffer[start:start + wide], "big")
                start += wide
            if len(buffer) < start + size:
                break
            payload = bytes(buffer[start:start + size])
            if opcode == 1:
                self.take(payload, now)
            elif opcode == 8:
                self.code = int.from_bytes(payload[:2], "big") if payload else None
                self.reason = payload[2:]
            elif opcode == 9:
                # A mask of zeroes: the pong must be masked, but nothing here is worth hiding.
                self.transport.write(bytes([0x8A, 0x80 | size]) + b"\0\0\0\0" + payload)
            place = start + size
        del buffer[:place]

    def take_lines(self, now):
        """Lines of data, between the chunks' sizes, which no message looks like."""
        *lines, rest = bytes(self.buffer).split(b"\n")
        self.buffer = bytearray(rest)
        for line in lines:
            if line.startswith(b"data:"):
                self.take(line[5:], now)

    def take(self, message, now):
        if any(word in message for word in BETWEEN):
            kind = json.loads(message)["type"]
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            return
        self.seqs.append(int(SEQ.search(message)[1]))
        self.delays.append(1000 * (now - self.clock(AT.search(message)[1])))

    def connection_lost(self, reason):
        self.open.set()
        self.ended.set()


class Clock:
    """The seconds of a time as text; the log tells many events at the same millisecond."""

    def __init__(self):
        self.known = {}

    def __call__(self, text):
        if text not in self.known:
            moment = datetime.datetime.fromisoformat(text.decode().replace("Z", "+00:00"))
            self.known[text] = moment.timestamp()
        return self.known[text]


class Crowd:
    """So many readers at once, half of them by each way."""

    def __init__(self, api, after, clock=None):
        self.api, self.after, self.clock = api, after, clock or Clock()
        self.readers = []

    async def join(self, count):
        loop = asyncio.get_running_loop()
        for number in range(count):
            way = "websocket" if number % 2 == 0 else "events"
            _, reader = await loop.create_connection(
                lambda: Reader(self.api, f"/api/{way}?after={self.after}", self.clock),
                "127.0.0.1", self.api.server.port)
            self.readers.append(reader)
            # No more unanswered at once than a server's backlog holds.
            if number % 50 == 49:
                await self.opened()
        await self.opened()

    async def opened(self):
        async with asyncio.timeout(60):
            for reader in self.readers:
                await reader.open.wait()

    async def seen(self, last, seconds=60):
        """Until every reader has seen that event; answers how many have not by then."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            behind = [r for r in self.readers if not r.seqs or r.seqs[-1] < last]
            if not behind or all(r.ended.is_set() for r in behind):
                return len(behind)
            await asyncio.sleep(0.05)
        return len(behind)

    async def ended(self, seconds):
        """Until every reader is cut off; answers how many are not by then."""
        try:
            async with asyncio.timeout(seconds):
                for reader in self.readers:
                    await reader.ended.wait()
        except TimeoutError:
            pass
        return sum(not reader.ended.is_set() for reader in self.readers)

    def leave(self):
        for reader in self.readers:
            reader.transport.abort()

    def delays(self):
        return [delay for reader in self.readers for delay in reader.delays]

    def problems(self, last):
        """Readers whose events are not exactly those up to `last`, each once and in order."""
        wanted = list(range(self.after + 1, last + 1))
        problems = []
        for place, reader in enumerate(self.readers):
            if reader.status not in (101, 200):
                problems.append(f"reader {place} was answered with {reader.status}")
            elif (seen := [seq for seq in reader.seqs if seq <= last]) != wanted:
                problems.append(f"reader {place} by {reader.path} saw {len(seen)} of {len(wanted)} "
                                f"events, {seen[:2]} to {seen[-2:]}; {reader.kinds}")
        return problems
