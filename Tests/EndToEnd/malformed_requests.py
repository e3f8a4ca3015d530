"""The wrong requests of malformed.py, as tables."""

import json

NONE = "00000000-0000-7000-8000-000000000000"
ROW = {"cif_number": "CIF1000", "deal_amount": "1000.00", "deal_currency": "ZAR"}
GOOD = {"name": "good", "pricing": "bank", "trades": [ROW]}
HEADER = "Client CIF,Amount ZAR\n"


def batch(**changes):
    """The right batch with some fields changed, as JSON."""
    return json.dumps(GOOD | changes)


def row(**changes):
    """The right batch with some fields of its trade changed, as JSON."""
    return json.dumps(GOOD | {"trades": [ROW | changes]})


def raw(name, text):
    """The right batch, with this text for the value of one field."""
    return batch(**{name: "@"}).replace('"@"', text)


def raw_row(name, text):
    return row(**{name: "@"}).replace('"@"', text)


# Bodies that are no batch: what they are, the body, and the statuses that may answer them.
UNREADABLE, REFUSED = {400, 422}, {422}
BATCHES = [
    ("no body", b"", UNREADABLE),
    ("a blank", b" ", UNREADABLE),
    ("half of one", batch()[:40], UNREADABLE),
    ("without its last byte", batch()[:-1], UNREADABLE),
    ("with a byte more", batch() + "}", UNREADABLE),
    ("two of them", batch() + batch(), UNREADABLE),
    ("an array", "[]", UNREADABLE), ("a string", '"batch"', UNREADABLE),
    ("a number", "1", UNREADABLE), ("null", "null", UNREADABLE), ("true", "true", UNREADABLE),
    ("an empty object", "{}", REFUSED),
    ("single quotes", batch().replace('"', "'"), UNREADABLE),
    ("a comment", "/* */" + batch(), UNREADABLE),
    ("a comma at the end", batch()[:-1] + ",}", UNREADABLE),
    ("a literal NaN", raw("priority", "NaN"), UNREADABLE),
    ("a literal Infinity", raw("priority", "Infinity"), UNREADABLE),
    ("a number with a leading zero", raw("priority", "05"), UNREADABLE),
    ("a number with a plus", raw("priority", "+5"), UNREADABLE),
    ("a number in hex", raw("priority", "0x5"), UNREADABLE),
    ("a raw line end in a string", batch(name="a@b").replace("@", "\n"), UNREADABLE),
    ("a raw NUL in a string", batch(name="a@b").replace("@", "\0"), UNREADABLE),
    ("a wrong escape", batch(name="a@b").replace("@", "\\x41"), UNREADABLE),
    ("half a surrogate", batch(name="a@b").replace("@", "\\ud800"), UNREADABLE),
    ("an escaped NUL", batch(name="a@b").replace("@", "\\u0000"), UNREADABLE),
    ("Latin-1", batch(name="a@b").encode().replace(b"@", b"\xe9"), UNREADABLE),
    ("half a UTF-8 letter", batch(name="a@b").encode().replace(b"@", b"\xe2\x82"), UNREADABLE),
    ("an overlong slash", batch(name="a@b").encode().replace(b"@", b"\xc0\xaf"), UNREADABLE),
    ("a surrogate in UTF-8", batch(name="a@b").encode().replace(b"@", b"\xed\xa0\x80"), UNREADABLE),
    ("beyond Unicode", batch(name="a@b").encode().replace(b"@", b"\xf4\x90\x80\x80"), UNREADABLE),
    ("UTF-16", batch().encode("utf-16"), UNREADABLE),
    ("UTF-32", batch().encode("utf-32"), UNREADABLE),
    ("100,000 arrays deep", "[" * 100_000, UNREADABLE),
    ("100,000 arrays deep, closed", "[" * 100_000 + "]" * 100_000, UNREADABLE),
    ("50,000 objects deep", '{"a":' * 50_000 + "1" + "}" * 50_000, UNREADABLE),
    ("deep in a field", raw("policy", "[" * 5_000 + "]" * 5_000), UNREADABLE),
    ("a number of a million digits", raw("priority", "9" * 1_000_000), UNREADABLE),
    ("an amount of a million digits", row(deal_amount="9" * 1_000_000), REFUSED),
    ("a key twice", batch()[:-1] + ',"name":"other"}', UNREADABLE),
    ("a key twice, once escaped", batch()[:-1] + ',"n\\u0061me":"other"}', UNREADABLE),
    ("a key twice in a row",
     batch().replace('"deal_currency"', '"deal_amount": "2.00", "deal_currency"'), UNREADABLE),
    ("an unknown field", batch(colour="red"), REFUSED),
    ("an unknown field in a row", row(colour="red"), REFUSED),
    ("an unknown field in the policy", batch(policy={"colour": "red"}), REFUSED),
    ("a field in other letters", batch(Name="x"), REFUSED),
    ("__proto__", batch(__proto__={"a": 1}), REFUSED),
    ("no trades", batch(trades=[]), REFUSED), ("trades that are null", batch(trades=None), REFUSED),
    ("trades in an object", batch(trades={"0": ROW}), REFUSED),
    ("a trade that is null", batch(trades=[None]), REFUSED),
    ("a trade that is a list", batch(trades=[[ROW]]), REFUSED),
    ("a name that is a number", batch(name=5), REFUSED), ("no name", batch(name=""), REFUSED),
    ("a name of 100,000 letters", batch(name="n" * 100_000), REFUSED),
    ("an unknown pricing", batch(pricing="guess"), REFUSED),
    ("a pricing that is a list", batch(pricing=["bank"]), REFUSED),
    ("start as text", batch(start="true"), REFUSED), ("start as a number", batch(start=1), REFUSED),
    ("a priority as text", batch(priority="5"), REFUSED),
    ("half a priority", raw("priority", "5.5"), REFUSED),
    ("a priority of 1e400", raw("priority", "1e400"), UNREADABLE),
    ("no trades at once", batch(max_concurrent_trades=0), REFUSED),
    ("minus one at once", batch(max_concurrent_trades=-1), REFUSED),
    ("1e400 at once", raw("max_concurrent_trades", "1e400"), UNREADABLE),
    ("10^30 at once", batch(max_concurrent_trades=10**30), UNREADABLE),
    ("a policy that is a list", batch(policy=[]), REFUSED),
    ("no attempts", batch(policy={"max_attempts": 0}), REFUSED),
    ("minus one failure tolerated", batch(policy={"tolerated_failures": -1}), REFUSED),
    ("101 % tolerated", batch(policy={"tolerated_failure_percent": 101}), REFUSED),
    ("an unknown way on failure", batch(policy={"on_failure": "explode"}), REFUSED),
    ("a margin of NaN", batch(policy={"min_margin_pips": "NaN"}), REFUSED),
    ("a fixed rate of 0", row(fixed_rate="0"), REFUSED),
    ("a fixed rate below 0", row(fixed_rate="-17.5"), REFUSED),
    ("a spread of NaN", row(spread="NaN"), REFUSED),
    ("a spread of 1e400", row(spread="1e400"), REFUSED),
    ("a spread of 10^30", row(spread="1" + "0" * 30), REFUSED),
    ("an unknown side", row(side="hold"), REFUSED),
    ("an unknown pair", row(pair="USD/ZZZ"), REFUSED), ("half a pair", row(pair="USD"), REFUSED),
    ("an unknown delivery", row(delivery="never"), REFUSED),
    ("an unknown allowance", row(allowance="ABC"), REFUSED),
    ("a currency outside the pair", row(deal_currency="EUR"), REFUSED),
    ("an unknown client", row(cif_number="NOBODY"), REFUSED),
    ("a client as a number", row(cif_number=1000), REFUSED),
    ("a reference of 100,000 letters", row(external_ref="r" * 100_000), REFUSED),
    ("a NUL in a reference", row(external_ref="a\0b"), UNREADABLE),
    ("a callback to nowhere", batch(callbacks=[{"on": ["success"], "url": "nowhere"}]), REFUSED),
    ("a callback to a file",
     batch(callbacks=[{"on": ["success"], "url": "file:///etc/passwd"}]), REFUSED),
]
BATCHES += [(f"an amount of {amount!r}", row(deal_amount=amount), REFUSED) for amount in (
    "NaN", "Infinity", "-Infinity", "1e400", "1e5", "-1.00", "0", "0.00", "-0", "", " ", " 1.00",
    "1.00 ", "1,000.00", "1.001", "1.", ".5", "0x10", "١٢", "１２", "1_000", "+5.00", "1\0", "99" * 20,
    None, True, [], {})]
