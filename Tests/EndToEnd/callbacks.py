#!/usr/bin/env python3
"""Webhooks and callbacks against a receiver that fails, hangs, is gone and leads elsewhere; and a server
that is killed at random moments: every outcome arrives, none is lost, a repetition has the same id and
the same body.

  Tests/EndToEnd/callbacks.py [--kills 5] [--batches 8] [--seed 1]
"""

import argparse
import json
import pathlib
import random
import sys
import tempfile
import threading
import time

from api_client import Api, Server, expect, report, trade_rows, wait_until, Wrong
from desk import Bank, Desk
from receiver import Receiver, problems_of

CLIENTS = 8
OUTCOMES = ["success", "partial_success", "failed", "cancelled", "needs_decision"]
NEEDS_DECISION = {"partial_success", "failed"}


class Tour:
    def __init__(self, server, receiver, bank):
        self.server, self.receiver, self.bank = server, receiver, bank
        self.admin = Api(server, server.environment["FXBATCH_TOKEN"])
        self.checks, self.problems = 0, []

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)

    def webhook(self, path, on):
        body = {"url": self.receiver.url(path), "on": on, "description": "a receiver of the tests"}
        made = self.admin.post("/api/webhooks", body, (201,)).json()
        self.check(made["secret"].startswith("whsec_"), f"the secret is {made['secret'][:6]}")
        return made["webhook"]["id"], made["secret"]

    def batch(self, name, count=2, **more):
        body = {"name": name, "pricing": "bank", "start": True,
                "trades": trade_rows(count, CLIENTS, name), **more}
        return self.admin.post("/api/batches", body, (201,)).json()

    def deliveries(self, id):
        return self.admin.pages(f"/api/webhooks/{id}/deliveries")

    def arrived(self, path, count, words, seconds=30):
        return wait_until(lambda: len(self.receiver.by_id(path)) >= count, words, seconds)

    # What each receiver makes of it.

    def receivers(self):
        good, secret = self.webhook("/good", ["success", "kill_switch"])
        shown = self.admin.get(f"/api/webhooks/{good}")
        self.check("secret" not in shown and secret not in json.dumps(shown), "the secret is shown again")
        gone, _ = self.webhook("/gone", ["success"])
        moved, _ = self.webhook("/moved", ["success"])
        hang, _ = self.webhook("/hang", ["success"])
        flaky, flaky_secret = self.webhook("/flaky", ["success"])
        batch = self.batch("first")
        self.admin.ended(batch["id"])
        begin = time.monotonic()
        self.arrived("/good", 1, "the outcome at a good receiver")
        self.arrived("/hang", 1, "the message to one that hangs")
        self.check(time.monotonic() - begin < 8, "one that hangs held the others up")
        message = self.receiver.at("/good")[0].json()
        self.check(message["type"] == "batch.success", f"the type is {message['type']}")
        self.check(message["data"]["batch_id"] == batch["id"], "it is about another batch")
        self.check(message["data"]["counts"]["completed"] == 2, f"its counts: {message['data']}")
        # After a 500 the same message comes again.
        wait_until(lambda: len(self.receiver.at("/flaky")) == 2, "the second try", 20)
        self.check(len(self.receiver.by_id("/flaky")) == 1, "a repetition had another id")
        self.problems += problems_of(self.receiver.at("/flaky"), [flaky_secret])
        self.problems += problems_of(self.receiver.at("/good"), [secret])
        wait_until(lambda: self.deliveries(flaky)[0]["status"] == "delivered", "noted", 20)
        log = self.deliveries(flaky)[0]
        self.check([a["status"] for a in log["attempts"]] == [500, 200], f"the log has {log}")
        # One that is gone is sent nothing more.
        told = wait_until(lambda: not self.admin.get(f"/api/webhooks/{gone}")["enabled"], "disabled")
        self.check(told and len(self.receiver.at("/gone")) == 1, "one that is gone was tried again")
        # Nobody is led elsewhere.
        log = wait_until(lambda: self.deliveries(moved)[0]["attempts"], "a try")[0]
        self.check(log["status"] == 302 and "elsewhere" in log["error"], f"the redirection: {log}")
        self.check(not self.receiver.at("/elsewhere"), "a redirection was followed")
        log = wait_until(lambda: self.deliveries(hang)[0]["attempts"], "the time-out", 30)[0]
        self.check(log["status"] is None and 9_000 < log["duration_ms"] < 12_000, f"hung: {log}")
        for id in (moved, hang, gone, flaky):
            self.admin.call("DELETE", f"/api/webhooks/{id}")
        return good, secret

    def secrets(self, good, secret):
        before = len(self.receiver.at("/good"))
        second = self.admin.post(f"/api/webhooks/{good}/rotate-secret").json()["secret"]
        put = self.admin.post(f"/api/webhooks/{good}/test", wanted=(202,)).json()
        wait_until(lambda: len(self.receiver.at("/good")) > before, "the test")
        message = self.receiver.at("/good")[-1]
        self.check(message.id == put["id"], "the test has another id")
        for name, key in (("old", secret), ("new", second)):
            wrong = list(problems_of([message], [key]))
            self.check(not wrong, f"the {name} secret does not check it: {wrong}")
        again = self.admin.post(
            f"/api/webhooks/{good}/deliveries/{put['id']}/redeliver", wanted=(202,)).json()
        self.check(again["status"] == "pending", f"redelivered: {again}")
        wait_until(lambda: len(self.receiver.by_id("/good")[put["id"]]) == 2, "it again")
        self.problems += problems_of(self.receiver.by_id("/good")[put["id"]], [second])

    def notices(self):
        self.admin.call("PUT", "/api/kill-switch", {"engaged": True, "reason": "a drill"})
        self.admin.call("PUT", "/api/kill-switch", {"engaged": False, "reason": "it is over"})
        def switched():
            kinds = [n["kind"] for n in self.admin.get("/api/notifications")["items"]]
            return kinds.count("kill_switch") == 2
        wait_until(switched, "notices of the kill switch")
        page = self.admin.get("/api/notifications", unread="true", limit=500)
        self.check(page["unread"] == len(page["items"]) > 3, f"unread: {page['unread']}")
        left = self.admin.post("/api/notifications/read", {"ids": [page["items"][1]["id"]]}).json()
        self.check(left["unread"] == page["unread"] - 1, f"one read: {left}")
        left = self.admin.post("/api/notifications/read", {"up_to": page["items"][0]["id"]}).json()
        self.check(left["unread"] == 0, f"all read: {left}")
        viewer = self.admin.issue("viewer", "viewer")
        self.check(viewer.get("/api/notifications")["unread"] > 0, "another has read it too")
        self.check(viewer.call("GET", "/api/webhooks").status == 403, "a viewer sees webhooks")
        types = {m.json()["type"] for m in self.receiver.at("/good")}
        self.check({"kill_switch.engaged", "kill_switch.released"} <= types, f"told: {types}")

    def callbacks(self):
        """A failed batch calls back, and again after a retry's new round."""
        secret = "whsec_" + "A" * 32
        self.bank.set_faults("book.refusal=1000")
        callback = {"url": self.receiver.url("/good/mine"), "on": OUTCOMES, "secret": secret}
        made = self.batch("refused", callbacks=[callback])
        self.check("secret" not in made["callbacks"][0], "a given secret is shown")
        self.admin.ended(made["id"])
        self.arrived("/good/mine", 2, "the failure and the decision")
        self.bank.set_faults("book.refusal=0")
        self.admin.post(f"/api/batches/{made['id']}/retry", {"all": True})
        self.admin.ended(made["id"])
        self.arrived("/good/mine", 3, "the second round")
        types = sorted(m.json()["type"] for m in self.receiver.at("/good/mine"))
        self.check(types == ["batch.failed", "batch.needs_decision", "batch.success"], f"{types}")
        self.problems += problems_of(self.receiver.at("/good/mine"), [secret])

    def refusals(self):
        for body in ({"url": "ftp://desk.example/", "on": ["success"]}, {"url": "x", "on": []},
                     {"url": "https://u:p@desk.example/", "on": ["success"]},
                     {"url": self.receiver.url("/good"), "on": ["nothing"]}, {"on": ["success"]}):
            answer = self.admin.call("POST", "/api/webhooks", body)
            self.check(answer.status == 422, f"{body} was answered with {answer!r}")
        many = [{"url": self.receiver.url("/good")}] * 11
        answer = self.admin.call("POST", "/api/batches", {
            "name": "many", "callbacks": many, "trades": trade_rows(1, CLIENTS, "many")})
        self.check(answer.status == 422, f"eleven callbacks: {answer!r}")


