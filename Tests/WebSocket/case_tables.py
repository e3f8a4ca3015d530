"""The cases by group: what is sent, and what must come back."""

from dataclasses import dataclass, field

from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame

# Of both servers that these cases are pointed at, the smaller bound.
MESSAGE_BYTES = 1 << 18


@dataclass
class Case:
    name: str
    sent: bytes
    # Messages and pongs that must come back, in order; the cases with any need an echo.
    echoes: list = field(default_factory=list)
    # The code of the close frame that must end it; None for a frame without code.
    code: int | None = 1000
    # Sends so many bytes at a time.
    chop: int | None = None
    # Says goodbye after the echoes have come; otherwise what was sent ends the connection.
    parting: bool = True

    @property
    def needs_echo(self):
        return any(opcode in (TEXT, BINARY) for opcode, _ in self.echoes)


def violation(name, sent, code=1002, **rest):
    return Case(name, sent, code=code, parting=False, **rest)


def sizes():
    for opcode, kind, unit in ((TEXT, "text", b"*"), (BINARY, "binary", b"\xfe")):
        for size in (0, 1, 125, 126, 127, 128, 1000, 65535, 65536, 65537, MESSAGE_BYTES):
            payload = unit * size
            yield Case(f"{kind} of {size} bytes", frame(opcode, payload), [(opcode, payload)])
        for chop in (1, 7, 997):
            payload = unit * 2000
            yield Case(
                f"{kind} in pieces of {chop} bytes", frame(opcode, payload), [(opcode, payload)],
                chop=chop)
        yield Case(f"{kind} with a zero mask", frame(opcode, b"abc", mask=b"\0" * 4), [(opcode, b"abc")])
        yield Case(
            f"{kind}: 100 messages at once", frame(opcode, b"x") * 100, [(opcode, b"x")] * 100)


def pings():
    for name, payload in (
        ("empty", b""), ("text", b"Hello"), ("bytes", b"\x00\xff\xfe\xfd"), ("125 bytes", b"\xfe" * 125)
    ):
        yield Case(f"ping, {name}", frame(PING, payload), [(PONG, payload)])
        yield Case(f"ping, {name}, byte by byte", frame(PING, payload), [(PONG, payload)], chop=1)
    yield Case("ten pings", b"".join(frame(PING, str(n)) for n in range(10)),
               [(PONG, str(n).encode()) for n in range(10)])
    yield Case("pong that nobody asked for", frame(PONG), [])
    yield Case("pong with a payload", frame(PONG, b"unasked"), [])
    yield Case("pong, then ping", frame(PONG, b"a") + frame(PING, b"b"), [(PONG, b"b")])
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        yield violation(f"{name} of 126 bytes", frame(opcode, b"\xfe" * 126))
        yield violation(f"{name} with a 64-bit length", frame(opcode, b"x", form=64))
        yield violation(f"{name} in fragments", frame(opcode, b"x", fin=False))


def reserved():
    for rsv in range(1, 8):
        for opcode, name in ((TEXT, "text"), (PING, "ping"), (CLOSE, "close")):
            yield violation(f"RSV {rsv} in {name}", frame(opcode, b"", rsv=rsv))
    yield violation("RSV 4 in a continuation", frame(TEXT, b"a", fin=False) + frame(0, b"b", rsv=4))
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield violation(f"opcode {opcode}", frame(opcode))
        yield violation(f"opcode {opcode} with a payload", frame(opcode, b"reserved"))
        yield violation(f"opcode {opcode} between fragments",
                        frame(TEXT, b"a", fin=False) + frame(opcode) + frame(CONTINUATION, b"b"))
    yield violation("opcode 3 after a ping", frame(PING, b"p") + frame(3), echoes=[(PONG, b"p")])
    for opcode, name in ((TEXT, "text"), (BINARY, "binary"), (PING, "ping"), (CLOSE, "close")):
        yield violation(f"{name} without a mask", frame(opcode, b"", masked=False))
        yield violation(f"{name} of 5 bytes without a mask", frame(opcode, b"12345", masked=False))
    for form in (16, 64):
        yield violation(f"a length of 5 in {form} bits", frame(TEXT, b"12345", form=form))
    yield violation("a length of 65535 in 64 bits", frame(TEXT, b"x" * 65535, form=64))
    yield violation("a negative length", frame(TEXT, b"", length=1 << 63, form=64))


