#!/usr/bin/env python3
"""Tries a server's WebSocket with every right and wrong that RFC 6455 knows.

    protocol_cases.py                      against the echo server among the tests, built before
    protocol_cases.py --url ws://… [--token T]
                                           against any other; cases that need an echo are left out

Exits with 1 when a case fails.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import os
import pathlib
import struct
import subprocess
import sys
import urllib.parse

import websockets
import wsproto
from wsproto.events import (
    AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, Request, TextMessage)

from case_tables import GROUPS, MESSAGE_BYTES
from wire import CLOSE, TEXT, Wire, close, frame

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def run_case(case, url, token):
    with Wire(url, token) as wire:
        wire.open()
        wire.send(case.sent, case.chop)
        if case.parting:
            for wanted in case.echoes:
                check((got := wire.receive()) == wanted, f"wanted {short(wanted)}, got {short(got)}")
            wire.send(close(1000))
            rest = []
        else:
            rest = list(case.echoes)
        frames = wire.receive_until_end()
        check(frames and frames[-1][0] == CLOSE, f"no close frame in {short(frames)}")
        for wanted in rest:
            check(wanted in frames, f"{short(wanted)} is not in {short(frames)}")
        payload = frames[-1][1]
        code = struct.unpack("!H", payload[:2])[0] if payload else None
        check(code == case.code, f"closed with {code} {payload[2:]!r}, not with {case.code}")
        payload[2:].decode()


def short(value):
    text = repr(value)
    return text if len(text) < 120 else text[:117] + "..."


# The handshake: what differs from a right one, and the status that must answer it.
HANDSHAKES = {
    "a right one": ({}, 101),
    "Upgrade in capitals": ({"Upgrade": "WebSocket"}, 101),
    "Upgrade as a list": ({"Upgrade": "h2c, websocket"}, 101),
    "Connection as a list": ({"Connection": "keep-alive, Upgrade"}, 101),
    "Connection in capitals": ({"Connection": "UPGRADE"}, 101),
    "extensions are offered": ({"Sec_WebSocket_Extensions": "permessage-deflate"}, 101),
    "subprotocols are offered": ({"Sec_WebSocket_Protocol": "chat, superchat"}, 101),
    "version 8": ({"Sec_WebSocket_Version": "8"}, 426),
    "version 14": ({"Sec_WebSocket_Version": "14"}, 426),
    "no version": ({"Sec_WebSocket_Version": None}, 426),
    "two versions": ({"Sec_WebSocket_Version": ["13", "8"]}, 426),
    "no key": ({"Sec_WebSocket_Key": None}, 400),
    "an empty key": ({"Sec_WebSocket_Key": ""}, 400),
    "a key that is not Base64": ({"Sec_WebSocket_Key": "?" * 24}, 400),
    "a key of 15 bytes": ({"Sec_WebSocket_Key": base64.b64encode(b"x" * 15).decode()}, 400),
    "two keys": ({"Sec_WebSocket_Key": ["eHh4eHh4eHh4eHh4eHh4eA=="] * 2}, 400),
    "no host": ({"Host": None}, 400),
    "two hosts": ({"Host": ["a", "b"]}, 400),
}

# These are no handshakes, and are answered as if they had not asked.
ORDINARY = {
    "no Upgrade": {"Upgrade": None},
    "another Upgrade": {"Upgrade": "h2c"},
    "no Connection": {"Connection": None},
    "a Connection that names no upgrade": {"Connection": "keep-alive"},
    "HTTP/1.0": {"version": "HTTP/1.0"},
    "POST": {"method": "POST"},
    "a request with a body": {"Content_Length": "4"},
}


def run_handshake(changes, status, url, token):
    with Wire(url, token) as wire:
        got, fields = wire.handshake(**changes)
        check(got == status, f"answered with {got}, not with {status}")
        if status == 101:
            proof = wire.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(proof.encode()).digest()).decode()
            check(fields.get("sec-websocket-accept") == accept, "the key is not accepted rightly")
            check(fields.get("upgrade", "").lower() == "websocket", "Upgrade is missing")
            for name in ("sec-websocket-extensions", "sec-websocket-protocol"):
                check(name not in fields, f"{name} was agreed to")
        if status == 426:
            check(fields.get("sec-websocket-version") == "13", "the version is not named")


def run_ordinary(changes, url, token):
    with Wire(url, token) as wire:
        status, _ = wire.handshake(**changes)
        check(status != 101, "it was upgraded")


def run_early_frames(url, token):
    """Frames sent behind the handshake, without waiting for its answer."""
    with Wire(url, token) as wire:
        wire.buffer = b""
        lines = [f"{name}: {value}" for name, value in wire.fields().items()]
        head = "\r\n".join([f"GET {wire.url.path or '/'} HTTP/1.1", *lines, "", ""]).encode()
        wire.send(head + frame(9, b"early") + close(1000))
        check(wire.head()[0] == 101, "not upgraded")
        check(wire.receive_until_end() == [(10, b"early"), (8, struct.pack("!H", 1000))], "lost frames")


def run_later_request(url, token):
    """A handshake on a connection that has served a request before."""
    with Wire(url, token) as wire:
        wire.send(f"GET / HTTP/1.1\r\nHost: {wire.url.netloc}\r\n\r\n".encode())
        _, fields = wire.head()
        wire.take(int(fields.get("content-length", 0)))
        wire.open()
        wire.send(close(1000))
        check(wire.receive_until_end() == [(8, struct.pack("!H", 1000))], "not closed rightly")


async def with_websockets(url, _):
    """What a client of another make does: sizes, concurrency, pings, goodbyes."""
    async with websockets.connect(url, max_size=None, compression="deflate") as client:
        check(client.protocol.extensions == [], "an extension was agreed to")
        for size in (0, 1, 200, 70_000, MESSAGE_BYTES):
            for message in ("é" * (size // 2), os.urandom(size)):
                await client.send(message)
                check(await client.recv() == message, f"{size} bytes came back differently")
        await client.send(["in ", "three ", "pieces"])
        check(await client.recv() == "in three pieces", "fragments came back differently")
        await asyncio.wait_for(await client.ping(b"are you there"), 5)
        messages = [f"message {number}" for number in range(2_000)]

        async def send():
            for message in messages:
                await client.send(message)

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            received = [await client.recv() for _ in messages]
        check(received == messages, "messages were lost or changed places")
        await client.close(4000, "enough")
        check(client.close_code == 4000, f"closed with {client.close_code}")

    async def one(number):
        async with websockets.connect(url) as client:
            await client.send(str(number))
            check(await client.recv() == str(number), "another client's message")

    async with asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(one(number))


def with_wsproto(url, token):
    """The same conversation, read by another library's state machine."""
    with Wire(url, token) as wire:
        client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        wire.send(client.send(Request(host=wire.url.netloc, target=wire.url.path or "/")))
        heard = []

        def hear(until):
            while not any(isinstance(event, until) for event in heard):
                client.receive_data(wire.socket.recv(65536) or None)
                for event in client.events():
                    heard.append(event)
            return [heard.pop(0) for _ in range(len(heard))]

        hear(AcceptConnection)
        for event, answer in (
            (TextMessage(data="grüße"), TextMessage), (BytesMessage(data=b"\0\1\2"), BytesMessage),
            (Ping(payload=b"x"), Pong),
        ):
            wire.send(client.send(event))
            got = hear(answer)[-1]
            wanted = getattr(event, "data", None) or event.payload
            check((getattr(got, "data", None) or got.payload) == wanted, f"got {got}")
        wire.send(client.send(CloseConnection(code=1001)))
        check(hear(CloseConnection)[-1].code == 1001, "not closed rightly")


