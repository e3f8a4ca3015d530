#!/usr/bin/env python3
"""Fifty clients order about the same batches at once: submit, rename, reprioritise, pause, resume,
cancel, retry, with If-Match sometimes. Nothing may answer with 5xx, no update may get lost, and the
books must be right in the end.

  Tests/EndToEnd/parallel_clients.py [--clients 50] [--seconds 60] [--seed 1]
"""

import argparse
import collections
import pathlib
import random
import sys
import tempfile
import threading
import time

from api_client import (
    ENDED, Lost, Server, Wrong, count_problems, import_clients, report, trade_rows, wait_until)
from desk import Bank, Desk, differences

CUSTOMERS = 40
SHARED_BATCHES = 8
TRADES_OF_SHARED, TRADES_OF_OWN = 40, 4
# All clients together submit no more, so that the end comes soon.
MOST_SUBMITTED = 60
FAULTS = "book.refusal=100,book.slow=300,slow_ms=200"
ORDERS = {"rename": 4, "policy": 2, "prioritise": 4, "pause": 2, "resume": 5, "retry": 2, "cancel": 0.05,
          "submit": 0.4, "look": 3}
# What a busy server may answer to an order that is right in itself.
FINE = {200, 201, 409, 412, 429}


class Crowd:
    """What all clients share: the batches, and what was answered."""

    def __init__(self, seed):
        self.seed = seed
        self.lock = threading.Lock()
        self.batches = []
        self.submitted = 0
        self.statuses = collections.Counter()
        self.milliseconds = []
        self.problems = []
        # (batch, person, name or priority) -> how many answers said that it is so now.
        self.changes = collections.Counter()
        # (batch, version asked for) -> versions that were answered.
        self.matches = collections.defaultdict(list)

    def may_submit(self):
        with self.lock:
            self.submitted += 1
            return self.submitted <= MOST_SUBMITTED


class Client(threading.Thread):
    def __init__(self, crowd, api, number, over):
        super().__init__(daemon=True)
        self.crowd, self.api, self.number, self.over = crowd, api, number, over
        self.chance = random.Random(crowd.seed * 1000 + number)
        self.count = 0

    def run(self):
        words, weights = list(ORDERS), list(ORDERS.values())
        try:
            while not self.over.is_set():
                self.count += 1
                getattr(self, self.chance.choices(words, weights)[0])(
                    self.chance.choice(self.crowd.batches))
        except (Wrong, Lost, KeyError, ValueError) as wrong:
            with self.crowd.lock:
                self.crowd.problems.append(f"client {self.number}: {wrong!r}")

    def ask(self, order, method, path, body=None, **fields):
        begin = time.monotonic()
        answer = self.api.call(method, path, body, **fields)
        taken = 1000 * (time.monotonic() - begin)
        with self.crowd.lock:
            self.crowd.statuses[order, answer.status] += 1
            self.crowd.milliseconds.append(taken)
            # A batch without a failed trade has nothing to retry.
            idle = order == "retry" and answer.status == 422
            if answer.status not in FINE and not idle:
                self.crowd.problems.append(f"{method} {path} {body}: {answer!r}")
            elif answer.status >= 400 and answer.problem():
                self.crowd.problems.append(f"{method} {path}: {answer.problem()}")
        return answer

    def change(self, order, method, path, id, body, told):
        """A change, half of the time only if nobody else changed the batch since it was looked at."""
        fields = {}
        if self.chance.random() < 0.5:
            seen = self.ask("look", "GET", f"/api/batches/{id}")
            if seen.status != 200:
                return
            fields["If_Match"] = seen.fields.get("ETag") or '""'
        answer = self.ask(order, method, path, body, **fields)
        if answer.status == 200:
            with self.crowd.lock:
                if told:
                    self.crowd.changes[id, self.api.person, told] += 1
                if fields:
                    self.crowd.matches[id, fields["If_Match"]].append(answer.json()["version"])

    def rename(self, id):
        name = f"renamed {self.number}-{self.count}"
        self.change("rename", "PATCH", f"/api/batches/{id}", id, {"name": name}, name)

    def policy(self, id):
        body = {"max_concurrent_trades": self.chance.randint(1, 8),
                "priority": self.chance.randint(1, 10)}
        self.change("policy", "PATCH", f"/api/batches/{id}", id, body, f"priority {body['priority']}")

    def prioritise(self, id):
        priority = self.chance.randint(1, 10)
        self.change("prioritise", "POST", "/api/batches/priority", id,
                    {"batch_id": id, "priority": priority}, f"priority {priority}")

    def pause(self, id):
        self.change("pause", "POST", f"/api/batches/{id}/pause", id, None, None)

    def resume(self, id):
        self.change("resume", "POST", f"/api/batches/{id}/resume", id, None, None)

    def cancel(self, id):
        self.ask("cancel", "POST", f"/api/batches/{id}/cancel")

    def retry(self, id):
        self.ask("retry", "POST", f"/api/batches/{id}/retry", {"all": True})

    def look(self, id):
        self.ask("look", "GET", self.chance.choice(
            [f"/api/batches/{id}/progress", "/api/batches/active", "/api/batches/next-queue",
             "/api/batches?status=running&limit=10", f"/api/batches/{id}/trades?limit=5"]))

    def submit(self, _):
        if not self.crowd.may_submit():
            return
        tag = f"{self.number}-{self.count}"
        answer = self.ask("submit", "POST", "/api/batches", {
            "name": f"own {tag}", "pricing": "bank", "start": True, "max_concurrent_trades": 4,
            "trades": trade_rows(TRADES_OF_OWN, CUSTOMERS, tag)})
        if answer.status == 201:
            self.crowd.batches.append(answer.json()["id"])


