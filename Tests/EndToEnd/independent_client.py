#!/usr/bin/env python3
"""A desk's day through the HTTP API alone, while the server is killed again and again: batches as CSV
and as JSON, every order given to them, both live feeds. A call whose answer was lost is repeated with
the same key. In the end every batch is there once, every event was seen once and in order, and the
books equal the bank's.

  Tests/EndToEnd/independent_client.py [--kills 6] [--batches 8] [--trades 40] [--seed 1]
"""

import argparse
import concurrent.futures
import csv
import io
import json
import pathlib
import random
import sys
import tempfile
import threading

from api_client import (
    ENDED, Server, Wrong, count_problems, expect, import_clients, report, trade_rows, wait_until)
from contract_decisions import Decisions
from contract_papers import Papers
from contract_tour import Tour
from desk import Bank, Desk, differences
from live_feeds import Follower, ServerSentEvents, SocketFeed

CLIENTS = 24
# Answers get lost and deals refused, so that there is something to retry.
FAULTS = "book.lost_after=20,book.lost_before=20,book.refusal=80,book.slow=200,slow_ms=150"
# Between two kills, in seconds.
SHORTEST, LONGEST = 0.3, 2.5


class Killer(threading.Thread):
    """Kills the server at unforeseen times and starts it again."""

    def __init__(self, server, kills, chance):
        super().__init__(daemon=True)
        self.server, self.kills, self.chance = server, kills, chance
        self.problem = None
        self.done = 0

    def run(self):
        for _ in range(self.kills):
            threading.Event().wait(self.chance.uniform(SHORTEST, LONGEST))
            self.server.kill()
            try:
                self.server.start()
            except SystemExit as reason:
                self.problem = str(reason)
                return
            self.done += 1


