"""A WebSocket client that does exactly what it is told, right or wrong."""

import base64
import os
import socket
import ssl
import struct
import urllib.parse

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, mask=None, length=None, form=None):
    """One frame in bytes. `length` lies about the payload; `form` forces the length's size in bits."""
    if isinstance(payload, str):
        payload = payload.encode()
    size = len(payload) if length is None else length
    form = form or (7 if size <= 125 else 16 if size <= 0xFFFF else 64)
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if form == 7:
        head += bytes([bit | size])
    elif form == 16:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4) if mask is None else mask
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return head + mask + number.to_bytes(len(payload), "big")


def close(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


class Wire:
    """A socket with a buffer; its reads end after `patience` seconds."""

    def __init__(self, url, token=None, patience=5):
        self.url = urllib.parse.urlsplit(url)
        self.token = token
        secure = self.url.scheme == "wss"
        port = self.url.port or (443 if secure else 80)
        self.socket = socket.create_connection((self.url.hostname, port), timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            context = ssl.create_default_context()
            self.socket = context.wrap_socket(self.socket, server_hostname=self.url.hostname)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data, chop=None):
        """Sends everything; what the server no longer takes does not matter."""
        try:
            for start in range(0, len(data), chop or max(len(data), 1)):
                self.socket.sendall(data[start : start + chop] if chop else data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def fields(self, **changes):
        """The handshake's fields; a change to None leaves one out, a list repeats it."""
        fields = {
            "Host": self.url.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
        }
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        fields |= {name.replace("_", "-"): value for name, value in changes.items()}
        return fields

    def handshake(self, method="GET", version="HTTP/1.1", **changes):
        """Sends the handshake; answers the status and the answer's fields, in lower case."""
        fields = self.fields(**changes)
        target = (self.url.path or "/") + ("?" + self.url.query if self.url.query else "")
        lines = [f"{method} {target} {version}"]
        for name, value in fields.items():
            values = value if isinstance(value, list) else [] if value is None else [value]
            lines += [f"{name}: {each}" for each in values]
        self.send("\r\n".join(lines + ["", ""]).encode())
        self.key = fields["Sec-WebSocket-Key"]
        return self.head()

    def open(self):
        status, _ = self.handshake()
        if status != 101:
            raise AssertionError(f"the handshake was answered with {status}")
        return self

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise AssertionError(f"no answer but the end, after {self.buffer[:80]!r}")
            self.buffer += more
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        return int(first.split()[1]), {n.lower(): v.strip() for n, v in pairs}

    def take(self, count):
        """`count` bytes, or None at the end."""
        while len(self.buffer) < count:
            try:
                more = self.socket.recv(1 << 18)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self):
        """The next frame as (opcode, payload), or None at the end."""
        head = self.take(2)
        if head is None:
            return None
        if head[0] & 0x70 or not head[0] & 0x80 or head[1] & 0x80:
            raise AssertionError(f"a server's frame must not begin with {head.hex()}")
        size = head[1]
        if size == 126:
            (size,) = struct.unpack("!H", self.take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.take(8))
        return head[0] & 0x0F, self.take(size)

    def receive_until_end(self):
        """Every frame up to the connection's end, which must come."""
        frames = []
        while (frame := self.receive()) is not None:
            frames.append(frame)
        return frames
