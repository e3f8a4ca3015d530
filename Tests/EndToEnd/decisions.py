#!/usr/bin/env python3
"""What batches do about failures by themselves, and what people then decide: policies, thresholds,
approvals, rejections, reversals, retries and acceptances, with the same commands on a local store and at
a server.

  Tests/EndToEnd/decisions.py
"""

import json
import pathlib
import sys
import tempfile

from api_client import Api, Server, report
from desk import Bank, Desk

CLIENTS = 6
SUCCESS, PARTIAL, FAILED, WAITS, REFUSED = 0, 1, 2, 4, 65
# Below every minimum margin: its trade fails with `rate_check`.
HOPELESS = "-500"
GOOD = "300"


class Desks:
    """One desk, as the dealer and as the approver see it."""

    def __init__(self, desk, dealer, approver):
        self.desk, self.dealer, self.approver = desk, dealer, approver
        self.checks, self.problems, self.files = 0, [], 0

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)

    def order(self, *arguments, by=None, code=SUCCESS):
        """A command that must end so."""
        self.desk.environment.pop("FXBATCH_TOKEN", None)
        if by or self.dealer:
            self.desk.environment["FXBATCH_TOKEN"] = by or self.dealer
        done = self.desk.run(*arguments, allowed=None)
        self.check(done.returncode == code,
                   f"{arguments} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        return done

    def batch(self, name):
        return json.loads(self.order("show", name, "--json").stdout)

    def file(self, spreads):
        """Trades of one client each, priced with these spreads."""
        self.files += 1
        path = self.desk.folder / f"decisions-{self.files}.csv"
        rows = [f"CIF{1000 + n % CLIENTS},{1000 * self.files + n}.00,{spread},D{self.files}-{n}"
                for n, spread in enumerate(spreads)]
        path.write_text("Client CIF,Amount ZAR,Spread,Reference\n" + "\n".join(rows) + "\n")
        return str(path)

    def run(self, name, spreads, *options, code):
        """One trade after the other, so that it is known which of them fails first."""
        self.order("run", self.file(spreads), "--pricing", "bank", "--name", name,
                   "--max-concurrent-trades", "1", *options, code=code)
        return self.batch(name)

    def stands(self, batch, status, needs, **counts):
        self.check((batch["status"], batch["needs_decision"]) == (status, needs),
                   f"{batch['name']} is {batch['status']}, needs {batch['needs_decision']}")
        for name, count in counts.items():
            self.check(batch["counts"][name] == count,
                       f"{batch['name']}: {batch['counts'][name]} {name}, not {count}")

    def notes(self, name, type):
        events = [json.loads(line) for line in
                  self.order("events", name, "--json").stdout.splitlines()]
        return [event["data"]["note"] for event in events if event["type"] == type]

    # The scenarios.

    def pauses_on_failure(self):
        batch = self.run("pausing", [GOOD, HOPELESS, GOOD, GOOD], "--on-failure", "pause", code=WAITS)
        self.stands(batch, "paused", ["paused_by_policy"], failed=1, completed=1, pending=2)
        self.check(batch["pause_cause"] == "policy", f"paused by {batch['pause_cause']}")
        told = self.order("decisions").stdout
        self.check(f"fxbatch resume {batch['id']}" in told, f"no way on in: {told}")
        self.check(self.notes("pausing", "batch.paused")
                   == ["1 of 4 trades failed, and none is tolerated"], "no figures in the event")
        self.order("resume", "pausing")
        self.order("run", "--resume", "pausing", code=PARTIAL)
        self.stands(self.batch("pausing"), "partial_success", ["partial_success"], failed=1, completed=3)
        # The same trade fails for the same reason, and is then signed off.
        self.order("retry", "pausing", "--code", "rate_check")
        self.order("run", "--resume", "pausing", code=PARTIAL)
        self.order("retry", "pausing", "--code", "price_collar", code=REFUSED)
        self.order("accept", "pausing", "--note", "dealt by telephone")
        batch = self.batch("pausing")
        self.stands(batch, "partial_success", [], failed=1, completed=3)
        self.check(batch["accepted_note"] == "dealt by telephone", f"accepted: {batch}")
        again = self.order("accept", "pausing", "--note", "again", code=REFUSED)
        self.check("accepted" in again.stderr, f"who was first is not told: {again.stderr}")

    def cancels_on_failure(self):
        batch = self.run("cancelling", [HOPELESS, GOOD, GOOD], "--on-failure", "cancel", code=FAILED)
        self.stands(batch, "failed", ["failed"], failed=1, cancelled=2)
        self.check(self.notes("cancelling", "batch.cancel_requested")
                   == ["1 of 3 trades failed, and none is tolerated"], "no figures in the event")
        self.order("accept", "cancelling", "--note", "not today")

    def goes_on(self):
        batch = self.run("going on", [HOPELESS, GOOD, HOPELESS, GOOD], code=PARTIAL)
        self.stands(batch, "partial_success", ["partial_success"], failed=2, completed=2)
        self.order("accept", "going on", "--note", "as expected")

    def tolerates_some(self):
        batch = self.run("tolerant", [HOPELESS, HOPELESS, GOOD, HOPELESS, GOOD],
                         "--tolerated-failures", "1", code=WAITS)
        self.stands(batch, "paused", ["threshold_breached"], failed=2, pending=3)
        self.order("edit", "tolerant", "--tolerated-failures", "4")
        self.stands(self.batch("tolerant"), "paused", ["threshold_breached"], failed=2)
        self.order("resume", "tolerant")
        self.order("run", "--resume", "tolerant", code=PARTIAL)
        self.stands(self.batch("tolerant"), "partial_success", ["partial_success"], failed=3, completed=2)
        self.order("accept", "tolerant", "--note", "as expected")
        batch = self.run("a share", [HOPELESS, GOOD, HOPELESS, GOOD, GOOD],
                         "--tolerated-failure-percent", "20", code=WAITS)
        self.stands(batch, "paused", ["threshold_breached"], failed=2, completed=1, pending=2)
        self.order("cancel", "a share", "--note", "too many")
        self.check(self.notes("a share", "batch.cancel_requested") == ["too many"], "no reason is kept")
        self.order("run", "--resume", "a share", code=PARTIAL)
        self.order("accept", "a share", "--note", "as expected")

    def takes_two(self):
        self.order("submit", self.file([GOOD, GOOD]), "--pricing", "bank", "--name", "large",
                   "--approval", "required")
        self.stands(self.batch("large"), "staged", ["approval"])
        self.order("start", "large", code=WAITS)
        self.order("reject", "large", "--note", "which client?", by=self.approver)
        batch = self.batch("large")
        self.stands(batch, "staged", ["rejected"])
        self.check(batch["rejected_note"] == "which client?", f"no reason is kept: {batch}")
        told = self.order("decisions", "--reason", "rejected").stdout
        self.check("which client?" in told and batch["id"] in told, f"not in the inbox: {told}")
        self.order("start", "large", code=REFUSED)
        self.order("approve", "large", "--yes", by=self.approver, code=REFUSED)
        self.order("edit", "large", "--rename", "large, explained")
        self.stands(self.batch("large, explained"), "staged", ["approval"])
        self.order("approve", "large, explained", "--yes", by=self.approver)
        self.order("run", "--resume", "large, explained")
        self.check("large" not in self.order("decisions", "--reason", "approval").stdout,
                   "it still waits for an approval")

    def reverses(self):
        batch = self.run("right", [GOOD, GOOD, GOOD], code=SUCCESS)
        made = json.loads(self.order("reverse", "right", "--json").stdout)
        self.stands(made, "staged", [], pending=3)
        self.check(made["name"] == "right (reversal)", made["name"])
        self.order("reverse", "right", code=REFUSED)
        self.order("run", "--resume", made["id"])
        old = {trade["id"]: trade for trade in self.desk.trades(batch["id"])}
        for trade in self.desk.trades(made["id"]):
            other = old.pop(trade["external_ref"].removeprefix("reverses "), None)
            self.check(other and trade["status"] == "completed" and trade["side"] == "sell"
                       and all(trade[name] == other[name] for name in
                               ("cif_number", "pair", "deal_amount", "deal_currency")),
                       f"not the opposite: {trade}")
        self.check(not old, f"{len(old)} trades were not reversed")

    def settles_badly(self):
        self.desk.bank.set_faults("settlement_failed=1000")
        batch = self.run("unsettled", [GOOD], code=FAILED)
        self.desk.bank.set_faults("settlement_failed=0")
        self.stands(batch, "failed", ["failed", "settlement_failed"], failed=1)
        told = self.order("decisions", "--reason", "settlement_failed").stdout
        self.check(f"fxbatch retry {batch['id']} --trade TRADE --note WHY" in told, told)
        trade = self.desk.trades(batch["id"])[0]["id"]
        self.order("retry", "unsettled", "--all", code=REFUSED)
        self.order("retry", "unsettled", "--trade", trade, "--note", "money is back",
                   by=self.approver)
        self.order("run", "--resume", "unsettled")

    def tries_again_by_category(self):
        """A passing fault is quoted anew as often as the policy says, and then no more."""
        self.desk.bank.set_faults("quote.internal=1000")
        name = self.file([GOOD])
        self.order("submit", name, "--pricing", "bank", "--name", "hasty")
        self.retries("hasty", {"transient": {"tries": 2, "first_delay_ms": 10}})
        self.order("run", "--resume", "hasty", code=FAILED)
        calls = [note for note in self.transitions("hasty") if note == ("quoting", "pending")]
        self.check(len(calls) == 1, f"{len(calls)} quotes were tried again, not 1")
        self.desk.bank.set_faults("quote.internal=0")
        self.order("retry", "hasty", "--code", "bank_unavailable")
        self.order("run", "--resume", "hasty")

    def retries(self, name, rules):
        path = self.desk.folder / "retries.json"
        path.write_text(json.dumps(rules))
        self.order("edit", name, "--retries", str(path))

    def transitions(self, name):
        events = [json.loads(line) for line in
                  self.order("events", name, "--json").stdout.splitlines()]
        return [(event["data"]["from"], event["data"]["to"]) for event in events
                if event["trade_id"]]

    def all(self):
        for scenario in (self.pauses_on_failure, self.cancels_on_failure, self.goes_on,
                         self.tolerates_some, self.takes_two, self.reverses, self.settles_badly,
                         self.tries_again_by_category):
            scenario()
        self.check("nothing waits" in self.order("decisions").stdout, "the inbox is not empty")


def locally(folder):
    bank = Bank(folder, "--seed", "1")
    try:
        desk = Desk(folder, bank, FXBATCH_STATUS_POLL_MS="100")
        desk.import_clients(CLIENTS)
        desks = Desks(desk, None, desk.environment["FXBATCH_TOKEN"])
        desks.all()
        # What comes to more than goes without an approval waits for one.
        desk.environment["FXBATCH_APPROVAL"] = "1500.00"
        batch = desks.run("above", [GOOD, GOOD], code=WAITS)
        desks.stands(batch, "staged", ["approval"])
        desks.order("approve", "above", "--yes", by=desks.approver)
        desks.order("run", "--resume", "above")
        del desk.environment["FXBATCH_APPROVAL"]
        verified = desk.run("verify", allowed=None)
        desks.check(verified.returncode == 0, f"verify: {verified.stdout}{verified.stderr}")
        return desks
    finally:
        bank.stop()


def at_a_server(folder):
    bank = Bank(folder, "--seed", "2")
    server = None
    try:
        desk = Desk(folder, bank, FXBATCH_STATUS_POLL_MS="100")
        desk.import_clients(CLIENTS)
        server = Server(desk)
        admin = Api(server, desk.environment["FXBATCH_TOKEN"])
        tokens = [admin.issue(name, role).token for name, role in
                  (("dealer", "dealer"), ("approver", "approver"))]
        desk.environment["FXBATCH_SERVER"] = server.url
        desks = Desks(desk, *tokens)
        desks.all()
        return desks
    finally:
        if server:
            server.kill()
        bank.stop()


def main():
    passed, problems = 0, []
    for way in (locally, at_a_server):
        with tempfile.TemporaryDirectory() as name:
            desks = way(pathlib.Path(name))
        passed += desks.checks - len(desks.problems)
        problems += [f"{way.__name__}: {problem}" for problem in desks.problems]
    sys.exit(report(passed, problems))


main()