class Day:
    def __init__(self, server, options):
        self.server, self.options = server, options
        self.admin = admin = server.admin()
        self.dealer = admin.issue("dealer", "dealer")
        self.viewer = admin.issue("viewer", "viewer")
        self.checks, self.problems = 0, []

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)

    def prepare(self):
        """One undisturbed deal shows the bank's look-up, so that doubts can be resolved."""
        told = import_clients(self.dealer, CLIENTS)
        self.check((told["created"], told["updated"]) == (CLIENTS, 0), f"imported otherwise: {told}")
        first = {"name": "first", "pricing": "bank", "start": True,
                 "trades": trade_rows(1, CLIENTS, "first")}
        answer = self.dealer.post("/api/batches", first, (201,))
        batch = self.dealer.ended(answer.json()["id"])
        self.check(batch["status"] == "success", f"the first deal ended as {batch['status']}")
        return [batch["id"]] + [walk(self.check, self.dealer, self.admin).play()
                                for walk in (Tour, Decisions, Papers)]

    def submit(self, number):
        """A batch in one of the two forms; answers its id."""
        name, rows = f"batch {number}", trade_rows(self.options.trades, CLIENTS, f"B{number}")
        if number % 2:
            file = io.StringIO()
            writer = csv.writer(file)
            writer.writerow(["Reference", "Client CIF", "Amount ZAR"])
            writer.writerows(
                [row["external_ref"], row["cif_number"], row["deal_amount"]] for row in rows)
            query = f"name=batch%20{number}&pricing=bank&priority=5&max_concurrent_trades=3"
            answer = self.dealer.post(f"/api/batches?{query}", file.getvalue(), (201,),
                                      type="text/csv")
        else:
            body = {"name": name, "pricing": "bank", "priority": 5, "max_concurrent_trades": 3,
                    "trades": rows}
            answer = self.dealer.post("/api/batches", body, (201,))
        batch = answer.json()
        self.check(answer.fields["Location"] == f"/api/batches/{batch['id']}",
                   f"another Location: {answer.fields['Location']}")
        self.check((batch["name"], batch["status"], batch["counts"]["total"])
                   == (name, "staged", len(rows)), f"created otherwise: {batch}")
        return batch["id"]

    def conduct(self, number):
        """One batch from its submission to its end, with orders on the way."""
        chance = random.Random(self.options.seed * 1000 + number)
        id = self.submit(number)
        self.order(id, "start")
        for _ in range(3):
            self.prioritise(id, chance.randint(1, 10))
            if self.order(id, "pause") == 200:
                self.check(self.dealer.batch(id)["status"] in {"paused", "running"} | ENDED,
                           f"{id} is neither paused nor ended")
                self.order(id, "resume")
            threading.Event().wait(chance.uniform(0.1, 0.8))
        if number % 4 == 3:
            self.order(id, "cancel")
        batch = self.dealer.ended(id, 180)
        for _ in range(3):
            if not batch["counts"]["failed"] or number % 4 == 3:
                break
            self.order(id, "retry", {"all": True})
            batch = self.dealer.ended(id, 180)
        if batch["status"] in ("partial_success", "failed"):
            self.order(id, "accept", {"note": "the rest is dealt tomorrow"})
            self.check(self.dealer.batch(id)["needs_decision"] == [],
                       f"{id} needs a decision after it was accepted")
        return id

    def order(self, id, word, body=None):
        answer = self.dealer.sure("POST", f"/api/batches/{id}/{word}", body)
        self.check(answer.status in (200, 202) or answer.status == 409 and not answer.problem(),
                   f"{word} of {id}: {answer!r}")
        return 200 if answer.status == 202 else answer.status

    def prioritise(self, id, priority):
        body = {"batch_id": id, "priority": priority}
        answer = self.dealer.sure("POST", "/api/batches/priority", body)
        if answer.status == 200:
            return self.check(self.dealer.batch(id)["priority"] == priority,
                              f"{id} has not the priority {priority} that was answered")
        return self.check(answer.status == 409, f"priority of {id}: {answer!r}")

    def compare_exports(self, id):
        """The export in both forms, held against the list of trades."""
        trades = self.viewer.trades(id)
        lines = self.viewer.sure("GET", f"/api/batches/{id}/export?format=ndjson")
        self.check(lines.status == 200, f"export as ndjson: {lines!r}")
        if lines.status == 200:
            exported = [json.loads(line) for line in lines.body.splitlines()]
            wanted = [(t["id"], t["status"], t["client_rate"]) for t in trades]
            found = [(t.get("id"), t.get("status"), t.get("client_rate")) for t in exported]
            self.check(found == wanted, f"the ndjson of {id} differs from its trades")
        table = self.viewer.sure("GET", f"/api/batches/{id}/export?format=csv")
        self.check(table.status == 200, f"export as csv: {table!r}")
        if table.status == 200:
            rows = list(csv.DictReader(io.StringIO(table.body.decode("utf-8-sig"))))
            wanted = [(t["id"], t["status"]) for t in trades]
            self.check([(row.get("id"), row.get("status")) for row in rows] == wanted,
                       f"the csv of {id} differs from its trades: {rows[:1]}")

    def compare_feeds(self, followers, ids):
        """Every way told the same events, in the log's order, and none was left out."""
        slices = [event for id in ids
                  for event in self.viewer.pages(f"/api/batches/{id}/events", limit=500)]
        told = {event["seq"]: event for event in slices}
        last = max(told)
        for follower in followers:
            wait_until(lambda: follower.last >= last or follower.problems, f"event {last}")
            follower.end()
        for place, follower in enumerate(followers):
            way = f"{follower.way.__name__} {place}"
            self.problems += [f"{way}: {problem}" for problem in follower.problems[:3]]
            self.check(not follower.snapshots, f"{way} was sent a snapshot")
            self.check(follower.connections > 1, f"{way} was never interrupted")
            seen = [event["seq"] for event in follower.events if event["seq"] <= last]
            self.check(seen == list(range(1, last + 1)),
                       f"{way} has gaps: {len(seen)} of {last}, from {seen[:3]} to {seen[-3:]}")
            by_seq = {event["seq"]: event for event in follower.events}
            missing = sorted(set(told) - set(by_seq))
            self.check(not missing, f"{way} misses {len(missing)} events: {missing[:5]}")
            other = [seq for seq in told if seq in by_seq and told[seq] != by_seq[seq]]
            self.check(not other, f"{way} told otherwise than the list: "
                       + "".join(f"{by_seq[seq]} {told[seq]}" for seq in other[:1]))
            self.check(all(p.get("seq") for p in follower.progress), f"{way}: progress without seq")
        return told.values()

    def compare_states(self, events, trades):
        """The last event of each trade names the state that it is in."""
        last = {event["trade_id"]: event["type"] for event in sorted(
            events, key=lambda event: event["seq"])
            if event.get("trade_id") and event["type"].startswith("trade.")}
        wrong = [(t["id"], t["status"], last.get(t["id"])) for t in trades
                 if last.get(t["id"]) != f"trade.{t['status']}"]
        self.check(not wrong, f"{len(wrong)} trades are not where their last event is: {wrong[:2]}")

    def compare_lists(self, ids, trades):
        """The lists hold each batch and each trade once, however they are paged."""
        listed = self.viewer.pages("/api/batches", limit=3, sort="created_at")
        self.check(sorted(batch["id"] for batch in listed) == sorted(ids),
                   f"the batches are {[batch['name'] for batch in listed]}")
        times = [batch["created_at"] for batch in listed]
        self.check(times == sorted(times), "the batches are not in the order of their creation")
        found = self.viewer.pages("/api/trades", limit=100)
        self.check(sorted(t["id"] for t in found) == sorted(t["id"] for t in trades),
                   f"the blotter has {len(found)} trades, the batches have {len(trades)}")

    def compare_end(self, ids, followers):
        trades = []
        for id in ids:
            own = self.viewer.trades(id)
            self.check(not (wrong := count_problems(self.viewer.batch(id), own)), "; ".join(wrong))
            trades += own
        for part in (lambda: self.compare_lists(ids, trades),
                     lambda: [self.compare_exports(id) for id in ids],
                     lambda: self.compare_states(self.compare_feeds(followers, ids), trades)):
            try:
                part()
            except Wrong as wrong:
                self.check(False, str(wrong))
        return trades


