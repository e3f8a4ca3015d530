#!/usr/bin/env python3
"""Engages the kill switch while bookings are under way at a slow bank: the command answers when the
last call has ended, and nothing is booked after that. Then the engine is killed, and started again with
another lease at once.

  Tests/EndToEnd/kill_switch.py
"""

import json
import pathlib
import signal
import sys
import tempfile
import time

from desk import Bank, Desk

TRADES = 12
SLOW_SECONDS = 2
LEASE_SECONDS = 60


def wait_for_booking(desk):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        batch = desk.batch("slow")
        if batch and any(trade["status"] == "booking" for trade in desk.trades(batch)):
            return batch
        time.sleep(0.05)
    raise SystemExit("nothing was ever being booked")


def drill(desk):
    desk.import_clients(TRADES)
    trades = desk.write_trades([f"{10000 + n}.00" for n in range(TRADES)], TRADES)
    desk.bank.set_faults(f"slow=1000,slow_ms={SLOW_SECONDS * 1000}")
    process = desk.start("run", trades, "--pricing", "bank", "--name", "slow")
    batch = wait_for_booking(desk)
    answer = json.loads(desk.run("kill-switch", "engage", "--reason", "drill", "--json").stdout)
    deals = len(desk.bank.ledger())
    if not (answer["engaged"] and len(answer["confirmed_by"]) == 1 and not answer["silent"]):
        yield f"the node that runs did not confirm: {answer}"
    time.sleep(SLOW_SECONDS + 1)
    if len(desk.bank.ledger()) != deals:
        yield "something was booked after the kill switch was confirmed"

    process.send_signal(signal.SIGKILL)
    process.wait()
    start = time.monotonic()
    answer = json.loads(desk.run("kill-switch", "engage", "--reason", "dead", "--json").stdout)
    if answer["confirmed_by"] or answer["silent"] or time.monotonic() - start > LEASE_SECONDS / 2:
        yield f"a dead node was waited for: {answer}"
    desk.run("kill-switch", "release")
    desk.bank.set_faults("slow=0")
    desk.environment["FXBATCH_LEASE_SECONDS"] = str(2 * LEASE_SECONDS)
    done = desk.run("run", "--resume", batch, allowed=None)
    if done.returncode != 0 or time.monotonic() - start > LEASE_SECONDS / 2:
        yield f"another lease was not taken at once: {done.returncode} {done.stderr}"
    if len(desk.bank.ledger()) != TRADES:
        yield f"{len(desk.bank.ledger())} deals for {TRADES} trades"


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", "1")
        try:
            desk = Desk(folder, bank, FXBATCH_DOUBT_MARGIN_SECONDS="2",
                        FXBATCH_LEASE_SECONDS=str(LEASE_SECONDS), FXBATCH_BANK_TIMEOUT_MS="8000")
            problems = list(drill(desk))
        finally:
            bank.stop()
    for problem in problems:
        print("WRONG:", problem)
    print(f"{0 if problems else 1} passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)


main()