BATCHES += [(f"an amount as the number {text}", raw_row("deal_amount", text), UNREADABLE)
            for text in ("1e400", "-5", "1e-400", "0", "NaN")]

# Trades as CSV.
FILES = [
    ("nothing", b"", UNREADABLE), ("only the header", HEADER, REFUSED),
    ("an open quote", HEADER + '"CIF1000,5.00\n', UNREADABLE),
    ("text behind a quote", HEADER + '"CIF1000"x,5.00\n', UNREADABLE),
    ("a cell too many", HEADER + "CIF1000,5.00,7\n", UNREADABLE),
    ("a cell too few", HEADER + "CIF1000\n", UNREADABLE),
    ("a column twice", "Client CIF,Amount ZAR,Amount ZAR\nCIF1000,5.00,5.00\n", UNREADABLE),
    ("no client column", "Amount ZAR\n5.00\n", UNREADABLE),
    ("a NUL", HEADER + "CIF1000,5.0\0\n", UNREADABLE),
    ("Latin-1", HEADER.encode() + b"CIF\xe9,5.00\n", UNREADABLE),
    ("UTF-16", (HEADER + "CIF1000,5.00\n").encode("utf-16"), UNREADABLE),
    ("a cell of a million letters", HEADER + "C" * 1_000_000 + ",5.00\n", UNREADABLE),
    ("100,000 columns", "," .join(f"c{n}" for n in range(100_000)) + "\n", UNREADABLE),
    ("an amount of 1e400", HEADER + "CIF1000,1e400\n", REFUSED),
    ("an amount of NaN", HEADER + "CIF1000,NaN\n", REFUSED),
    ("an amount below 0", HEADER + "CIF1000,-5.00\n", REFUSED),
]

