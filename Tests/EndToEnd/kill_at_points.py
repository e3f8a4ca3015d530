#!/usr/bin/env python3
"""Kills `fxbatch run` with SIGKILL at exact points of a booking, resumes it, and holds the end against
the bank's ledger: no deal twice, none lost, nothing left in doubt.

  Tests/EndToEnd/kill_at_points.py          aims until each point below was met
  Tests/EndToEnd/kill_at_points.py --all    kills at every write and sync of a whole run

kill_at_points.c, loaded before the program's own libraries, counts its writes to the store and its
booking calls and kills the process at one of them. (A tracer would need rights that a container may
not have, and counts each thread by itself, while the threads of a run change.) Where a kill fell is
not taken from the aim but read afterwards, from the store's file, from the same file with and without
the last write of the transaction that was being committed, and from what the bank received.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import typing
import uuid

from desk import FIRST_DEAL, ROOT, Bank, Desk, differences

SOURCE = ROOT / "Tests/EndToEnd/kill_at_points.c"
# What only the body of a booking call has: with it the bank has the whole of the call.
CALL_WORDS = '"dealRate"'
TRADES = 3
WORKERS = 4
# Kills at most until each point must have been met.
MOST_KILLS = 60
# How long a booking call that was sent may take to reach the bank's books.
ARRIVAL_SECONDS = 10
RUN_SECONDS = 60
SETTINGS = {"FXBATCH_DOUBT_MARGIN_SECONDS": "3"}
# The batch of each run, and what the amounts of its trades begin with: this and the run's number.
NAME = "points"
FIRST_AMOUNT = 10_000

# In the order of a booking.
POINTS = [
    "just before the intent's commit",
    "just after the intent's commit",
    "between commit and call",
    "between call and answer",
    "between answer and outcome's commit",
    "just before the outcome's commit",
    "just after the outcome's commit",
]
ELSEWHERE = "elsewhere"

# A place to kill at: the n-th step of a kind, before or after it happens.
Aim = collections.namedtuple("Aim", "kind number side")


class Step(typing.NamedTuple):
    """What the library wrote down of one step."""

    kind: str
    number: int
    offset: int
    length: int


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        library = compile_library(folder)
        bank = Bank(folder, "--seed", str(options.seed), "--quote-life", "4000")
        try:
            sweep = Sweep(folder, bank, library)
            with concurrent.futures.ThreadPoolExecutor(WORKERS) as workers:
                if options.all:
                    sweep.everywhere(workers)
                else:
                    sweep.until_all_met(workers)
            problems = sweep.report(must_be_everywhere=not options.all)
        finally:
            bank.stop()
    sys.exit(1 if problems else 0)


def compile_library(folder):
    compilers = [name for name in ("cc", "clang") if shutil.which(name)]
    if not compilers:
        raise SystemExit("kill_at_points needs a C compiler: bin/setup --tests installs one")
    library = folder / "kill_at_points.so"
    subprocess.run(
        [compilers[0], "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library),
         str(SOURCE)], check=True)
    return library


class Sweep:
    """Many runs of the same kind of batch on copies of one store, at one bank, each killed once."""

    def __init__(self, folder, bank, library):
        self.folder = folder
        self.bank = bank
        self.library = library
        self.lock = threading.Lock()
        self.cases = []
        self.origin = Desk(folder, bank, **SETTINGS)
        self.origin.import_clients(TRADES)
        self.origin.book_first_deal()
        undisturbed = self.case()
        self.steps = undisturbed.run_undisturbed()
        counts = collections.Counter(step.kind for step in self.steps)
        print(f"a run of {TRADES} trades: {dict(counts)}", flush=True)
        if counts["call"] != TRADES or counts["answer"] != TRADES or not counts["commit"]:
            raise SystemExit("the library that kills sees too little: does the program load it?")

    def case(self, *aims):
        with self.lock:
            case = Case(len(self.cases), self, aims)
            self.cases.append(case)
            return case

    def until_all_met(self, workers):
        """Aims where the undisturbed run had each point; where a kill fell elsewhere, beside it."""
        for shift in (0, 1, -1, 2, -2, 3, -3):
            met = {case.point for case in self.cases}
            aims = [aim for point in POINTS if point not in met for aim in self.aims(point, shift)]
            if not aims or len(self.cases) + len(aims) > MOST_KILLS:
                return
            list(workers.map(lambda aim: self.case(*aim).play(), aims))

    def everywhere(self, workers):
        aims = [(Aim(step.kind, step.number, "before"),) for step in self.steps]
        aims += [(Aim(step.kind, step.number, "after"),) for step in self.steps
                 if step.kind in ("commit", "sync", "call")]
        for done, _ in enumerate(workers.map(lambda aim: self.case(*aim).play(), aims), 1):
            if done % 50 == 0:
                print(f"{done} of {len(aims)} kills", flush=True)

    def aims(self, point, shift):
        """For the first trade and the last: a later one is booked while an earlier is confirmed. Of
        the first, the run that resumes is killed as well, while it clears up."""
        calls = [index for index, step in enumerate(self.steps) if step.kind == "call"]
        for index in (calls[0], calls[-1]):
            call = self.steps[index]
            intent = [step for step in self.steps[:index] if step.kind == "commit"][-1]
            outcome = [step for step in self.steps[index:] if step.kind == "commit"][0]
            aim = {
                "just before the intent's commit": Aim("commit", intent.number + shift, "before"),
                "just after the intent's commit": Aim("commit", intent.number + shift, "after"),
                "between commit and call": Aim("call", call.number + shift, "before"),
                "between call and answer": Aim("call", call.number + shift, "after"),
                "between answer and outcome's commit": Aim("answer", call.number + shift, "after"),
                "just before the outcome's commit": Aim("commit", outcome.number + shift, "before"),
                "just after the outcome's commit": Aim("commit", outcome.number + shift, "after"),
            }[point]
            again = POINTS.index(point) + 1
            yield (aim, Aim("commit", again, "before")) if index == calls[0] else (aim,)

    def report(self, must_be_everywhere):
        cases = [case for case in self.cases if case.aims]
        met = collections.Counter(case.point for case in cases)
        print("kills  where")
        for point in (*POINTS, ELSEWHERE):
            print(f"{met[point]:5}  {point}")
        again = sum(case.kills > 1 for case in cases)
        print(f"{again} of the runs that resumed were killed as well")
        problems = [problem for case in self.cases for problem in case.problems]
        if must_be_everywhere:
            problems += [f"no kill fell {point}" for point in POINTS if not met[point]]
            if not again:
                problems.append("no run that resumed was killed")
        problems += self.strangers()
        for problem in problems:
            print("WRONG:", problem)
        print(f"{len([case for case in cases if not case.problems])} passed, {len(problems)} failed")
        return problems

    def strangers(self):
        numbers = {case.number for case in self.cases}
        return [f"the bank has a deal of no run: {deal}" for deal in self.bank.ledger()
                if deal["deal_amount"] != FIRST_DEAL and number_of_case(deal) not in numbers]


class Case:
    """One batch on a store of its own: killed as the aims say, resumed, and compared."""

    def __init__(self, number, sweep, aims):
        self.number = number
        self.aims = aims
        self.library = sweep.library
        self.folder = sweep.folder / f"case{number}"
        self.folder.mkdir()
        for suffix in ("", "-wal", ".mark"):
            source = pathlib.Path(f"{sweep.origin.store}{suffix}")
            if source.exists():
                shutil.copy(source, self.folder / f"desk.db{suffix}")
        self.desk = Desk(self.folder, sweep.bank, **SETTINGS)
        self.amounts = [f"{FIRST_AMOUNT + number}.{10 + row}" for row in range(TRADES)]
        trades = self.desk.write_trades(self.amounts, TRADES)
        self.first = ("run", trades, "--pricing", "bank", "--name", NAME,
                      "--max-concurrent-trades", "1")
        self.point = ELSEWHERE
        self.kills = 0
        self.never_sent = []
        self.problems = []

    def run_undisturbed(self):
        self.start(self.first)
        self.check()
        return self.steps()

    def play(self):
        try:
            self.start(self.first, self.aims[0])
            if self.kills:
                self.point = self.classify(self.aims[0])
            for aim in self.aims[1:]:
                self.start(self.next_arguments(), aim)
            self.check()
        except (Exception, SystemExit) as error:
            self.problems.append(f"{error!r}")
        self.problems = [f"killed at {self.aims} ({self.point}): {problem}"
                         for problem in self.problems]
        shutil.rmtree(self.folder)

    def next_arguments(self):
        batch = self.desk.batch(NAME)
        return ("run", "--resume", batch) if batch else self.first

    def start(self, arguments, aim=None):
        for name in ("steps", "page"):
            (self.folder / name).unlink(missing_ok=True)
        settings = dict(
            LD_PRELOAD=str(self.library), KILL_STORE=str(self.desk.store), KILL_CALL=CALL_WORDS,
            KILL_LOG=str(self.folder / "steps"), KILL_PAGE=str(self.folder / "page"))
        if aim:
            settings["KILL_AT"] = " ".join(map(str, aim))
        process = self.desk.start(*arguments, **settings)
        _, said = process.communicate(timeout=RUN_SECONDS)
        if aim and process.returncode == -signal.SIGKILL:
            self.kills += 1
        elif process.returncode != 0:
            self.problems.append(f"{arguments} ended with {process.returncode}: {said}")

    def steps(self):
        lines = (self.folder / "steps").read_text().splitlines()
        return [Step(kind, *map(int, numbers)) for kind, *numbers in map(str.split, lines)]

    def check(self):
        """Goes on to the end without disturbance, and compares. Without faults nothing may fail."""
        self.desk.run(*self.next_arguments())
        trades = self.desk.trades(self.desk.batch(NAME))
        if [trade["status"] for trade in trades] != ["completed"] * TRADES:
            self.problems.append(f"not all are completed: {trades}")
        self.problems += differences(self.desk, trades, self.deals())
        received = self.desk.bank.received()
        self.problems += [f"{id} was sent after its run was killed"
                          for id in self.never_sent if id in received]

    def deals(self):
        return [deal for deal in self.desk.bank.ledger() if number_of_case(deal) == self.number
                and deal["deal_amount"] != FIRST_DEAL]

    # Where the kill fell

    def classify(self, aim):
        """The point at which the run was killed, from what it left behind and what the bank has."""
        steps = self.steps()
        if aim.kind == "commit":
            return self.classify_commit(aim, steps)
        ids = [id for status, id in self.state().values() if status == "booking"]
        if not ids:
            return ELSEWHERE
        kinds = collections.Counter(step.kind for step in steps)
        sent = kinds["call"] - (aim.kind == "call" and aim.side == "before")
        if not self.bank_has(ids[0], waits=sent > kinds["answer"]):
            self.never_sent.append(ids[0])
            return "between commit and call"
        return ("between call and answer" if sent > kinds["answer"]
                else "between answer and outcome's commit")

    def classify_commit(self, aim, steps):
        past, future = self.state(steps[-1], written=False), self.state(steps[-1], written=True)
        if self.state() != (past if aim.side == "before" else future):
            self.problems.append("the store is neither as before the commit nor as after it")
        for row, (status, id) in future.items():
            change = (past[row][0] if row in past else None, status)
            has = change == ("booking", "booked")
            if change == ("quoting", "booking") or has:
                if self.bank_has(id, waits=False) != has:
                    self.problems.append(f"{change}, and the bank has {self.deals()}")
                # An intent that was durable is never sent by another process.
                if not has and aim.side == "after":
                    self.never_sent.append(id)
                return f"just {aim.side} the {'outcome' if has else 'intent'}'s commit"
        return ELSEWHERE

    def bank_has(self, id, waits):
        """Whether the bank has booked the deal of that id."""
        deadline = time.monotonic() + (ARRIVAL_SECONDS if waits else 0)
        while True:
            if any(deal["deal_transaction_id"] == id for deal in self.deals()):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)

    def state(self, step=None, written=None):
        """Status and deal id of each row, read from a copy of the store: as it is, or as it would be
        with or without the last write of the transaction that the step commits."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            copy = pathlib.Path(name) / "desk.db"
            shutil.copy(self.desk.store, copy)
            shutil.copy(f"{self.desk.store}-wal", f"{copy}-wal")
            if step:
                page = (self.folder / "page").read_bytes()
                with open(f"{copy}-wal", "r+b") as log:
                    log.seek(step.offset)
                    log.write(page if written else bytes(len(page)))
            store = sqlite3.connect(copy)
            try:
                rows = store.execute(
                    "SELECT row, trades.status, deal_transaction_id FROM trades"
                    " JOIN batches ON batches.key = batch_key WHERE name = ?", (NAME,)).fetchall()
            finally:
                store.close()
        return {row: (status, id and str(uuid.UUID(bytes=id))) for row, status, id in rows}


def number_of_case(deal):
    """The whole units of a trade's amount name its run."""
    return int(deal["deal_amount"].split(".")[0]) - FIRST_AMOUNT


main()
