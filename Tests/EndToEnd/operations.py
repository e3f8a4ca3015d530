#!/usr/bin/env python3
"""Runs a batch through `fxbatch serve` and holds what operators see against what happened: readiness,
metrics, the log for programs, and the traces in which the bank was called.

  Tests/EndToEnd/operations.py [--trades 12]
"""

import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from desk import Bank, Desk, expect, PROGRAM, Wrong

ADMIN_TOKEN = "an-invented-token-of-more-than-32-characters"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trades", type=int, default=12)
    options = parser.parse_args()
    problem = None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder)
        try:
            desk = Desk(folder, bank, FXBATCH_LISTEN="127.0.0.1:0", FXBATCH_LOG_LEVEL="trace",
                        FXBATCH_ADMIN_TOKEN=ADMIN_TOKEN)
            check(desk, options.trades)
        except Wrong as wrong:
            problem = wrong
            print("WRONG:", wrong)
        finally:
            bank.stop()
    print("0 passed, 1 failed" if problem else "1 passed, 0 failed")
    sys.exit(1 if problem else 0)


def get(url, path, **fields):
    request = urllib.request.Request(url + path, headers=fields)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait(until, words):
    deadline = time.monotonic() + 30
    while not until():
        expect(time.monotonic() < deadline, words)
        time.sleep(0.05)


def check(desk, count):
    desk.import_clients(count)
    ready, log = desk.folder / "url", desk.folder / "serve.log"
    # Into a file: a log that nobody reads must not hold the server up.
    with log.open("w") as lines:
        server = subprocess.Popen([PROGRAM, "serve", "--ready-file", str(ready)],
                                  env=desk.environment, stderr=lines)
    try:
        wait(ready.exists, "the server did not start")
        url = ready.read_text().strip()
        wait(lambda: get(url, "/health/ready")[0] == 200, "the server was never ready")
        expect(get(url, "/health/live")[0] == 200, "the server does not live")
        path = desk.write_trades([f"{10000 + n}.00" for n in range(count)], count)
        # Taken in and watched here, run by the server.
        desk.environment.pop("FXBATCH_LOG_LEVEL")
        desk.run("run", path, "--pricing", "bank", "--name", "morning")
        batch = desk.batch("morning")
        trades = desk.trades(batch)
        look_at_metrics(url, count)
        look_at_traces(desk.bank, trades)
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        get(url, "/api/me", traceparent=f"00-{trace}-00f067aa0ba902b7-01",
            Authorization=f"Bearer {ADMIN_TOKEN}")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
    words = log.read_text()
    expect(server.returncode == 0, f"the server ended with {server.returncode}")
    look_at_log(words, batch, trades, trace)


def look_at_metrics(url, count):
    status, text = get(url, "/metrics")
    expect(status == 200, f"the metrics answered {status}")
    line = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})? (\S+)$')
    values = {}
    for written in text.splitlines():
        if not written.startswith("#"):
            parts = line.match(written)
            expect(parts, f"not of the format: {written}")
            values[parts[1] + (parts[2] or "")] = float(parts[3])
    for series, least in {
        'fxbatch_trade_steps_total{status="booked"}': count,
        'fxbatch_trade_steps_total{status="completed"}': count,
        'fxbatch_batches_ended_total{status="success"}': 1,
        'fxbatch_bank_calls_total{call="book",outcome="success"}': count,
        'fxbatch_bank_call_seconds_count{call="book"}': count,
        'fxbatch_store_commit_rows_count': 1,
        'fxbatch_engine_running': 1,
        'process_resident_memory_bytes': 1,
    }.items():
        expect(values.get(series, 0) >= least, f"{series} is {values.get(series)}")
    limit = values["process_max_fds"]
    expect(limit >= values["process_open_fds"] > 0, f"open files: {limit}")
    status, _ = get(url, "/metrics", Via="1.1 proxy")
    expect(status == 401, f"a proxy was let in with {status}")


def look_at_traces(bank, trades):
    """All calls about one trade are one trace, whose id is the trade's."""
    kinds = {}
    for call in bank.get("traces"):
        version, trace, span, flags = call["traceparent"].split("-")
        kinds.setdefault(trace, set()).add(call["call"])
    for trade in trades:
        found = kinds.get(trade["id"].replace("-", ""), set())
        expect({"quote", "latest_quote", "book", "status"} <= found,
               f"row {trade['row']} has the calls {found} in its trace")


def look_at_log(words, batch, trades, caller_trace):
    expect(ADMIN_TOKEN not in words, "the admin's token stands in the log")
    lines = [json.loads(line) for line in words.splitlines()]
    for line in lines:
        expect({"timestamp", "level", "label", "message"} <= line.keys(), f"not whole: {line}")
    moved = [line for line in lines if line["message"] == "a trade has moved"]
    for trade in trades:
        about = [line for line in moved if line["trade_id"] == trade["id"]]
        statuses = [line["status"] for line in about]
        expect(statuses[:1] == ["quoting"] and statuses[-1:] == ["completed"],
               f"row {trade['row']} went {statuses}")
        expect({(line["batch_id"], line["trace_id"]) for line in about}
               == {(batch, trade["id"].replace("-", ""))}, f"row {trade['row']} is named otherwise")
    expect(any(line.get("trace_id") == caller_trace and line["message"] == "call"
               for line in lines), "the caller's trace is not in the log")
    messages = [line["message"] for line in lines]
    expect("the engine has ended" in messages, "no word of the engine's end")
    expect("the engine was stopped at once" not in messages, "a graceful end was told as another")


main()