# Other calls with wrong bodies. `{batch}` is a batch, `{trade}` one of its trades.
BODIES = [
    ("PUT", "/api/otc-rates/USD-ZAR", [{"rate": rate} for rate in (
        "NaN", "-1", "0", "", "1e400", "1e5", None, True, [], {}, "17,5", " 17.5", "9" * 60)]
     + [{}, {"rate": "17.5", "extra": 1}, [], b'{"rate":1e400}', b'{"rate":NaN}',
        b'{"rate":"17.5","rate":"18.5"}', {"rate": "17.5", "confirm": "yes"}]),
    ("PUT", "/api/otc-rates/XXXYYY", [{"rate": "1.5"}]),
    ("PUT", "/api/otc-rates/USD-USD", [{"rate": "1.5"}]),
    ("PUT", "/api/kill-switch", [{}, {"engaged": "yes", "reason": "x"}, {"engaged": 1, "reason": "x"},
                                 {"engaged": None}, [], {"engaged": True, "reason": 5},
                                 {"engaged": True, "reason": "x" * 100_000}]),
    ("POST", "/api/batches/priority", [
        {}, {"batch_id": 5, "priority": 1}, {"batch_id": "{batch}"}, {"batch_id": None, "priority": 1},
        {"batch_id": "{batch}", "priority": "5"}, {"batch_id": "{batch}", "priority": 1.5},
        {"batch_id": "{batch}", "priority": 5, "queue_position": -1},
        {"batch_id": "{batch}", "priority": 5, "queue_position": "first"},
        {"batch_id": "x", "priority": 5}, {"batch_id": NONE, "priority": 5},
        b'{"batch_id":"{batch}","priority":1e400}', b'{"batch_id":"{batch}","priority":NaN}']),
    ("POST", "/api/batches/{batch}/retry", [
        {}, {"all": False}, {"all": "true"}, {"trade_ids": []}, {"codes": []}, {"trade_ids": "all"},
        {"trade_ids": ["x"]}, {"trade_ids": [NONE]}, {"codes": ["nonsense"]}, {"codes": [5]},
        {"all": True, "trade_ids": ["x"]}, {"trade_ids": [None]}, []]),
    ("POST", "/api/batches/{batch}/accept", [{}, {"note": 5}, {"note": ""}, {"note": "x" * 100_000}, []]),
    ("POST", "/api/batches/{batch}/approve", [{}, {"content_hash": 5}]),
    ("PATCH", "/api/batches/{batch}", [
        {"status": "success"}, {"name": ""}, {"name": None}, {"priority": "high"}, {"policy": 5},
        {"max_concurrent_trades": 0}, {"id": NONE}, [], b'{"max_concurrent_trades":1e400}', b"{"]),
    ("POST", "/api/trades/{trade}/resolve", [
        {}, {"outcome": "maybe"}, {"outcome": "booked"}, {"outcome": "booked", "deal_reference": ""}]),
    ("POST", "/api/clients", [{}, {"cif_number": ""}, {"cif_number": 5, "name": "x", "spread": "1"},
                              {"name": "x", "cif_number": "C" * 100_000, "spread": "1"},
                              {"name": "x", "cif_number": "CIF7", "spread": "NaN"}, []]),
    ("POST", "/api/session", [{}, {"token": 5}, {"token": None}, {"token": ""}, [],
                              {"token": "x" * 100_000}, b'{"token":"a","token":"b"}']),
    ("POST", "/api/tokens", [
        {}, {"name": "x", "person": "x", "role": "god"}, {"name": "", "person": "x", "role": "viewer"},
        {"name": "x" * 100_000, "person": "x", "role": "viewer"}, {"name": "x", "role": "viewer"},
        {"name": "x", "person": "", "role": "viewer"}, {"name": "x", "person": "x", "role": ["admin"]},
        {"name": "x", "person": "x\u0000y", "role": "viewer"}]),
]