def soak(tour, options):
    """Kills the server at random moments while batches end."""
    chance = random.Random(options.seed)
    server, receiver = tour.server, tour.receiver
    secret = "whsec_" + "B" * 32
    tour.bank.set_faults("book.refusal=300,book.slow=300,slow_ms=200")
    expected, done = {}, threading.Event()

    def submit():
        for number in range(options.batches):
            name = f"soak-{number}"
            path = f"/chance/{number}"
            callback = {"url": receiver.url(path), "on": OUTCOMES, "secret": secret}
            batch = tour.batch(name, count=4, callbacks=[callback])
            expected[batch["id"]] = path
            if number % 4 == 3:
                tour.admin.sure("POST", f"/api/batches/{batch['id']}/cancel")
            time.sleep(chance.uniform(0, 0.6))
        done.set()

    worker = threading.Thread(target=submit, daemon=True)
    worker.start()
    for _ in range(options.kills):
        time.sleep(chance.uniform(0.2, 1.8))
        server.kill()
        server.start()
    expect(done.wait(120), "the batches were not taken in")
    for id, path in expected.items():
        status = tour.admin.ended(id)["status"]
        wanted = {f"batch.{status}"} | (
            {"batch.needs_decision"} if status in NEEDS_DECISION else set())

        def answered():
            log = tour.admin.pages(
                f"/api/webhooks/{tour.admin.batch(id)['callbacks'][0]['id']}/deliveries")
            return len(log) >= len(wanted) and all(row["status"] == "delivered" for row in log)
        wait_until(answered, f"the delivery of {wanted} of {path}", 180)
        by_id = receiver.by_id(path)
        types = sorted(messages[0].json()["type"] for messages in by_id.values())
        tour.check(types == sorted(wanted), f"{path}: {types} came, {sorted(wanted)} were due")
        tour.problems += problems_of(receiver.at(path), [secret])
    tour.bank.set_faults("book.refusal=0,book.slow=0")


