"""What malformed.py sends when HTTP itself is broken, as bytes. `HIDDEN` stands for a second request
within the first, which must never be served."""

HIDDEN = b"GET /api/me?hidden HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @TOKEN@\r\n\r\n"
HEAD = b"POST /api/batches HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @TOKEN@\r\n"
JSON = HEAD + b"Content-Type: application/json\r\n"


def get(*lines, first=b"GET /api/me HTTP/1.1", host=b"Host: h"):
    fixed = [first] + ([host] if host else []) + [b"Authorization: Bearer @TOKEN@"]
    return b"\r\n".join(fixed + list(lines)) + b"\r\n\r\n"


# Two readings of where a body ends: the second reading would find HIDDEN.
SMUGGLING = [
    ("Content-Length and chunked", JSON + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"0\r\n\r\n" + HIDDEN),
    ("chunked and Content-Length", JSON + b"Transfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n"
     b"0\r\n\r\n" + HIDDEN),
    ("two lengths", JSON + b"Content-Length: 2\r\nContent-Length: 400\r\n\r\n{}" + HIDDEN),
    ("two lengths in one", JSON + b"Content-Length: 2, 400\r\n\r\n{}" + HIDDEN),
    ("a length with a plus", JSON + b"Content-Length: +2\r\n\r\n{}" + HIDDEN),
    ("a length below zero", JSON + b"Content-Length: -2\r\n\r\n{}" + HIDDEN),
    ("a length in hex", JSON + b"Content-Length: 0x2\r\n\r\n{}" + HIDDEN),
    ("a length beyond 64 bits", JSON + b"Content-Length: 18446744073709551618\r\n\r\n{}" + HIDDEN),
    ("a length with a blank inside", JSON + b"Content-Length: 2 2\r\n\r\n{}" + HIDDEN),
    ("an empty length", JSON + b"Content-Length:\r\n\r\n" + HIDDEN),
    ("an unknown coding", JSON + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    ("chunked, then identity", JSON + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN),
    ("identity", JSON + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN),
    ("chunked twice", JSON + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
     b"0\r\n\r\n" + HIDDEN),
    ("a vertical tab before chunked",
     JSON + b"Transfer-Encoding: \x0bchunked\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN),
    ("a blank before the colon",
     JSON + b"Content-Length: 2\r\nTransfer-Encoding : chunked\r\n\r\n{}" + HIDDEN),
    ("a folded line", JSON + b"Content-Length: 2\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n{}" + HIDDEN),
    ("chunked in HTTP/1.0", JSON.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n"
     b"0\r\n\r\n" + HIDDEN),
    ("a chunk of a negative size", JSON + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + HIDDEN),
    ("a chunk of 2^68", JSON + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n" + HIDDEN),
    ("a chunk's size with 0x", JSON + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + HIDDEN),
    ("a chunk without its end", JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n" + HIDDEN),
    ("a chunk longer than told", JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n" + HIDDEN),
    ("a chunk's size that is no number", JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + HIDDEN),
]

# Broken or refused before any call is reached.
BROKEN = [
    ("noise", bytes(range(256)) * 8),
    ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"A" * 500),
    ("a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"),
    ("HTTP/0.9", b"GET /\r\n\r\n"),
    ("HTTP/3.0", get(first=b"GET /api/me HTTP/3.0")),
    ("a version that is none", get(first=b"GET /api/me HTTP/x.y")),
    ("no version", get(first=b"GET /api/me")),
    ("three blanks", get(first=b"GET  /api/me  HTTP/1.1")),
    ("a blank in the path", get(first=b"GET /api/me x HTTP/1.1")),
    ("a raw NUL in the path", get(first=b"GET /api/m\0e HTTP/1.1")),
    ("a raw NUL in the query", get(first=b"GET /api/me?q=\0 HTTP/1.1")),
    ("a control character in the path", get(first=b"GET /api/m\x01e HTTP/1.1")),
    ("no host", get(host=None)),
    ("two hosts", get(b"Host: other")),
    ("a NUL in a field", get(b"X: a\0b")),
    ("a control character in a field", get(b"X: a\x01b")),
    ("a carriage return in a field", get(b"X: a\rb")),
    ("a line that is no field", get(b"nonsense")),
    ("a field without a name", get(b": x")),
    ("a blank in a field's name", get(b"X Y: z")),
    ("a path of 100,000 letters", get(first=b"GET /api/" + b"a" * 100_000 + b" HTTP/1.1")),
    ("a field of a million letters", get(b"X: " + b"a" * 1_000_000)),
    ("20,000 fields", get(*[b"X-%d: y" % n for n in range(20_000)])),
    ("a name of 100,000 letters", get(b"X" * 100_000 + b": y")),
]

# Right HTTP that asks for what is not there: answered, and never switched over.
UPGRADES = [
    ("h2c", get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")),
    ("TLS", get(b"Connection: Upgrade", b"Upgrade: TLS/1.0")),
    ("WebSocket elsewhere", get(b"Connection: Upgrade", b"Upgrade: websocket",
     b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==")),
    ("nothing", get(b"Connection: Upgrade")),
]
FEED = b"GET /api/websocket HTTP/1.1"
HANDSHAKES = [
    ("version 8", get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 8",
     b"Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==", first=FEED)),
    ("no key", get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", first=FEED)),
    ("a short key", get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
     b"Sec-WebSocket-Key: eHg=", first=FEED)),
    ("no upgrade", get(first=FEED)),
    ("h2c", get(b"Connection: Upgrade", b"Upgrade: h2c", first=FEED)),
    ("POST", get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
     b"Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==", first=FEED.replace(b"GET", b"POST"))),
]
