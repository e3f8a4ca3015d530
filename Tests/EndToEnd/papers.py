#!/usr/bin/env python3
"""What leaves the desk on paper, and what its day asks for: the desk's own columns, copies with new
amounts, templates, confirmations, reports on margins; the evidence about a doubt, the day's
reconciliation, the warning before settlement, and notifications as they come; over the API and with the
commands, against the sandbox.

  Tests/EndToEnd/papers.py
"""

import csv
import datetime
import decimal
import io
import json
import pathlib
import re
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading

from api_client import Api, Server, report, wait_until
from desk import Bank, Desk
from live_feeds import ServerSentEvents
from receiver import Receiver, problems_of

CLIENTS = 6
WAITS, REFUSED = 4, 65
COLUMNS = ["ID", "Status", "Client", "Client CIF", "Sell Amount ZAR", "Deal Type", "External Ref",
           "Fixed Rate", "Fixed Spread", "Deal Reference", "USD Bought", "Client Rate", "Spread",
           "Spread ZAR Amount", "Value Date"]
JOHANNESBURG = datetime.timezone(datetime.timedelta(hours=2))
SECRET = "whsec_" + "B" * 32
CENT = decimal.Decimal("0.01")


def today():
    return datetime.datetime.now(JOHANNESBURG).date().isoformat()


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def total(rows, name):
    return sum(decimal.Decimal(row[name]) for row in rows)