def guarded(tour, desk, server):
    """Without leave, nothing goes to this machine."""
    hook = tour.webhook("/good/never", ["kill_switch"])[0]
    server.end()
    server.environment["FXBATCH_WEBHOOK_ALLOW_PRIVATE"] = "false"
    server.start()
    plain = tour.admin.call("POST", "/api/webhooks", {
        "url": tour.receiver.url("/good"), "on": ["success"]})
    tour.check(plain.status == 422, f"plain http: {plain!r}")
    ids = [hook]
    for host in ("localhost", "127.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"):
        made = tour.admin.post("/api/webhooks", {
            "url": f"https://{host}:{tour.receiver.port}/", "on": ["success"]}, (201,)).json()
        ids.append(made["webhook"]["id"])
    for id in ids:
        tour.admin.post(f"/api/webhooks/{id}/test", wanted=(202,))
        tries = wait_until(lambda: tour.deliveries(id)[0]["attempts"], "the refusal")
        error = tries[0]["error"]
        tour.check("public" in error or "https" in error, f"{id} was tried: {error}")
        tour.admin.call("DELETE", f"/api/webhooks/{id}")
    tour.check(not tour.receiver.at("/good/never"), "something was sent to this machine")


def command_line(tour, desk, server):
    desk.environment["FXBATCH_WEBHOOK_ALLOW_PRIVATE"] = "true"
    url = tour.receiver.url("/good/cli")
    made = desk.run("webhooks", "create", "--url", url, "--on", "success", "--json")
    id = json.loads(made.stdout)["webhook"]["id"]
    listed = [json.loads(line)["id"] for line in desk.run("webhooks", "--json").stdout.splitlines()]
    tour.check(id in listed, f"listed: {listed}")
    told = desk.run("webhooks", "rotate-secret", id).stdout
    tour.check(told.startswith("whsec_"), f"the new secret: {told}")
    put = json.loads(desk.run("webhooks", "test", id, "--json").stdout)
    server.environment["FXBATCH_WEBHOOK_ALLOW_PRIVATE"] = "true"
    trades = desk.write_trades(["15000.00", "16000.00"], CLIENTS)
    server.end()
    # What this process runs, the next server tells.
    desk.run("run", trades, "--pricing", "bank", "--name", "here", "--callback",
             tour.receiver.url("/good/run") + "=success,failed")
    server.start()
    tour.arrived("/good/cli", 2, "the test and the success")
    tour.arrived("/good/run", 1, "the callback of what was run here")
    tour.check(put["id"] in tour.receiver.by_id("/good/cli"), "the test did not arrive")
    log = desk.run("webhooks", "deliveries", id).stdout
    tour.check("delivered" in log and "batch.success" in log, f"the log: {log}")
    desk.run("webhooks", "redeliver", id, put["id"])
    desk.run("webhooks", "update", id, "--enabled", "false")
    desk.run("webhooks", "delete", id)
    table = desk.run("notifications", "--mark-read").stdout
    tour.check("success" in table and "*" in table, f"notifications: {table[:300]}")
    table = desk.run("notifications", "--unread").stdout
    tour.check("nothing to tell" in table, f"still unread: {table[:300]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    receiver = Receiver()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", str(options.seed))
        server = None
        tour = None
        try:
            desk = Desk(folder, bank, FXBATCH_DOUBT_MARGIN_SECONDS="2")
            desk.import_clients(CLIENTS)
            desk.book_first_deal()
            server = Server(desk, FXBATCH_WEBHOOK_ALLOW_PRIVATE="true")
            tour = Tour(server, receiver, bank)
            good, secret = tour.receivers()
            tour.secrets(good, secret)
            tour.notices()
            tour.callbacks()
            tour.refusals()
            soak(tour, options)
            guarded(tour, desk, server)
            command_line(tour, desk, server)
            log = server.log.read_text()
            tour.check("whsec_" not in log and secret[6:] not in log, "the log holds a secret")
        except Wrong as wrong:
            problems = (tour.problems if tour else []) + [str(wrong)]
            if server:
                print(server.log.read_text()[-2000:])
            sys.exit(report(tour.checks if tour else 0, problems))
        finally:
            if server:
                server.kill()
            bank.stop()
            receiver.stop()
    sys.exit(report(tour.checks, tour.problems))


main()
