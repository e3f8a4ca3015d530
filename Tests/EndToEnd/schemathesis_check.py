#!/usr/bin/env python3
"""Holds the server against its own document: Schemathesis makes requests of every kind from
/api/openapi.yaml, good and bad ones, as each role and without a token, and looks at every answer. The
desk has clients and batches in several states, at a bank that loses answers.

  Tests/EndToEnd/schemathesis_check.py                      a few minutes
  Tests/EndToEnd/schemathesis_check.py --max-examples 100 --minutes 10    searches longer
  Tests/EndToEnd/schemathesis_check.py --roles admin --seed 7             one role, a seed that failed
"""

import argparse
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import openapi_spec_validator
import yaml

from desk import PROGRAM, ROOT, Bank, Desk

DOCUMENT = ROOT / "Sources/FXServer/Docs/openapi.yaml"
ROLES = ("nobody", "viewer", "dealer", "approver", "admin")
# Some bookings are refused, some answers are lost, and the bank then answers no question about them:
# batches stay as they are, some of their trades in doubt.
TROUBLE = "book.refusal=200,book.lost_after=400,status.error_before=1000"
# Endless answers, of which no single response can be held against a schema: server-sent events and the
# WebSocket's upgrade.
STREAMS = ("followByEvents", "followByWebSocket")


class Server:
    """`fxbatch serve` on a free port, and calls to it as the admin."""

    def __init__(self, desk):
        ready = desk.folder / "served.txt"
        self.token = secrets.token_urlsafe(32)
        self.process = desk.start(
            "serve", "--ready-file", str(ready), FXBATCH_ADMIN_TOKEN=self.token,
            FXBATCH_LISTEN="127.0.0.1:0", FXBATCH_API_MAX_RPS="100000", FXBATCH_LOG_LEVEL="error")
        deadline = time.monotonic() + 30
        while not ready.exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.process.kill()
                raise SystemExit(f"the server did not start: {self.process.communicate()[1]}")
            time.sleep(0.05)
        self.address = ready.read_text().strip()

    def ask(self, method, path, body=None, type="application/json"):
        data = body.encode() if isinstance(body, str) else body and json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data, method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": type})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def batch(self, name, clients, **options):
        trades = [{"cif_number": f"CIF{1000 + client}", "deal_amount": f"{10000 + 10 * row}.00",
                   "external_ref": f"{name}-{row}"} for row, client in enumerate(clients)]
        return self.ask("POST", "/api/batches", dict(name=name, trades=trades, **options))["id"]

    def wait_for(self, batch, *statuses):
        deadline = time.monotonic() + 30
        while True:
            found = self.ask("GET", f"/api/batches/{batch}")
            if found["status"] in statuses or statuses == ("in_doubt",) and (
                    found["counts"]["in_doubt"] and not found["counts"]["pending"]):
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"{found['name']} never was {statuses}: {found['counts']} {found['errors']}")
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "no end"


def furnish(server, bank):
    """Clients, accounts, a rate, and batches in every state."""
    for kind, count in (("CIF", 8), ("SPARE", 30)):
        rows = ["Client,Client CIF,Fixed Spread,ZAR Account,USD Account"] + [
            f"Invented {kind} {number},{kind}{1000 + number},{300 + number},ZA{kind}{number},"
            f"US{kind}{number}" for number in range(count)]
        server.ask("POST", "/api/clients/import", "\n".join(rows) + "\n", "text/csv")
    for number in range(3):
        server.batch(f"staged {number}", [0, 1, 2])
    success = server.batch("success", [0, 1], pricing="bank", start=True)
    server.wait_for(success, "success")
    for name, refused in (("partial", [1]), ("failed", [0, 1])):
        for client in refused:
            bank_order(bank, "book", "refusal", f"CIF{1000 + client}")
        server.wait_for(
            server.batch(name, [0, 1], pricing="bank", start=True), "partial_success", "failed")
    cancelled = server.batch("cancelled", [3, 4])
    server.ask("POST", f"/api/batches/{cancelled}/cancel")
    bank.set_faults(TROUBLE)
    for client in range(4):
        bank_order(bank, "book", "lost_after", f"CIF{1000 + client}")
    stormy = server.batch("stormy", range(8), pricing="bank", start=True)
    server.wait_for(stormy, "in_doubt")
    paused = server.batch("paused", range(8), pricing="bank", start=True)
    server.ask("POST", f"/api/batches/{paused}/pause")
    # Last: from here on the bank's quotes may lie too far from it.
    server.ask("PUT", "/api/otc-rates/USD-ZAR", {"rate": "17.7930"})


def bank_order(bank, call, fault, cif):
    request = urllib.request.Request(
        f"{bank.address}/sandbox/next", json.dumps(
            {"call": call, "fault": fault, "cif": cif}).encode(),
        {"Content-Type": "application/json"}, method="POST")
    urllib.request.urlopen(request, timeout=10).read()