def fragments():
    start, middle = lambda data: frame(TEXT, data, fin=False), lambda data: frame(0, data, fin=False)
    end = lambda data: frame(CONTINUATION, data)
    both = [(TEXT, b"ab")]
    yield Case("two fragments", start(b"a") + end(b"b"), both)
    yield Case("two fragments, byte by byte", start(b"a") + end(b"b"), both, chop=1)
    yield Case("two fragments of bytes", frame(BINARY, b"\xff", fin=False) + end(b"\xfe"),
               [(BINARY, b"\xff\xfe")])
    yield Case("empty fragments", start(b"") + middle(b"") + end(b""), [(TEXT, b"")])
    yield Case("empty but one", start(b"") + middle(b"ab") + end(b""), both)
    yield Case("a thousand fragments", start(b"") + middle(b"x") * 998 + end(b""), [(TEXT, b"x" * 998)])
    yield Case("a ping in between", start(b"a") + frame(PING, b"p") + end(b"b"),
               [(PONG, b"p"), (TEXT, b"ab")])
    yield Case("pings in between, byte by byte",
               start(b"a") + frame(PING, b"p") + middle(b"") + frame(PING, b"q") + end(b"b"),
               [(PONG, b"p"), (PONG, b"q"), (TEXT, b"ab")], chop=1)
    yield Case("a pong in between", start(b"a") + frame(PONG, b"p") + end(b"b"), both)
    yield Case("two messages in fragments", (start(b"a") + end(b"b")) * 2, both * 2)
    yield Case("a close in between", start(b"a") + close(1000), [], parting=False)
    for name, data in (("final", end(b"x")), ("unfinished", middle(b"x"))):
        yield violation(f"{name} continuation of nothing", data)
        yield violation(f"{name} continuation after a message",
                        frame(TEXT, b"m") + data)
        yield violation(f"{name} continuation after fragments", start(b"a") + end(b"b") + data)
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):
        for fin in (True, False):
            yield violation(f"{name} within a message, final: {fin}",
                            start(b"a") + frame(opcode, b"b", fin=fin))
    yield violation("a ping in fragments", frame(PING, b"a", fin=False) + end(b"b"))


GOOD_TEXT = {
    "Greek": "κόσμε", "Japanese": "日本語", "accents": "Hello-µ@ßöäüàá", "emoji": "😀🏦",
    "NUL": "\0", "first of 2 bytes": "\x80", "last of 2 bytes": "\u07ff",
    "first of 3 bytes": "\u0800", "last of 3 bytes": "\uffff", "first of 4 bytes": "\U00010000",
    "last of all": "\U0010ffff", "before surrogates": "\ud7ff", "after surrogates": "\ue000",
    "noncharacters": "\ufdd0\ufffe", "byte order mark": "\ufeffx", "replacement": "\ufffd",
}

