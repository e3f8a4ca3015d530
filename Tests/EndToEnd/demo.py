#!/usr/bin/env python3
"""Runs the demonstration and reads its result: how each batch ended, the comparison with the bank's
ledger, and the check of the store; for more than one seed, with a ledger that was tampered with, and
interrupted.

  Tests/EndToEnd/demo.py [--trades 20] [--seeds 1,2]
"""

import argparse
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FXBATCH_PROGRAM", str(ROOT / ".build/debug/fxbatch"))
INTENDED = {
    "importers": "success", "treasury": "success", "stormy": "partial_success",
    "exporters": "partial_success",
}
FAILURES = {"booking_refused", "quote_refused", "rate_check"}
# The demonstration must not mind what is set, least of all a store or a bank.
ENVIRONMENT = dict(
    os.environ, FXBATCH_STORE="sqlite:/nowhere/at/all.db",
    FXBATCH_BANK_TRADING_URL="http://127.0.0.1:9/", NO_COLOR="1")


def run(arguments, allowed=(0,), environment=ENVIRONMENT):
    done = subprocess.run(
        [PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=500)
    if done.returncode not in allowed:
        raise SystemExit(f"{arguments} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return done


def settings(folder):
    """The environment without any setting, as a newcomer has it."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FXBATCH_")}
    lines = (folder / "demo.env").read_text().splitlines()
    assert any(line.startswith(f"FXBATCH_STORE=sqlite:{folder}") for line in lines), lines
    return dict(plain, NO_COLOR="1")


def plays_to_its_end(folder, seed, trades, problems):
    begin = time.monotonic()
    done = run(["demo", "--json", "--trades", str(trades), "--seed", str(seed),
                "--folder", str(folder)])
    lines = done.stdout.splitlines()
    result = json.loads(lines[-1])
    if len(lines) != 1 or not result["ok"] or result["problems"]:
        problems.append(f"seed {seed}: {len(lines)} lines, problems {result['problems']}")
    ended = {entry["name"]: entry["batch"]["status"] for entry in result["batches"]}
    if ended != INTENDED:
        problems.append(f"seed {seed}: the batches ended as {ended}")
    counts = {entry["name"]: entry["batch"]["counts"] for entry in result["batches"]}
    if any(count["total"] != trades for count in counts.values()):
        problems.append(f"seed {seed}: counts {counts}")
    codes = {error["code"] for entry in result["batches"] for error in entry["batch"]["errors"]}
    if codes != FAILURES:
        problems.append(f"seed {seed}: failures {codes}")
    checks = result["ledger"]["checks"]
    if not result["ledger"]["exact"] or len(checks) != 5 or any(c["findings"] for c in checks):
        problems.append(f"seed {seed}: the ledger: {result['ledger']}")
    if not result["verify"]["ok"] or result["verify"]["trades"] != 4 * trades:
        problems.append(f"seed {seed}: verify: {result['verify']}")
    for news in ["in doubt", "was found at the bank", "proven not booked",
                 "$ fxbatch pause treasury", "$ fxbatch resume treasury",
                 "$ fxbatch cancel exporters"]:
        if news not in done.stderr:
            problems.append(f"seed {seed}: nothing was told of: {news}")
    completed = sum(count["completed"] for count in counts.values())
    print(f"seed {seed}: {completed} completed, {time.monotonic() - begin:.0f} s")
    leads_on(folder, counts, problems)
    again = run(["demo", "--folder", str(folder)], allowed=(65,))
    if "holds a demonstration already" not in again.stderr:
        problems.append(f"a second demonstration in one folder: {again.stderr}")


def leads_on(folder, counts, problems):
    """What it says to look at next works, as far as it needs no bank."""
    config = ["--config", str(folder / "demo.env")]
    environment = settings(folder)
    run(["verify", *config], environment=environment)
    listed = run(["list", *config], environment=environment).stdout
    if any(name not in listed for name in INTENDED):
        problems.append(f"list: {listed}")
    failed = run(["trades", "stormy", "--status", "failed", "--json", *config],
                 environment=environment).stdout.splitlines()
    if len(failed) != counts["stormy"]["failed"]:
        problems.append(f"{len(failed)} failed trades are listed, {counts['stormy']} counted")


def betrays_a_ledger_that_differs(folder, trades, problems):
    """A cent more in one deal, and one deal that nobody asked for."""
    process = subprocess.Popen(
        [PROGRAM, "demo", "--json", "--trades", str(trades), "--folder", str(folder)],
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "importers ended" in line:
            bank = sqlite3.connect(folder / "bank.db", timeout=10)
            with bank:
                bank.execute("UPDATE deals SET counter_amount = counter_amount + 1 WHERE number = 1")
                bank.execute(
                    "UPDATE deals SET deal_transaction_id = 'nobody' WHERE number = 2")
            bank.close()
    result = json.loads(process.stdout.read())
    code = process.wait(timeout=60)
    found = " ".join(result["problems"])
    expected = ["counter amount is", "has 0 bookings", "belongs to 0 trades", "We dealt in"]
    if code != 2 or result["ok"] or any(words not in found for words in expected):
        problems.append(f"a ledger that differs: {code}, {result['problems']}")
    print(f"a ledger that differs: {len(result['problems'])} problems told, exit code {code}")


def ends_when_interrupted(folder, problems):
    process = subprocess.Popen(
        [PROGRAM, "demo", "--folder", str(folder)], env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    told = ""
    for line in process.stderr:
        told += line
        if "all may go at once" in line:
            process.send_signal(signal.SIGINT)
    if process.wait(timeout=60) != 130:
        problems.append(f"interrupted, it ended with {process.returncode}: {told}")
    if str(folder) not in told or "run --resume treasury" not in told:
        problems.append(f"interrupted, it does not say how to go on: {told}")
    run(["verify", "--config", str(folder / "demo.env")], environment=settings(folder))
    print("interrupted: ended and told how to go on")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trades", type=int, default=20)
    parser.add_argument("--seeds", default="1,2")
    options = parser.parse_args()
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        parent = pathlib.Path(folder).resolve()
        for seed in options.seeds.split(","):
            plays_to_its_end(parent / f"seed-{seed}", int(seed), options.trades, problems)
        betrays_a_ledger_that_differs(parent / "tampered", options.trades, problems)
        ends_when_interrupted(parent / "interrupted", problems)
    for problem in problems:
        print("WRONG:", problem)
    sys.exit(1 if problems else 0)


main()