class Papers:
    def __init__(self, desk, server, receiver):
        self.desk, self.server, self.receiver = desk, server, receiver
        self.admin = Api(server, desk.environment["FXBATCH_TOKEN"])
        self.viewer = self.admin.issue("viewer", "viewer")
        self.checks, self.problems = 0, []

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)

    def order(self, *arguments, code=0):
        self.desk.environment["FXBATCH_SERVER"] = self.server.url
        done = self.desk.run(*arguments, allowed=None)
        self.check(done.returncode == code,
                   f"{arguments} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        return done.stdout

    def batch(self, name, trades, **more):
        body = {"name": name, "pricing": "bank", "start": True, "trades": trades, **more}
        return self.admin.post("/api/batches", body, (201,)).json()

    def trade(self, client, amount, **more):
        return {"cif_number": f"CIF{1000 + client}", "deal_amount": amount, **more}

    def refused(self, method, path, body, *codes, status=422):
        answer = self.admin.call(method, path, body)
        told = {error["code"] for error in answer.json().get("errors", [])}
        self.check(answer.status == status and told == set(codes), f"{path} {body}: {answer!r}")

    def notices(self, kind):
        return [n for n in self.admin.pages("/api/notifications") if n["kind"] == kind]

    def told(self, kind, count=1):
        """The notifications of a kind, once there are so many."""
        return wait_until(lambda: len(found := self.notices(kind)) >= count and found,
                          f"{count} notifications {kind}", 30)

    # Papers.

    def columns(self):
        batch = self.batch("columns", [
            self.trade(0, "200000.00", allowance="SDA", external_ref="=2+2"),
            self.trade(1, "10000.00", deal_currency="USD", side="sell"),
            self.trade(2, "50000.00", fixed_rate="19.5", delivery="tom")], max_concurrent_trades=1)
        self.admin.ended(batch["id"])
        answer = self.viewer.call("GET", f"/api/batches/{batch['id']}/export?format=csv&columns=desk")
        rows = rows_of(answer.body.decode())
        self.check(list(rows[0]) == COLUMNS, f"the columns are {list(rows[0])}")
        trades = self.admin.trades(batch["id"])
        for row, trade in zip(rows, trades):
            given = decimal.Decimal(row["Sell Amount ZAR"])
            got = decimal.Decimal(row["USD Bought"])
            zar, usd = ((trade["deal_amount"], trade["counter_amount"])
                        if trade["deal_currency"] == "ZAR"
                        else (trade["counter_amount"], trade["deal_amount"]))
            sign = 1 if trade["side"] == "buy" else -1
            self.check((given, got) == (sign * decimal.Decimal(zar), sign * decimal.Decimal(usd)),
                       f"the amounts of {row}")
            self.check(row["ID"] == trade["id"] and row["Client Rate"] == trade["client_rate"]
                       and row["Spread"] == trade["margin_pips"]
                       and row["Spread ZAR Amount"] == trade["margin_amount"]
                       and row["Value Date"] == trade["value_date"]
                       and row["Deal Reference"] == trade["deal_reference"], f"{row} of {trade}")
        self.check([row["External Ref"] for row in rows] == ["SDA", "", ""], "the allowances")
        self.check([row["Deal Type"] for row in rows] == ["spot", "spot", "next_day"], "deal types")
        self.check(decimal.Decimal(rows[2]["Fixed Rate"]) == decimal.Decimal("19.5"),
                    f"the fixed rate of {rows[2]}")
        path = self.desk.folder / "columns.csv"
        self.order("export", "columns", "--columns", "desk", "--output", str(path))
        self.check(path.read_bytes() == answer.body, "the command writes something else")
        self.refused("GET", f"/api/batches/{batch['id']}/export?format=ndjson&columns=desk", None,
                     "unexpected")
        self.check("'=2+2" in self.order("export", "columns"), "a formula is not quoted")

    def copies(self):
        callback = {"url": self.receiver.url("/good/copied"), "on": ["success"], "secret": SECRET}
        trades = [self.trade(0, "1000.00"), self.trade(1, "2000.00"), self.trade(1, "3000.00")]
        batch = self.batch("original", trades, callbacks=[callback], start=False)
        path = f"/api/batches/{batch['id']}/clone"
        amounts = [{"row": 3, "deal_amount": "3333.33"}, {"cif_number": "CIF1000", "deal_amount": "1111"}]
        made = self.admin.post(path, {"amounts": amounts, "name": "copied"}, (201,)).json()
        found = [trade["deal_amount"] for trade in self.admin.trades(made["id"])]
        self.check(found == ["1111.00", "2000.00", "3333.33"], f"the copy's amounts are {found}")
        self.check(made["name"] == "copied" and made["status"] == "staged", f"the copy is {made}")
        self.check([c["url"] for c in made["callbacks"]] == [callback["url"]]
                   and "secret" not in made["callbacks"][0], f"its callbacks: {made['callbacks']}")
        self.admin.post(f"/api/batches/{made['id']}/start")
        self.admin.ended(made["id"])
        wait_until(lambda: self.receiver.at("/good/copied"), "the copy's callback")
        messages = self.receiver.at("/good/copied")
        self.check(messages[0].json()["data"]["batch_id"] == made["id"], "it tells of another batch")
        self.problems += problems_of(messages, [SECRET])
        self.refused("POST", path, {"amounts": [
            {"row": 9, "deal_amount": "1"}, {"cif_number": "CIF1001", "deal_amount": "1"},
            {"row": 1, "deal_amount": "1"}, {"cif_number": "CIF1000", "deal_amount": "1"},
            {"row": 2, "deal_amount": "0.001"}]},
            "unknown_row", "ambiguous_row", "repeated_row", "too_many_decimals")
        self.refused("POST", path, {"amounts": [{"row": 1, "cif_number": "CIF1", "deal_amount": "1"}]},
                     "empty")
        told = json.loads(self.order("clone", "original", "--name", "by command", "--amount", "1=77.70",
                                     "--amount-of", "CIF1000=1", "--json", code=REFUSED) or "{}")
        self.check(not told.get("id"), "a row was given two amounts")
        made = json.loads(self.order("clone", "original", "--amount", "1=77.70", "--json"))
        found = [trade["deal_amount"] for trade in self.admin.trades(made["id"])]
        self.check(found == ["77.70", "2000.00", "3000.00"], f"the command's copy: {found}")

    def templates(self):
        trades = [self.trade(n, f"{1000 + n}.00", external_ref=f"T{n}") for n in range(3)]
        source = self.batch("to be kept", trades, start=False, priority=8,
                            policy={"tolerated_failures": 2})
        body = {"batch_id": source["id"], "name": "weekly"}
        kept = self.admin.post("/api/templates", body, (201,)).json()
        self.check((kept["rows"], kept["priority"]) == (3, 8)
                   and kept["policy"]["tolerated_failures"] == 2, f"kept: {kept}")
        self.refused("POST", "/api/templates", body, status=409)
        self.check(self.viewer.call("POST", "/api/templates", body).status == 403, "a viewer saves")
        rows = self.viewer.pages(f"/api/templates/{kept['id']}/rows", limit=2)
        self.check([row["deal_amount"] for row in rows] == [t["deal_amount"] for t in trades],
                   f"the rows: {rows}")
        made = self.admin.post(
            f"/api/templates/{kept['id']}/batches",
            {"name": "week 12", "amounts": [{"row": 2, "deal_amount": "2500.00"}]}, (201,)).json()
        found = [(t["deal_amount"], t["external_ref"]) for t in self.admin.trades(made["id"])]
        self.check(found == [("1000.00", "T0"), ("2500.00", "T1"), ("1002.00", "T2")], f"made: {found}")
        self.check((made["status"], made["priority"], made["policy"]["tolerated_failures"])
                   == ("staged", 8, 2), f"made: {made}")
        self.order("templates", "save", source["id"], "--name", "monthly")
        self.order("templates", "save", source["id"], "--name", "monthly", code=REFUSED)
        self.order("templates", "rename", "monthly", "--name", "yearly")
        self.order("templates", "rename", "yearly", "--name", "weekly", code=REFUSED)
        self.check("T1" in self.order("templates", "show", "yearly"), "its rows are not shown")
        made = json.loads(self.order("templates", "use", "yearly", "--amount-of", "CIF1000=5", "--json"))
        self.check(made["name"] == "yearly" and made["amounts"]["requested"] == {"ZAR": "2008.00"},
                   f"of the command: {made['amounts']}")
        self.order("templates", "delete", "yearly")
        names = [template["name"] for template in self.admin.pages("/api/templates", limit=1)]
        self.check(names == ["weekly"], f"the templates are {names}")

    def confirmations(self):
        name = "O'Neil & <Sons> \"Ltd\""
        self.admin.post("/api/clients", {
            "name": name, "cif_number": "CIF2000", "spread": "300", "accounts": [
                {"currency": "ZAR", "account_number": "ZA2000"},
                {"currency": "USD", "account_number": "US2000"}]}, (201,))
        trade = {"cif_number": "CIF2000", "deal_amount": "1000.00", "external_ref": "<script>x</script>"}
        batch = self.batch("confirmed", [trade], start=False)
        trade = self.admin.trades(batch["id"])[0]
        path = f"/api/trades/{trade['id']}/confirmation"
        early = self.viewer.call("GET", path)
        self.check(early.status == 409 and early.json()["state"] == "pending", f"too early: {early!r}")
        self.admin.post(f"/api/batches/{batch['id']}/start")
        self.admin.ended(batch["id"])
        trade = self.admin.trades(batch["id"])[0]
        answer = self.viewer.call("GET", path)
        page = answer.body.decode()
        policy = answer.fields["Content-Security-Policy"]
        self.check("default-src 'none'" in policy and "unsafe" not in policy, f"the policy is {policy}")
        self.check(re.search(r"style-src 'sha256-[A-Za-z0-9+/=]+'", policy), f"the style in {policy}")
        self.check("<script" not in page and "&lt;script&gt;" in page, "a text is not escaped")
        self.check("O&#39;Neil &amp; &lt;Sons&gt; &quot;Ltd&quot;" in page, "the name is not escaped")
        for words in (trade["deal_reference"], f"USD {trade['counter_amount']}", "ZAR 1000.00",
                      trade["client_rate"], trade["value_date"], "@media print"):
            self.check(words in page, f"{words} is not confirmed")
        self.check(trade["quote_rate"] not in page, "the bank's rate is told")
        target = self.desk.folder / "deal.html"
        self.order("confirmation", trade["id"], "--output", str(target))
        self.check(target.read_text() == page, "the command writes another page")

    def margins(self):
        """Held against the trades themselves."""
        dealt = [t for t in self.admin.pages("/api/trades", limit=500) if t["status"] == "completed"]
        for by, name in (("batch", "batch_id"), ("client", "cif_number"), ("day", "day")):
            lines = self.viewer.pages("/api/reports/margins", by=by, limit=2)
            self.check(sum(line["trades"] for line in lines) == len(dealt), f"{by}: {lines}")
            self.check(total(lines, "margin") == total(dealt, "margin_amount"), f"margins by {by}")
            text = self.order("report", "margins", "--by", by, "--csv")
            self.check([row[name] for row in rows_of(text)] == [line[name] for line in lines],
                       f"the file by {by}: {text}")
        for line in self.viewer.pages("/api/reports/margins", by="client"):
            mine = [t for t in dealt if t["cif_number"] == line["cif_number"]
                    and t["deal_currency"] == line["deal_currency"]]
            gap = sum(self.rounding(t) for t in mine)
            self.check((decimal.Decimal(line["rounding_difference"]), total(mine, "counter_amount"))
                       == (gap, decimal.Decimal(line["countered"])), f"{line}: {gap}")
        later = (datetime.date.fromisoformat(today()) + datetime.timedelta(days=1)).isoformat()
        none = self.viewer.get("/api/reports/margins", **{"from": later, "to": later})
        self.check(none["items"] == [], f"tomorrow's: {none}")
        self.refused("GET", "/api/reports/margins?from=2020-01-01", None, "out_of_range")
        self.check("CIF" not in self.order("report", "margins"), "clients in a report on days")

    def rounding(self, trade):
        """What the rounded legs leave over beyond the margin, in the quote currency."""
        zar, usd = ((trade["deal_amount"], trade["counter_amount"]) if trade["deal_currency"] == "ZAR"
                    else (trade["counter_amount"], trade["deal_amount"]))
        sign = 1 if trade["side"] == "buy" else -1
        at_bank = (decimal.Decimal(usd) * decimal.Decimal(trade["quote_rate"])).quantize(
            CENT, decimal.ROUND_HALF_UP)
        return sign * (decimal.Decimal(zar) - at_bank) - decimal.Decimal(trade["margin_amount"])

    # The desk's day.

    def doubt(self):
        """A deal that the bank has and does not tell of, until a person says that it has not."""
        self.desk.bank.set_faults("book.lost_after=1000,status.error_before=1000")
        batch = self.batch("doubtful", [self.trade(3, "4000.00"), self.trade(3, "4001.00")],
                           policy={"on_failure": "pause"})
        trade = wait_until(lambda: next((t for t in self.admin.trades(batch["id"])
                                         if t["status"] == "in_doubt"), None), "a doubt")
        path = f"/api/trades/{trade['id']}/evidence"
        found = wait_until(lambda: (e := self.admin.get(path))["inquiries"] and e, "a question")
        attempt = found["attempts"][0]
        asked = found["inquiries"][0]
        self.check(asked["asked"] == attempt["deal_transaction_id"] and "HTTP status" in asked["answer"]
                   and asked["asked_by"] == "deal_transaction_id", f"asked: {asked}")
        self.check(attempt["may_be_booked_until"] > attempt["quote_expires_at"] > attempt["intent_at"],
                   f"the attempt: {attempt}")
        self.check("HTTP status" in found["bank"]["answers"][0]["answer"], f"silent: {found['bank']}")
        named = [line for line in found["bank"]["statement_lines"] if line["names_trade"]]
        self.check(len(named) == 2, f"both statements name it: {found['bank']}")
        self.desk.bank.set_faults("statement.error_before=1000,status.error_before=1000")
        silent = self.admin.get(path)["bank"]
        self.check(len(silent["unread_statements"]) == 2 and not silent["statement_lines"],
                   f"no statement: {silent}")
        self.desk.bank.set_faults("status.error_before=1000")
        text = self.order("evidence", trade["id"])
        self.check(attempt["deal_transaction_id"] in text and "HTTP status" in text, text)
        self.check(self.admin.get(path, ask_bank="false")["bank"] is None, "the bank was asked")
        # Called not booked by mistake: the policy pauses the batch, and people are told.
        body = {"outcome": "not_booked", "note": "a mistake of the tests"}
        approver = self.admin.issue("approver", "approver")
        wait_until(lambda: approver.call(
            "POST", f"/api/trades/{trade['id']}/resolve", body).status == 200, "the resolution", 30)
        self.check(self.admin.batch(batch["id"])["pause_cause"] == "policy", "the policy did not pause it")
        wait_until(lambda: [n for n in self.notices("needs_decision") if n["batch_id"] == batch["id"]
                            and "paused" in n["text"]], "the notice of the policy's pause")
        self.desk.bank.set_faults("status.error_before=0")
        return trade

    def reconciliation(self, trade):
        made = self.admin.post("/api/reports/reconciliations", None, (202,)).json()
        path = f"/api/reports/reconciliations/{made['id']}"
        found = wait_until(lambda: (r := self.viewer.get(path))["ended_at"] and r, "its end", 60)
        kinds = {d["kind"]: d["trade_id"] for d in found["differences"]}
        self.check(found["status"] == "differs"
                   and kinds.get("booked_at_bank_but_not_here") == trade["id"], f"found: {found}")
        self.check(self.admin.get(f"/api/trades/{trade['id']}")["status"] == "in_doubt",
                   "what the bank has is not in doubt")
        notice = self.told("reconciliation")[0]
        self.check("difference" in notice["text"] and notice["batch_id"] is None, f"told: {notice}")
        self.check(self.viewer.get(f"/api/reports/reconciliations/{today()}")["id"] == made["id"],
                   "not the newest of the day")
        self.check(made["id"] in self.order("report", "reconciliations"), "not in the list")
        self.check(trade["id"] in self.order("report", "reconciliations", today()), "no differences")
        self.check(self.viewer.call("POST", "/api/reports/reconciliations").status == 403,
                   "a viewer asks for one")
        self.resolve(trade)

    def resolve(self, trade):
        """The deal stands, after all."""
        deal = next(d for d in self.desk.bank.ledger()
                    if d["deal_transaction_id"] == trade["deal_transaction_id"])
        approver = self.admin.issue("approver 2", "approver")
        body = {"outcome": "booked", "deal_reference": deal["deal_reference"], "note": "it stands"}
        wait_until(lambda: (answer := approver.call(
            "POST", f"/api/trades/{trade['id']}/resolve", body)).status == 200 or
            self.admin.get(f"/api/trades/{trade['id']}")["status"] == "completed", "the resolution", 30)
        batch = self.admin.get(f"/api/trades/{trade['id']}")["batch_id"]
        self.admin.call("POST", f"/api/batches/{batch}/resume")
        self.admin.ended(batch)

    def follows(self):
        """A notification comes with the log."""
        batch = self.batch("followed", [self.trade(4, "1234.00")], start=False)
        stream = ServerSentEvents(self.viewer, f"batch_id={batch['id']}")
        kinds = []

        def read():
            for message in stream:
                if message["type"] == "notification":
                    kinds.append(message["data"]["kind"])

        threading.Thread(target=read, daemon=True).start()
        self.admin.post(f"/api/batches/{batch['id']}/start")
        self.admin.ended(batch["id"])
        wait_until(lambda: {"started", "success"} <= set(kinds), f"notifications, not {kinds}", 20)
        self.check(kinds == ["started", "success"], f"told: {kinds}")

    def tries(self):
        """How often quotes are tried can be said with the file."""
        path = self.desk.folder / "tries.csv"
        path.write_text("Client CIF,Amount ZAR\nCIF1004,4321.00\n")
        self.order("submit", str(path), "--pricing", "bank", "--name", "tried",
                   "--quote-tries", "transient=2:10:20", "--quote-tries", "rule=3")
        retries = json.loads(self.order("show", "tried", "--json"))["policy"]["retries"]
        self.check(retries["transient"] == {"tries": 2, "first_delay_ms": 10, "greatest_delay_ms": 20}
                   and retries["rule"]["tries"] == 3, f"the retries: {retries}")
        self.order("submit", str(path), "--pricing", "bank", "--quote-tries", "often=2", code=REFUSED)

    def waits_for_settlement(self):
        """A deal that the bank keeps pending, and whose value date is brought forward in the books: the
        tests cannot wait for a day on which money moves."""
        self.desk.bank.set_faults("status.error_before=1000")
        batch = self.batch("due", [self.trade(n, f"{7000 + n}.00") for n in range(3)])
        wait_until(lambda: self.admin.batch(batch["id"])["counts"]["booked"] == 3, "booked deals")
        return batch


def restarted(papers, batch, **settings):
    """The server is killed, and comes back on a day on which the batch's deals are due."""
    papers.server.kill()
    if batch:
        day = (datetime.date.fromisoformat(today()) - datetime.date(1970, 1, 1)).days
        with sqlite3.connect(papers.desk.store) as books:
            books.execute("UPDATE trades SET value_date = ? WHERE status = 'booked'", (day,))
        books.close()
    papers.server.environment.update(settings)
    papers.server.start()


def the_day(papers):
    batch = papers.waits_for_settlement()
    restarted(papers, batch, FXBATCH_SETTLEMENT_WARNING_AT="00:00", FXBATCH_RECONCILE_AT="00:00")
    notice = papers.told("settlement_due")[0]
    papers.check(notice["batch_id"] == batch["id"] and "3 deals are due" in notice["text"]
                 and all(t["id"] in notice["text"] for t in papers.admin.trades(batch["id"])),
                 f"warned: {notice}")
    wait_until(lambda: [m for m in papers.receiver.at("/good/day")
                        if m.json()["type"] == "batch.settlement_due"], "the warning's message")
    # Its questions about deals are not answered: the day's reconciliation could not be completed.
    def made():
        items = papers.admin.get("/api/reports/reconciliations")["items"]
        return [r for r in items if r["scheduled"] and r["ended_at"]]
    first = wait_until(made, "the day's reconciliation", 60)
    papers.check(first[0]["status"] == "incomplete" and first[0]["day"] == today(), f"made: {first}")
    papers.check("without an answer" in papers.told("reconciliation", 2)[0]["text"], "it is not told")
    papers.desk.bank.set_faults("status.error_before=0")
    papers.admin.ended(batch["id"])
    # Once for the day, however often somebody starts.
    restarted(papers, None)
    papers.admin.post("/api/reports/reconciliations", None, (202,))
    last = wait_until(lambda: (r := papers.admin.get("/api/reports/reconciliations")["items"][0])
                      ["ended_at"] and r, "another one", 60)
    papers.check(last["status"] == "agrees", f"all agrees: {last}")
    papers.check(len(made()) == 1, f"the day has {made()}")
    papers.check(len(papers.notices("settlement_due")) == 1, "it was warned twice")
    papers.check(len(papers.notices("reconciliation")) == 2, "agreement is told")


def certified(folder):
    """An authority of our own, and a certificate of it for this machine."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=Invented Authority", "-days", "2")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.csr",
            "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "own.pem", "-days", "2", "-extfile", "names")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem", folder / "own.key")
    return context


def over_tls(papers, context):
    """A receiver that our own authority vouches for is reached; by another name, it is not."""
    receiver = Receiver()
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    made = {}
    for host in ("localhost", "127.0.0.1"):
        body = {"url": f"https://{host}:{receiver.port}/good", "on": ["success"]}
        made[host] = papers.admin.post("/api/webhooks", body, (201,)).json()
        papers.admin.post(f"/api/webhooks/{made[host]['webhook']['id']}/test", wanted=(202,))

    def last_try(host):
        id = made[host]["webhook"]["id"]
        attempts = papers.admin.get(f"/api/webhooks/{id}/deliveries")["items"][0]["attempts"]
        return attempts and attempts[-1]
    good = wait_until(lambda: last_try("localhost"), "a try over TLS", 30)
    papers.check(good["status"] == 200, f"over TLS: {good}")
    papers.problems += problems_of(receiver.at("/good"), [made["localhost"]["secret"]])
    bad = wait_until(lambda: last_try("127.0.0.1"), "a try under another name", 30)
    papers.check(bad["status"] is None and bad["error"], f"under another name: {bad}")
    receiver.stop()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", "1", "--quote-life", "3000")
        server, receiver = None, Receiver()
        try:
            context = certified(folder)
            desk = Desk(folder, bank, FXBATCH_STATUS_POLL_MS="100", FXBATCH_DOUBT_MARGIN_SECONDS="2",
                        FXBATCH_BANK_TIMEOUT_MS="1000")
            desk.import_clients(CLIENTS)
            server = Server(
                desk, FXBATCH_WEBHOOK_ALLOW_PRIVATE="true",
                FXBATCH_WEBHOOK_CA_FILE=str(folder / "ca.pem"))
            papers = Papers(desk, server, receiver)
            papers.admin.post("/api/webhooks", {
                "url": receiver.url("/good/day"), "on": ["settlement_due", "reconciliation"]}, (201,))
            for scenario in (papers.columns, papers.copies, papers.templates, papers.confirmations,
                             papers.margins, papers.follows, papers.tries):
                scenario()
            papers.reconciliation(papers.doubt())
            over_tls(papers, context)
            the_day(papers)
        finally:
            if server:
                server.kill()
            receiver.stop()
            bank.stop()
    sys.exit(report(papers.checks - len(papers.problems), papers.problems))


main()