BAD_TEXT = {
    "a lone continuation": "80", "the last continuation": "bf", "two continuations": "80bf",
    "start of 2 bytes": "c2", "start of 2 bytes, blank": "c220", "start of 3 bytes": "e0a0",
    "start of 3 bytes, blank": "e020", "start of 4 bytes": "f0908d", "start of 4, blank": "f09020",
    "overlong slash in 2": "c0af", "overlong slash in 3": "e080af", "overlong slash in 4": "f08080af",
    "overlong NUL": "c080", "overlong in 2, greatest": "c1bf", "overlong in 3, greatest": "e09fbf",
    "overlong in 4, greatest": "f08fbfbf", "5 bytes": "f888808080", "6 bytes": "fc8480808080",
    "FE": "fe", "FF": "ff", "FE FF": "feff", "surrogate D800": "eda080", "surrogate DB7F": "edadbf",
    "surrogate DFFF": "edbfbf", "surrogate pair": "eda080edb080", "beyond U+10FFFF": "f4908080",
    "F5": "f5808080", "F7": "f7bfbfbf", "text, then Latin-1": "48656c6c6fe9",
    "Greek, then a surrogate, then text": "cebae1bdb9cf83cebcceb5eda080656469746564",
}


def utf8():
    for name, text in GOOD_TEXT.items():
        data = text.encode()
        yield Case(f"good text: {name}", frame(TEXT, data), [(TEXT, data)])
        parts = [frame(TEXT, b"", fin=False)]
        parts += [frame(0, data[i : i + 1], fin=False) for i in range(len(data))]
        yield Case(f"good text, a fragment a byte: {name}", b"".join(parts) + frame(0), [(TEXT, data)])
    for name, digits in BAD_TEXT.items():
        data = bytes.fromhex(digits)
        yield violation(f"bad text: {name}", frame(TEXT, data), 1007)
        parts = [frame(TEXT, b"", fin=False)]
        parts += [frame(0, data[i : i + 1], fin=False) for i in range(len(data))]
        yield violation(f"bad text, a fragment a byte: {name}", b"".join(parts) + frame(0), 1007)
        yield violation(f"bad reason: {name}", close(1000, data), 1007)
        yield Case(f"the same as bytes: {name}", frame(BINARY, data), [(BINARY, data)])
    # These must not wait for an end that never comes.
    yield violation("bad text in an open fragment", frame(TEXT, b"ok\xff", fin=False), 1007)
    yield violation("bad text in an open frame", frame(TEXT, b"ok\xff", length=100), 1007)


def goodbyes():
    yield Case("goodbye without code", close(), code=None, parting=False)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        yield Case(f"goodbye with {code}", close(code), code=code, parting=False)
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield violation(f"goodbye with {code}", close(code))
        yield violation(f"goodbye with {code} and a reason", close(code, b"because"))
    for size in (0, 1, 122, 123):
        yield Case(f"a reason of {size} bytes", close(1000, b"*" * size), parting=False)
    yield violation("a reason of 124 bytes", close(1000, b"*" * 124))
    yield violation("half a code", frame(CLOSE, b"\x03"))
    yield Case("two goodbyes", close(1000) + close(1001), parting=False)
    yield Case("a ping after goodbye", close(1000) + frame(PING, b"p"), parting=False)
    yield Case("text after goodbye", close(1000) + frame(TEXT, b"late"), parting=False)
    yield Case("nonsense after goodbye", close(1000) + b"\xff" * 1000, parting=False)
    yield Case("goodbye byte by byte", close(1000, b"slowly"), parting=False, chop=1)


def bounds():
    big = MESSAGE_BYTES + 1
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):
        yield violation(f"{name} too big", frame(opcode, b"x" * big), 1009)
        yield violation(f"{name} announced too big", frame(opcode, b"", length=big), 1009)
        yield violation(f"{name} announced absurdly big", frame(opcode, b"", length=1 << 62), 1009)
        half = b"x" * (big // 2)
        yield violation(f"{name} too big in fragments",
                        frame(opcode, half, fin=False) + frame(0, half, fin=False) + frame(0, b"xx"),
                        1009)
    yield violation("endless fragments",
                    frame(TEXT, b"", fin=False) + frame(0, b"x" * 4096, fin=False) * 80, 1009)


GROUPS = {
    "sizes": sizes, "pings": pings, "reserved": reserved, "fragments": fragments, "utf8": utf8,
    "goodbyes": goodbyes, "bounds": bounds,
}