def play(desk, server, options):
    day = Day(server, options)
    before = day.prepare()
    desk.bank.set_faults(FAULTS)
    followers = [Follower(day.viewer, way)
                 for way in (ServerSentEvents, SocketFeed, ServerSentEvents, SocketFeed)]
    killer = Killer(server, options.kills, random.Random(options.seed))
    killer.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(options.batches) as pool:
            ids = list(pool.map(day.conduct, range(options.batches)))
        killer.join(180)
        day.check(killer.problem is None, f"no start after a kill: {killer.problem}")
        day.check(killer.done == options.kills, f"{killer.done} of {options.kills} kills")
        trades = day.compare_end(before + ids, followers)
    finally:
        for follower in followers:
            follower.end()
    expect(server.end()[1] == 0, "the server did not end with 0 when it was asked to")
    # A cancelled trade has no deal at the bank either; the comparison knows it as failed.
    cancelled = [trade for trade in trades if trade["status"] == "cancelled"]
    rest = [trade for trade in trades if trade["status"] != "cancelled"]
    wrong = differences(desk, rest, desk.bank.ledger())
    day.check(not wrong, "; ".join(wrong))
    print(f"{killer.done} kills; {len(trades)} trades, {len(cancelled)} cancelled, "
          f"{len(desk.bank.ledger())} deals; "
          f"{[follower.connections for follower in followers]} connections")
    return day


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--trades", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.kills} kills, {options.batches} batches of "
          f"{options.trades} trades", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", str(options.seed), "--quote-life", "4000")
        server = None
        try:
            desk = Desk(folder, bank, FXBATCH_DOUBT_MARGIN_SECONDS="2", FXBATCH_LEASE_SECONDS="5")
            server = Server(desk)
            day = play(desk, server, options)
            passed, problems = day.checks - len(day.problems), day.problems
        except Wrong as wrong:
            passed, problems = 0, [str(wrong)]
        finally:
            if server:
                server.kill()
            bank.stop()
    sys.exit(report(passed, problems))


main()