def settings(role, options):
    """Schemathesis's own settings: all checks. Every role makes requests of every operation; what the
    coverage of a schema asks for, hundreds of them, only the least role does that is let in. The
    admin, who is let in everywhere, makes the sequences of requests."""
    lines = ["[checks]", "enabled = true", "[generation]", 'database = "none"', "[phases.stateful]",
             f"enabled = {'true' if role == 'admin' else 'false'}", "[phases.stateful.generation]",
             f"max-examples = {10 * options.max_examples}"]
    if role != "nobody":
        lines += ["[auth.openapi.bearer]", 'bearer = "${FXBATCH_CHECKED_TOKEN}"']
    others = [operation["operationId"] for path in yaml.safe_load(DOCUMENT.read_text())["paths"].values()
              for operation in path.values() if isinstance(operation, dict)
              and operation.get("x-role", "nobody").split()[0] != role]
    lines += ["[[operations]]", f"include-operation-id = {json.dumps(others)}",
              "[operations.phases.coverage]", "enabled = false"]
    return "\n".join(lines) + "\n"


def check(server, role, folder, options, met):
    """Runs Schemathesis as one role; yields what is wrong, and notes in `met` what ever succeeded."""
    token, kept = "", []
    observer = server.ask(
        "POST", "/api/tokens", {"name": f"observes {role}", "person": "observer", "role": "admin"})
    if role != "nobody":
        made = server.ask(
            "POST", "/api/tokens", {"name": f"checks {role}", "person": f"{role}.one", "role": role})
        token, kept = made["token"], [made["issued"]["id"]]
    kept += [observer["issued"]["id"], server.ask("GET", "/api/me")["token_id"]]
    for number in range(10 if role == "admin" else 0):
        server.ask("POST", "/api/tokens", {"name": f"spare {number}", "person": "spare", "role": "viewer"})
    configuration, tally = folder / f"{role}.toml", folder / f"{role}.json"
    configuration.write_text(settings(role, options))
    command = [
        str(pathlib.Path(sys.executable).with_name("st")), "--config-file", str(configuration),
        "run", f"{server.address}/api/openapi.yaml", "--seed", str(options.seed),
        "--max-examples", str(options.max_examples), "--request-timeout", "20",
        "--continue-on-failure", "--no-color", "--no-shrink",
        # What it warns of is that much is answered with 4xx, which is what a low role is there for; that
        # everything succeeds for somebody is looked at below.
        "--warnings", "off"]
    if options.minutes:
        command += ["--max-time", str(60 * options.minutes)]
    for name in STREAMS:
        command += ["--exclude-operation-id", name]
    environment = dict(
        os.environ, PYTHONPATH=str(pathlib.Path(__file__).parent),
        SCHEMATHESIS_HOOKS="schemathesis_hooks", FXBATCH_CHECKED_ADDRESS=server.address,
        FXBATCH_CHECKED_OBSERVER=observer["token"], FXBATCH_CHECKED_TOKEN=token,
        FXBATCH_CHECKED_KEPT_TOKENS=",".join(kept), FXBATCH_CHECKED_TALLY=str(tally),
        FXBATCH_CHECKED_SEED=str(options.seed))
    begin = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    counts = json.loads(tally.read_text()) if tally.exists() else {}
    calls = sum(sum(by_status.values()) for by_status in counts.values())
    print(f"{role}: {calls} calls of {len(counts)} operations in {time.monotonic() - begin:.0f} s, "
          f"seed {options.seed}", flush=True)
    if done.returncode != 0:
        print(done.stdout)
        yield f"as {role}: Schemathesis ended with {done.returncode}"
    for name, by_status in counts.items():
        met[name] = met.get(name, False) or any(status.startswith("2") for status in by_status)
    if options.tally:
        for name, by_status in sorted(counts.items()):
            print(f"  {name}: {by_status}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--max-examples", type=int, default=5, help="requests made up per operation")
    parser.add_argument("--minutes", type=int, help="goes on so long for each role")
    parser.add_argument("--roles", type=lambda text: text.split(","), default=list(ROLES))
    parser.add_argument("--tally", action="store_true", help="show answers by operation and status")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)

    openapi_spec_validator.validate(
        yaml.safe_load(DOCUMENT.read_text()), cls=openapi_spec_validator.OpenAPIV31SpecValidator)
    print("the document is valid OpenAPI 3.1")
    problems, met = [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", "1")
        try:
            desk = Desk(folder, bank, FXBATCH_DOUBT_MARGIN_SECONDS="2", FXBATCH_BANK_TIMEOUT_MS="500")
            server = Server(desk)
            try:
                furnish(server, bank)
                for role in options.roles:
                    # Those before have started, cancelled and deleted what was staged.
                    for client in range(2):
                        server.ask("PATCH", f"/api/clients/CIF{1000 + client}",
                                   {"active": True, "spread": "300"})
                    for number in range(6):
                        server.batch(f"for {role}, {number}", [0, 1])
                    problems += check(server, role, folder, options, met)
            finally:
                status = server.stop()
            if status != 0:
                problems.append(f"the server ended with {status}")
        finally:
            bank.stop()
    if "admin" in options.roles:
        problems += [f"{name} was never answered with success" for name in met if not met[name]]
    for problem in problems:
        print("WRONG:", problem)
    print(f"{0 if problems else 1} passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)


main()