def play(server, admin, options):
    crowd = Crowd(options.seed)
    dealer = admin.issue("first", "dealer")
    import_clients(dealer, CUSTOMERS)
    for number in range(SHARED_BATCHES):
        body = {"name": f"shared {number}", "pricing": "bank", "start": True,
                "max_concurrent_trades": 2,
                "trades": trade_rows(TRADES_OF_SHARED, CUSTOMERS, f"S{number}")}
        crowd.batches.append(dealer.post("/api/batches", body, (201,)).json()["id"])
    over, clients = threading.Event(), []
    for number in range(options.clients):
        api = admin.issue(f"client{number}", "dealer")
        api.person = f"client{number}@example.test"
        clients.append(Client(crowd, api, number, over))
    for client in clients:
        client.start()
    over.wait(options.seconds)
    over.set()
    for client in clients:
        client.join(60)
    crowd.problems += [f"client {c.number} never came back" for c in clients if c.is_alive()]
    return crowd, dealer


def let_end(dealer, crowd):
    """Resumes what is paused, until every batch is final."""
    def settled():
        open_batches = [dealer.batch(id) for id in crowd.batches]
        open_batches = [batch for batch in open_batches if batch["status"] not in ENDED]
        for batch in open_batches:
            if batch["status"] == "paused":
                dealer.sure("POST", f"/api/batches/{batch['id']}/resume")
        return not open_batches
    wait_until(settled, "the end of all batches", 240)


def compare_changes(dealer, crowd):
    """Each change that was answered with 200 is one event in the log that says so, there are no others,
    and the last one explains what is so."""
    answered, logged = collections.Counter(), collections.defaultdict(list)
    for (id, person, _), count in crowd.changes.items():
        answered[id, person] += count
    for id in crowd.batches:
        batch, notes = dealer.batch(id), []
        for event in dealer.pages(f"/api/batches/{id}/events", limit=500):
            if event["type"] == "batch.changed":
                notes.append(event["data"]["note"])
                logged[id, event["data"]["actor"]].append(event["data"]["note"])
        for word, value in (("priority ", f"priority {batch['priority']}"), ("renamed ", batch["name"])):
            told = [note for note in notes if word in note]
            if told and not mentions(told[-1], value):
                crowd.problems.append(f"{id}: '{value}' is so, its log ends: {told[-1]}")
    for place in set(answered) | set(logged):
        if answered[place] != len(logged[place]):
            crowd.problems.append(f"{place}: {answered[place]} changes were answered with 200, "
                                  f"{len(logged[place])} are logged: {logged[place]}")
    for (id, person, words), count in crowd.changes.items():
        if sum(mentions(note, words) for note in logged[id, person]) < count:
            crowd.problems.append(f"{id}: {person} was told '{words}', its log does not say so")
    return sum(crowd.changes.values())


def mentions(note, words):
    """Whether the note has these words, and not longer ones that begin or end alike."""
    place = note.find(words)
    return place >= 0 and not note[place + len(words):place + len(words) + 1].isdigit()


def compare_matches(crowd):
    """Of all who asked for the same version, one at most changed it."""
    for (id, version), answered in crowd.matches.items():
        changed = [number for number in answered if f'"{number}"' != version]
        if len(changed) > 1:
            crowd.problems.append(f"{id}: If-Match {version} was taken {len(changed)} times")
    return len(crowd.matches)


def compare(server, desk, dealer, crowd):
    let_end(dealer, crowd)
    changes, matches = compare_changes(dealer, crowd), compare_matches(crowd)
    trades = []
    for id in crowd.batches:
        own = dealer.trades(id)
        crowd.problems += count_problems(dealer.batch(id), own)
        trades += own
    server.end()
    rest = [trade for trade in trades if trade["status"] != "cancelled"]
    crowd.problems += differences(desk, rest, desk.bank.ledger())
    calls = sorted(crowd.milliseconds)
    print(f"{len(calls)} calls on {len(crowd.batches)} batches, {changes} changes answered with 200, "
          f"{matches} versions matched; p50 {calls[len(calls) // 2]:.0f} ms, "
          f"p99 {calls[len(calls) * 99 // 100]:.0f} ms")
    print("answers: " + ", ".join(f"{order} {status} {count}×" for (order, status), count
                                  in sorted(crowd.statuses.items())))
    for order in ORDERS:
        if not any(crowd.statuses[order, status] for status in (200, 201)):
            if order not in ("cancel", "retry"):
                crowd.problems.append(f"{order} never succeeded: nothing was shown about it")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.clients} clients, {options.seconds:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", str(options.seed))
        server = None
        try:
            desk = Desk(folder, bank)
            server = Server(desk)
            bank.set_faults(FAULTS)
            crowd, dealer = play(server, server.admin(), options)
            compare(server, desk, dealer, crowd)
            passed, problems = sum(crowd.statuses.values()), crowd.problems
        except Wrong as wrong:
            passed, problems = 0, [str(wrong)]
        finally:
            if server:
                server.kill()
            bank.stop()
    sys.exit(report(passed, problems))


main()