def cases(url, token, echo):
    """Every case as (name, function)."""
    for group, table in GROUPS.items():
        for case in table():
            if echo or not case.needs_echo:
                yield f"{group}: {case.name}", lambda case=case: run_case(case, url, token)
    for name, (changes, status) in HANDSHAKES.items():
        yield f"handshake: {name}", lambda c=changes, s=status: run_handshake(c, s, url, token)
    for name, changes in ORDINARY.items():
        yield f"no handshake: {name}", lambda c=changes: run_ordinary(c, url, token)
    yield "handshake: frames right behind it", lambda: run_early_frames(url, token)
    yield "handshake: not the first request", lambda: run_later_request(url, token)
    if echo:
        yield "websockets as the client", lambda: asyncio.run(with_websockets(url, token))
        yield "wsproto as the client", lambda: with_wsproto(url, token)


@contextlib.contextmanager
def echo_server():
    """Starts the echo server, and ends it while a client is there: it must be told 1001."""
    program = ROOT / ".build" / "debug" / "fxecho"
    process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        url = f"ws://127.0.0.1:{port}/"
        yield url
        with Wire(url) as wire:
            wire.open()
            process.terminate()
            opcode, payload = wire.receive()
            check((opcode, payload[:2]) == (CLOSE, struct.pack("!H", 1001)), "not told 1001")
            wire.send(close(1001))
            check(wire.receive() is None, "not closed after 1001")
        check(process.wait(10) == 0, f"the server ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--url", type=str)
    arguments.add_argument("--token", type=str)
    options = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        url = options.url or stack.enter_context(echo_server())
        failed = count = 0
        for name, function in cases(url, options.token, echo=options.url is None):
            count += 1
            try:
                function()
            except Exception as error:
                failed += 1
                print(f"FAILED {name}: {error!r}")
    print(f"{count - failed} of {count} WebSocket cases passed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
