#!/usr/bin/env python3
"""Stops `fxbatch run` again and again while bookings are under way, at a bank with faults, resumes
it each time, and holds the end against the bank's own ledger.

  Tests/EndToEnd/kill_and_resume.py [--kills 20] [--trades 300] [--seed 1] [--blind] [--signals]

With --blind the bank looks no deal up by our id: then nothing may be booked again after a lost
answer, and the command must end by saying that it waits for a person. With --signals only every third
stop is a SIGKILL; the others are the interrupts of a person: one, which ends in an orderly way, or two
in a row, of which the second ends the process at once.
"""

import argparse
import itertools
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from desk import FIRST_DEAL, Bank, Desk, count_by_status, differences

FAULTS = "lost_before=30,lost_after=40,late=20,slow=30,error_after=20,error_before=10,late_ms=3000"
CLIENTS = 40
INTERRUPTED = 130
WAITS_FOR_PERSON = 4
# A second interrupt sooner than this is taken for the first, delivered twice.
SAME_WISH_SECONDS = 0.5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--trades", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--signals", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.kills} stops, {options.trades} trades, "
          f"blind: {options.blind}, signals: {options.signals}", flush=True)
    look_up = ["--lookup", "byBankTransactionID"] if options.blind else []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", str(options.seed), "--quote-life", "4000", *look_up)
        try:
            desk = Desk(folder, bank, FXBATCH_DOUBT_MARGIN_SECONDS="4",
                        FXBATCH_ESCALATION_SECONDS="20" if options.blind else "120")
            problems = soak(desk, options)
        finally:
            bank.stop()
    for problem in problems:
        print("WRONG:", problem)
    print(f"{options.trades if not problems else 0} passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)


def soak(desk, options):
    desk.import_clients(CLIENTS)
    if not options.blind:
        desk.book_first_deal()
    desk.bank.set_faults(FAULTS)
    amounts = [f"{10000 + number * 37}.25" for number in range(options.trades)]
    arguments = ["run", desk.write_trades(amounts, CLIENTS), "--pricing", "bank", "--name", "soak",
                 "--max-concurrent-trades", "4"]
    chance = random.Random(options.seed)
    ways = itertools.cycle([kill, interrupt, interrupt_twice] if options.signals else [kill])
    batch, stopped, problems = None, {}, []
    while sum(stopped.values()) < options.kills:
        process = desk.start(*arguments)
        try:
            _, said = process.communicate(timeout=chance.uniform(0.5, 2.5))
        except subprocess.TimeoutExpired:
            way = next(ways)
            problems += way(process)
            stopped[way.__name__] = stopped.get(way.__name__, 0) + 1
        else:
            if batch is not None:
                print(f"the run ended with {process.returncode} before it was stopped again: {said}")
                break
        batch = batch or desk.batch("soak")
        if batch:
            arguments = ["run", "--resume", batch]
    # A soak that was hardly disturbed would show nothing.
    if sum(stopped.values()) * 2 < options.kills:
        problems.append(f"only {stopped} of {options.kills} stops met a run: give it more trades")
    last = desk.run("run", "--resume", batch, allowed=(0, 1, 2, WAITS_FOR_PERSON))
    print(f"stopped: {stopped}; the last run ended with {last.returncode}")
    return problems + compare(desk, batch, options, last)


def kill(process):
    process.kill()
    process.communicate()
    return []


def interrupt(process):
    """Calls that are out come to their end, and the way to go on is told."""
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return refused_end(process, said, "interrupted. Go on with")


def interrupt_twice(process):
    """What is delivered twice is one wish; a second wish ends the process at once."""
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    time.sleep(SAME_WISH_SECONDS + 0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=5)
    return refused_end(process, said, "Go on with")


def refused_end(process, said, words):
    if process.returncode == INTERRUPTED and words in said:
        return []
    # The batch may have come to its end just then.
    if process.returncode in (0, 1, WAITS_FOR_PERSON):
        return []
    return [f"an interrupted run ended with {process.returncode}: {said}"]


def compare(desk, batch, options, last):
    trades = desk.trades(batch)
    deals = [deal for deal in desk.bank.ledger() if deal["deal_amount"] != FIRST_DEAL]
    counts = count_by_status(trades)
    print(f"trades {counts}; deals at the bank {len(deals)}")
    # A doubt that waits for a person keeps its client's other trades waiting.
    open_statuses = ("in_doubt", "pending") if options.blind else ()
    problems = differences(desk, trades, deals, open_statuses)
    if len(trades) != options.trades:
        problems.append(f"{len(trades)} trades instead of {options.trades}")
    if not options.blind:
        return problems
    doubts = [trade for trade in trades if trade["status"] == "in_doubt"]
    if not doubts:
        problems.append("no answer was lost: nothing was shown about a bank without look-up")
    elif last.returncode != WAITS_FOR_PERSON:
        problems.append(f"trades are in doubt and the exit code is {last.returncode}")
    for trade in doubts:
        if f"fxbatch resolve {trade['id']}" not in last.stderr:
            problems.append(f"row {trade['row']} is in doubt and nobody was told")
    return problems + decide(desk, batch, doubts)


def decide(desk, batch, doubts):
    """A person looks each doubt up at the bank and answers; what waited then goes on to its end."""
    desk.bank.set_faults("slow=0")
    deals = {deal["deal_transaction_id"]: deal for deal in desk.bank.ledger()}
    for trade in doubts:
        deal = deals.get(trade["deal_transaction_id"])
        # This bank looks nothing up, and its statements do not name its references.
        word = ["--booked", deal["deal_reference"], "--insist"] if deal else ["--not-booked"]
        desk.run("resolve", trade["id"], *word, "--note", "the bank's desk was asked", "--yes")
    last = desk.run("run", "--resume", batch, allowed=(0, 1, 2, WAITS_FOR_PERSON))
    trades = desk.trades(batch)
    print(f"after {len(doubts)} decisions: {count_by_status(trades)}, exit {last.returncode}")
    deals = [deal for deal in desk.bank.ledger() if deal["deal_amount"] != FIRST_DEAL]
    return differences(desk, trades, deals)


main()