# Queries, by the list; each is refused.
COMMON = ["limit=0", "limit=501", "limit=-1", "limit=ten", "limit=1e400", "limit=" + "9" * 30,
          "cursor=x", "cursor=%00", "cursor=" + "A" * 8000, "cursor=%FF%FE", "cursor=../../etc"]
QUERIES = [
    ("/api/batches", COMMON + [
        "status=nonsense", "sort=colour", "sort=-name", "created_from=yesterday",
        "created_to=2026-13-01T00:00:00Z", "created_from=1e400", "needs_decision=perhaps",
        "q=%00", "q=%FF", "q=%C0%AF", "q=%zz", "q=%", "q=%E2%82"]),
    ("/api/batches/recent", ["limit=0", "limit=-5", "limit=x", "limit=1e400"]),
    ("/api/batches/{batch}/trades", COMMON + ["status=nonsense"]),
    ("/api/batches/{batch}/events", COMMON),
    ("/api/batches/{batch}/export", ["format=xml", "format=%00"]),
    ("/api/trades", COMMON + ["status=nonsense", "from=yesterday", "to=1e400", "batch_id=x", "q=%00"]),
    ("/api/clients", COMMON), ("/api/accounts", COMMON), ("/api/audit", COMMON),
    ("/api/events", ["after=-1", "after=x", "after=1e400", "after=" + "9" * 30, "batch_id=x"]),
    ("/api/websocket", ["after=-1", "after=x", "batch_id=x"]),
]

PATHS = ["/api/batches/%zz", "/api/batches/%", "/api/batches/%f", "/api/batches/%00", "/api/batches/%FF",
         "/api/batches/%C0%AF", "/api/batches/x", "/api/batches/" + NONE, "/api/batches/" + "a" * 5000,
         "/api/batches/..%2f..%2fetc%2fpasswd", "/api/batches/../../../etc/passwd", "/api/../api/nothing",
         "/api/clients/%00", "/api/clients/%FF", "/api/otc-rates/%00", "/api/otc-rates/%2F",
         "/api/otc-rates/A-B-C", "/api/otc-rates/" + "A" * 5000, "/api/trades/%00", "/api/trades/1e400",
         "/api//batches//x", "/api/batches/x/y/z", "/nothing", "/api", "/api/", "/%00", "/%zz",
         "/api/batches/" + NONE.replace("0", "%30") + "/nothing"]

KEYS = ["", " ", "k" * 5000, "\xe9", "a\tb", "a\x7f"]
TYPES = [None, "text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense",
         "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/jsonx",
         "text/csv; charset=latin1", "/", ";"]
MATCHES = ["nonsense", '"0"', '"999999"', 'W/"1"', '"', '"1', "\xe9", '"1" "2"', "9" * 5000, ""]
METHODS = ["BREW", "get", "TRACE", "CONNECT", "PROPFIND", "A" * 100, "PUT", "DELETE", "PRI"]
