#!/usr/bin/env python3
"""Kills `fxbatch run` again and again while bookings are under way, at a bank with faults, resumes
it each time, and holds the end against the bank's own ledger.

  Tests/EndToEnd/kill_and_resume.py [--kills 20] [--trades 300] [--seed 1] [--blind]

With --blind the bank looks no deal up by our id: then nothing may be booked again after a lost
answer, and the command must end by saying that it waits for a person.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FXBATCH_PROGRAM", str(ROOT / ".build/debug/fxbatch"))
FAULTS = "lost_before=30,lost_after=40,late=20,slow=30,error_after=20,error_before=10,late_ms=3000"


class Desk:
    def __init__(self, folder, options):
        self.folder = folder
        self.options = options
        self.environment = dict(
            os.environ,
            FXBATCH_STORE=f"sqlite:{folder}/desk.db",
            FXBATCH_LEASE_SECONDS="10",
            FXBATCH_BANK_TIMEOUT_MS="1500",
            FXBATCH_DOUBT_MARGIN_SECONDS="4",
            FXBATCH_ESCALATION_SECONDS="20" if options.blind else "120",
            FXBATCH_BANK_MAX_RPS="500",
            NO_COLOR="1",
        )

    def start_bank(self):
        ready = self.folder / "bank.env"
        command = [
            PROGRAM, "sandbox", "--port", "0", "--seed", str(self.options.seed),
            "--quote-life", "4000", "--database", str(self.folder / "bank.db"),
            "--ready-file", str(ready),
        ]
        if self.options.blind:
            command += ["--lookup", "byBankTransactionID"]
        self.bank = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not ready.exists():
            if time.monotonic() > deadline or self.bank.poll() is not None:
                raise SystemExit("the sandbox did not start")
            time.sleep(0.05)
        lines = ready.read_text().splitlines()
        settings = dict(line.split("=", 1) for line in lines if "=" in line)
        self.environment.update(settings)
        self.address = settings["FXBATCH_BANK_TOKEN_URL"].split("/oauth2")[0]

    def set_faults(self, plan):
        body = json.dumps({"plan": plan}).encode()
        request = urllib.request.Request(
            self.address + "/sandbox/faults", body, {"Content-Type": "application/json"}, method="PUT")
        urllib.request.urlopen(request, timeout=10).read()

    def ledger(self):
        deals, after = [], 0
        while True:
            with urllib.request.urlopen(
                f"{self.address}/sandbox/ledger?after={after}&limit=500", timeout=10) as answer:
                page = json.load(answer)
            if not page:
                return deals
            deals += page
            after = page[-1]["number"]

    def received_twice(self):
        with urllib.request.urlopen(
            f"{self.address}/sandbox/received?at_least=2&limit=10", timeout=10) as answer:
            return json.load(answer)

    def run(self, *arguments, allowed=(0,)):
        done = subprocess.run(
            [PROGRAM, *arguments], env=self.environment, capture_output=True, text=True, timeout=600)
        if done.returncode not in allowed:
            raise SystemExit(f"{arguments} ended with {done.returncode}:\n{done.stderr}")
        return done

    def write_files(self):
        rows = ["Client,Client CIF,Fixed Spread,ZAR Account,USD Account"]
        for number in range(40):
            rows.append(f"Invented Client {number},CIF{1000 + number},{300 + number},"
                        f"ZA{number:06d},US{number:06d}")
        (self.folder / "clients.csv").write_text("\n".join(rows) + "\n")
        (self.folder / "first.csv").write_text("Client CIF,Amount ZAR\nCIF1000,5000.00\n")
        rows = ["Client CIF,Amount ZAR,Reference"]
        for number in range(self.options.trades):
            rows.append(f"CIF{1000 + number % 40},{10000 + number * 37}.25,R{number}")
        (self.folder / "trades.csv").write_text("\n".join(rows) + "\n")

    def trades(self, batch):
        text = self.run("trades", batch, "--json").stdout
        return [json.loads(line) for line in text.splitlines()]

    def newest_batch(self):
        listed = self.run("list", "--json").stdout
        return next(json.loads(line) for line in listed.splitlines() if '"soak"' in line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--trades", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blind", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    print(f"seed {options.seed}, {options.kills} kills, {options.trades} trades, blind: {options.blind}")
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(pathlib.Path(folder), options)
        desk.start_bank()
        try:
            soak(desk, options, chance)
        finally:
            desk.bank.kill()


def soak(desk, options, chance):
    desk.write_files()
    desk.run("clients", "import", str(desk.folder / "clients.csv"))
    # A first deal without faults shows the bank's look-up, so that doubts can be resolved.
    if not options.blind:
        desk.run("run", str(desk.folder / "first.csv"), "--pricing", "bank", "--name", "first")
    desk.set_faults(FAULTS)
    arguments = ["run", str(desk.folder / "trades.csv"), "--pricing", "bank", "--name", "soak",
                 "--max-concurrent-trades", "4"]
    batch, killed = None, 0
    while killed < options.kills:
        process = subprocess.Popen(
            [PROGRAM, *arguments], env=desk.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=chance.uniform(0.5, 2.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        else:
            if batch is not None:
                print(f"the run ended after {killed} kills")
                break
        if batch is None:
            found = [line for line in desk.run("list", "--json").stdout.splitlines() if '"soak"' in line]
            if found:
                batch = json.loads(found[0])["id"]
                arguments = ["run", "--resume", batch]
    last = desk.run("run", "--resume", batch, "--json", allowed=(0, 1, 2, 4))
    print(f"killed {killed} times; the last run ended with {last.returncode}")
    compare(desk, batch, options, last, killed)


def compare(desk, batch, options, last, killed):
    problems = []
    # A soak that was hardly disturbed would show nothing.
    if killed * 2 < options.kills:
        problems.append(f"only {killed} of {options.kills} kills met a run: give it more trades")
    trades = desk.trades(batch)
    deals = desk.ledger()
    twice = desk.received_twice()
    if twice:
        problems.append(f"a booking call was repeated: {twice}")
    mine = {}
    for trade in trades:
        if trade["deal_transaction_id"]:
            mine[trade["deal_transaction_id"]] = trade
    ids = set()
    for deal in deals:
        if deal["deal_transaction_id"] in ids:
            problems.append(f"the bank has {deal['deal_transaction_id']} twice")
        ids.add(deal["deal_transaction_id"])
    for trade in trades:
        deal = [d for d in deals if d["deal_transaction_id"] == trade["deal_transaction_id"]]
        if trade["status"] == "completed":
            if len(deal) != 1:
                problems.append(f"row {trade['row']} is completed, the bank has {len(deal)} deals")
            elif (deal[0]["cif"], deal[0]["quote_rate"], deal[0]["deal_rate"]) != (
                trade["cif_number"], trade["quote_rate"], trade["client_rate"]):
                problems.append(f"row {trade['row']} differs from the bank's deal: {deal[0]} {trade}")
        elif trade["status"] == "failed":
            if deal or not trade["error"]["code"]:
                problems.append(f"row {trade['row']} failed without a reason or with a deal")
        elif trade["status"] == "in_doubt" and options.blind:
            pass
        elif not (options.blind and trade["status"] == "pending"):
            problems.append(f"row {trade['row']} is {trade['status']}")
    strangers = [d for d in deals if d["deal_transaction_id"] not in mine and d["deal_amount"] != "5000.00"]
    if strangers:
        problems.append(f"{len(strangers)} deals at the bank belong to no trade: {strangers[:3]}")
    counts = {}
    for trade in trades:
        counts[trade["status"]] = counts.get(trade["status"], 0) + 1
    print(f"trades {counts}; deals at the bank {len(deals)}")
    if options.blind and not counts.get("in_doubt"):
        problems.append("no answer was lost: nothing was shown about a bank without look-up")
    if options.blind and counts.get("in_doubt") and last.returncode != 4:
        problems.append(f"trades are in doubt and the exit code is {last.returncode}, not 4")
    if sum(counts.values()) != options.trades:
        problems.append(f"{sum(counts.values())} trades instead of {options.trades}")
    verified = subprocess.run(
        [PROGRAM, "verify"], env=desk.environment, capture_output=True, text=True, timeout=600)
    if verified.returncode != 0:
        problems.append(f"verify: {verified.stdout}{verified.stderr}")
    for problem in problems:
        print("WRONG:", problem)
    print(f"{len(trades) if not problems else 0} passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)


main()
