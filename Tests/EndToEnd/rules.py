#!/usr/bin/env python3
"""What the desk's rules say before a batch starts: every rule switched off, as a warning and as an error,
all findings at once, balances that are too low or not told, allowances and limits, with the same commands
on a local store and at a server.

  Tests/EndToEnd/rules.py
"""

import contextlib
import datetime
import json
import pathlib
import sys
import tempfile
import time
import urllib.request

from api_client import Api, Server, report
from desk import Bank, Desk

CLIENTS = 30
GOOD, REFUSED = 0, 65
AMPLE = "100000000.00"
# How long balances are waited for, and what a loaded machine may take besides.
BALANCE_SECONDS, SLACK_SECONDS = 10, 20
COLUMNS = "Client CIF,Amount ZAR,Deal Type,External Ref,Reference"


def year(offset=0):
    return datetime.date.today().year + offset


class Rules:
    """One desk, its commands, and what they should have said."""

    def __init__(self, desk, at_server):
        self.desk, self.server, self.at_server = desk, None, at_server
        self.checks, self.problems, self.batches = 0, [], 0

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)

    def restart(self):
        """Settings are read when a process begins."""
        if not self.at_server:
            return
        self.stop()
        self.server = Server(self.desk)
        self.desk.environment["FXBATCH_SERVER"] = self.server.url

    def stop(self):
        self.desk.environment.pop("FXBATCH_SERVER", None)
        if self.server:
            self.server.kill()

    @contextlib.contextmanager
    def settings(self, **settings):
        settings = {f"FXBATCH_{name}": value for name, value in settings.items()}
        kept = {name: self.desk.environment.get(name) for name in settings}
        self.desk.environment.update(settings)
        self.restart()
        try:
            yield
        finally:
            for name, value in kept.items():
                if value is None:
                    del self.desk.environment[name]
                else:
                    self.desk.environment[name] = value
            self.restart()

    def order(self, *arguments, code=GOOD):
        done = self.desk.run(*arguments, allowed=None)
        self.check(done.returncode == code,
                   f"{arguments} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        return done

    def accounts(self, *accounts):
        """What the bank is to say of accounts: client, currency, balance and perhaps the status."""
        rows = []
        for client, currency, balance, *status in accounts:
            rows.append({"cif": f"CIF{1000 + client}", "name": f"Invented {client}",
                         "number": f"{'ZA' if currency == 'ZAR' else 'US'}{client:06d}",
                         "currency": currency, "balance": float(balance),
                         "status": status[0] if status else "OPEN"})
        request = urllib.request.Request(
            f"{self.desk.bank.address}/sandbox/accounts", json.dumps(rows).encode(),
            {"Content-Type": "application/json"}, method="PUT")
        urllib.request.urlopen(request, timeout=10).read()

    def calls(self, name):
        return self.desk.bank.get("stats")["calls"][name]

    def file(self, rows, header=COLUMNS):
        self.batches += 1
        path = self.desk.folder / f"rules-{self.batches}.csv"
        path.write_text(header + "\n" + "\n".join(rows) + "\n")
        return str(path)

    def rows(self, *trades):
        """Client and amount, and perhaps the deal type and the allowance; no two are alike."""
        rows = []
        for number, (client, amount, *rest) in enumerate(trades):
            kind, allowance = (rest + ["spot", ""][len(rest):])[:2]
            rows.append(f"CIF{1000 + client},{amount},{kind},{allowance},B{self.batches}-{number}")
        return rows

    def staged(self, *trades, pricing="bank", options=()):
        """A batch that is taken in and not started; answers its id."""
        done = self.order("submit", self.file(self.rows(*trades)), "--pricing", pricing, "--json",
                          *options)
        return json.loads(done.stdout)["id"]

    def found(self, batch, *expected, may_start=None):
        """Holds what `validate` finds against (row, severity, code), in any order."""
        may_start = all(severity != "error" for _, severity, _ in expected) \
            if may_start is None else may_start
        errors = sum(severity == "error" for _, severity, _ in expected)
        told = json.loads(
            self.order("validate", batch, "--json", code=REFUSED if errors else GOOD).stdout)
        got = [(item["row"], item["severity"], item["code"]) for item in told["findings"]]
        missing = [one for one in expected if one not in got]
        more = [item for item, one in zip(told["findings"], got) if one not in expected]
        self.check(sorted(got, key=str) == sorted(expected, key=str),
                   f"not found: {missing}; found besides: {more}; in all {len(got)} findings")
        self.check((told["errors"], told["is_valid"], told["may_start"])
                   == (errors, errors == 0, may_start), f"counted otherwise: {told}")
        self.check(told["total_findings"] == told["errors"] + told["warnings"], f"{told}")
        self.check(all((item["row"] is None) == (item["trade_id"] is None)
                       for item in told["findings"]), f"rows and trades differ: {told}")
        return told["findings"]

    def status(self, batch):
        return json.loads(self.order("show", batch, "--json").stdout)["status"]

    # The scenarios.

    def looks_for_the_money(self):
        self.accounts((0, "ZAR", "1000.00"), (1, "ZAR", AMPLE))
        batch = self.staged((0, "600.00"), (1, "100.00"), (0, "500.00"))
        low = [(row, "error", "insufficient_balance") for row in (1, 3)]
        findings = self.found(batch, *low)
        self.check("takes ZAR 1100.00" in findings[0]["detail"]
                   and "holds ZAR 1000.00" in findings[0]["detail"], f"no figures: {findings}")
        told = self.order("start", batch, code=REFUSED)
        self.check("insufficient_balance" in told.stderr and "row 3" in told.stderr, told.stderr)
        self.check(self.status(batch) == "staged", "it was started without the money")
        listed = len(self.order("list", "--json").stdout.splitlines())
        told = self.order("submit", self.file(self.rows((0, "1000.01"))), "--pricing", "bank",
                          "--start", code=REFUSED)
        self.check("insufficient_balance" in told.stderr, told.stderr)
        self.check(len(self.order("list", "--json").stdout.splitlines()) == listed,
                   "a refused file was stored")
        with self.settings(RULE_BALANCE="warning"):
            self.found(batch, *[(row, "warning", code) for row, _, code in low])
        with self.settings(RULE_BALANCE="off"):
            asked = self.calls("balance") + self.calls("bulk_balance")
            self.found(batch)
            # An engine or a sign of life asks for no balance either.
            self.check(self.calls("balance") + self.calls("bulk_balance") == asked,
                       "the bank was asked although the rule is off")
        self.accounts((0, "ZAR", "1100.00"))
        self.found(batch)
        self.order("start", batch)

    def tells_what_does_not_hold_it_up(self):
        self.accounts((2, "ZAR", "10.00"))
        with self.settings(RULE_BALANCE="warning"):
            done = self.order("submit", self.file(self.rows((2, "11.00"))), "--pricing", "bank",
                              "--start", "--json")
            answer = json.loads(done.stdout)
            self.check([item["code"] for item in answer.get("findings", [])]
                       == ["insufficient_balance"], f"not in the answer: {answer}")
            self.check("warning: row 1: The batch takes ZAR 11.00" in done.stderr, done.stderr)
            done = self.order("start", self.staged((2, "12.00")))
            self.check("warning: row 1: The batch takes ZAR 12.00" in done.stderr, done.stderr)
        self.accounts((2, "ZAR", AMPLE))

    def counts_the_fee(self):
        self.accounts((3, "ZAR", "1000.00"))
        with self.settings(TRANSFER_FEE_ZAR="25.00"):
            self.found(self.staged((3, "1000.00", "spot")))
            findings = self.found(self.staged((3, "990.00", "same_day")),
                                  (1, "error", "insufficient_balance"))
            self.check("ZAR 25.00 of it transfer fees" in findings[0]["detail"], f"{findings}")
        self.accounts((3, "ZAR", AMPLE))

    def asks_for_open_accounts(self):
        self.accounts((4, "USD", "0.00", "DORM"))
        batch = self.staged((4, "10.00"))
        self.found(batch, (1, "error", "account_not_open"))
        self.order("start", batch, code=REFUSED)
        self.accounts((4, "USD", "0.00"))
        self.found(batch)

    def goes_on_without_the_bank(self):
        batch = self.staged((5, "10.00"), (6, "10.00"))
        unknown = (None, "warning", "balance_unknown")
        for plan in ("balance.refusal=1000", "balance.unavailable=1000", "balance.garbled=1000",
                     "balance.lost_before=1000"):
            self.desk.bank.set_faults(plan)
            self.found(batch, unknown)
        # Slower than a call may take.
        self.desk.bank.set_faults("balance.slow=1000,slow_ms=30000")
        findings = self.found(batch, unknown)
        self.check("did not answer in time" in findings[0]["detail"], f"{findings}")
        # And slower than a start may take.
        with self.settings(BANK_TIMEOUT_MS="60000", LEASE_SECONDS="300"):
            begin = time.monotonic()
            findings = self.found(batch, unknown)
            took = time.monotonic() - begin
            self.check(BALANCE_SECONDS <= took < BALANCE_SECONDS + SLACK_SECONDS,
                       f"waited {took:.1f} s for a silent bank")
            self.check("within 10 s" in findings[0]["detail"], f"{findings}")
            self.desk.bank.set_faults("balance.slow=0,slow_ms=2000")
        self.desk.bank.set_faults("balance.slow=1000,slow_ms=300")
        self.found(batch)
        self.desk.bank.set_faults("balance.slow=0")
        self.order("start", batch)

    def looks_many_accounts_up_at_once(self):
        self.accounts(*[(client, currency, AMPLE) for client in range(CLIENTS)
                        for currency in ("ZAR", "USD")])
        self.accounts((CLIENTS - 1, "ZAR", "1.00"))
        batch = self.staged(*[(client, "20.00") for client in range(CLIENTS)])
        singly, listed = self.calls("balance"), self.calls("bulk_balance")
        self.found(batch, (CLIENTS, "error", "insufficient_balance"))
        self.check(self.calls("balance") == singly, "accounts were asked about one by one")
        self.check(self.calls("bulk_balance") > listed, "the list was not asked for")
        self.accounts((CLIENTS - 1, "ZAR", AMPLE))

    def counts_allowances(self):
        year_end = f"{year()}-12-31"
        sda = self.staged((7, "60000.00", "spot", "SDA"), (7, "40000.00", "spot", "SDA"))
        over = [(row, "error", "allowance_exceeded") for row in (1, 2)]
        self.found(sda)
        self.order("clients", "allowance", "CIF1007", "--declare", "1900000.01")
        self.found(sda, *over)
        self.order("start", sda, code=REFUSED)
        with self.settings(RULE_ALLOWANCE="warning"):
            self.found(sda, *[(row, "warning", code) for row, _, code in over])
        with self.settings(RULE_ALLOWANCE="off"):
            self.found(sda)
        with self.settings(ALLOWANCES=f"SDA:{datetime.date.today()}:3000000.00"):
            self.found(sda)
        self.order("clients", "allowance", "CIF1007", "--declare", "1900000.00")
        self.found(sda)
        fia = self.staged((8, "5000.00", "spot", "FIA"))
        short = [(1, "error", "allowance_exceeded")]
        self.found(fia, *short)
        self.order("clients", "clearance", "CIF1008", "--pin", "AIT-INVENTED", "--approved",
                   "5000.00", "--expires", f"{year(-1)}-12-31")
        self.found(fia, *short)
        self.order("clients", "clearance", "CIF1008", "--pin", "AIT-INVENTED", "--approved",
                   "4999.99", "--expires", year_end)
        self.found(fia, *short)
        self.order("clients", "clearance", "CIF1008", "--pin", "AIT-INVENTED", "--approved",
                   "5000.00", "--expires", year_end)
        self.found(fia)
        shown = json.loads(self.order("clients", "show", "CIF1008", "--json").stdout)
        self.check(shown["tax_clearance"] == {"pin": "AIT-INVENTED", "approved": "5000.00",
                                              "expires": year_end}, f"{shown}")
        self.order("clients", "clearance", "CIF1008", "--remove")
        self.found(fia, *short)

    def keeps_to_limits(self):
        batch = self.staged((9, "100.00"), (9, "200.00"), (10, "50.00"))
        for name, limit, rows in (("TRADE", "199.99", [2]), ("BATCH", "349.99", [None]),
                                  ("CLIENT_DAY", "299.99", [1, 2])):
            rule = {"TRADE": "TRADE_LIMIT", "BATCH": "BATCH_LIMIT",
                    "CLIENT_DAY": "CLIENT_DAY_LIMIT"}[name]
            for severity in ("error", "warning", "off"):
                with self.settings(**{f"LIMIT_{name}_ZAR": limit, f"RULE_{rule}": severity}):
                    found = [] if severity == "off" else \
                        [(row, severity, "limit_exceeded") for row in rows]
                    self.found(batch, *found)
        with self.settings(LIMIT_DEALER_DAY_ZAR="349.99"):
            told = json.loads(self.order("validate", batch, "--json", code=REFUSED).stdout)
            self.check([item["code"] for item in told["findings"]] == ["limit_exceeded"], f"{told}")
        self.order("clients", "set", "CIF1009", "--day-limit", "299.99")
        self.found(batch, *[(row, "error", "limit_exceeded") for row in (1, 2)])
        self.order("clients", "set", "CIF1009", "--day-limit", "none")
        self.found(batch)

    def names_everything_at_once(self):
        self.accounts((11, "ZAR", "1.00"), (12, "USD", "0.00", "CLOS"))
        self.order("rate", "set", "USD/ZAR", "18.00", "--confirm")
        twice = f"CIF1016,70.00,spot,,twice"
        rows = self.rows((11, "1000.00"), (12, "20.00"), (13, "30.00"), (14, "5000.00"),
                         (15, "60.00", "spot", "FIA")) + [twice, twice]
        done = self.order("submit", self.file(rows), "--pricing", "otc", "--allow-duplicates",
                          "--json")
        batch = json.loads(done.stdout)["id"]
        self.order("clients", "set", "CIF1013", "--inactive")
        with self.settings(LIMIT_TRADE_ZAR="4999.99", OTC_MAX_AGE_SECONDS="1",
                           CUT_OFFS="spot:ZAR:00:00"):
            stale = [(row, "error", "otc_rate_stale") for row in range(1, 8)]
            time.sleep(1.1)
            told = json.loads(self.order("validate", batch, "--json", code=REFUSED).stdout)
            # On a day that is closed in South Africa no cut-off is missed.
            is_open = any(item["code"] == "cut_off_passed" for item in told["findings"])
            moved = [(row, "warning", "cut_off_passed") for row in range(1, 8) if is_open]
            self.found(batch, *stale, *moved, (1, "error", "insufficient_balance"),
                       (2, "error", "account_not_open"), (3, "error", "client_inactive"),
                       (4, "error", "limit_exceeded"), (5, "error", "allowance_exceeded"),
                       (7, "warning", "duplicate_in_file"))
        self.order("clients", "set", "CIF1013", "--active")
        self.accounts((11, "ZAR", AMPLE), (12, "USD", "0.00"))

    def repeats_where_wanted(self):
        rows = ["CIF1017,80.00,spot,,again", "CIF1017,80.00,spot,,again"]
        file = self.file(rows)
        self.order("submit", file, "--pricing", "bank", code=REFUSED)
        with self.settings(RULE_DUPLICATE="warning"):
            done = self.order("submit", file, "--pricing", "bank", "--json")
            batch = json.loads(done.stdout)
            self.check([item["code"] for item in batch.get("findings", [])]
                       == ["duplicate_in_file"], f"{batch}")
            other = json.loads(
                self.order("submit", self.file(rows[:1]), "--pricing", "bank", "--json").stdout)
            self.found(other["id"], (1, "warning", "duplicate_recent"))
        with self.settings(RULE_DUPLICATE="off"):
            self.found(batch["id"])

    def names_the_columns_of_the_file(self):
        rows = ["CIF9999,12.345", "CIF9998,10.00", "CIF1018,99999999999999.00"]
        done = self.order(
            "submit", self.file(rows, "Client CIF,Sell Amount ZAR"), "--pricing", "bank", "--json",
            code=REFUSED)
        errors = [(error["row"], error["column"], error["code"])
                  for error in json.loads(done.stdout)["errors"]]
        self.check(errors == [(1, "Sell Amount ZAR", "too_many_decimals"),
                              (1, "Client CIF", "client_unknown"),
                              (2, "Client CIF", "client_unknown"),
                              (3, "Sell Amount ZAR", "overflow")], f"{errors}")

    def all(self):
        self.accounts(*[(client, currency, AMPLE) for client in range(CLIENTS)
                        for currency in ("ZAR", "USD")])
        for scenario in (
                self.looks_for_the_money, self.tells_what_does_not_hold_it_up, self.counts_the_fee,
                self.asks_for_open_accounts, self.goes_on_without_the_bank,
                self.looks_many_accounts_up_at_once, self.counts_allowances, self.keeps_to_limits,
                self.names_everything_at_once, self.repeats_where_wanted,
                self.names_the_columns_of_the_file):
            scenario()


def through_the_api(rules):
    """What a program sees that makes the calls itself."""
    api = Api(rules.server, rules.desk.environment["FXBATCH_TOKEN"])
    made = api.call("POST", "/api/batches", {
        "name": "by hand", "trades": [{"cif_number": "CIF1019", "deal_amount": "0.001"},
                                      {"cif_number": "NOBODY", "deal_amount": "-1"}]})
    errors = [(error["pointer"], error["code"]) for error in made.json()["errors"]]
    rules.check(made.status == 422 and ("/trades/1/cif_number", "client_unknown") in errors
                and len(errors) == 3, f"{made!r}")
    rules.accounts((19, "ZAR", "5.00"))
    body = {"name": "by hand", "start": True,
            "trades": [{"cif_number": "CIF1019", "deal_amount": "6.00"}]}
    made = api.call("POST", "/api/batches", body)
    rules.check(made.status == 422 and [error["code"] for error in made.json()["errors"]]
                == ["insufficient_balance"], f"{made!r}")
    made = api.call("POST", "/api/batches", {**body, "start": False}).json()
    refused = api.call("POST", f"/api/batches/{made['id']}/start")
    rules.check(refused.status == 422 and refused.json()["total_errors"] == 1
                and refused.json()["errors"][0]["row"] == 1, f"{refused!r}")
    rules.accounts((19, "ZAR", "6.00"))
    started = api.call("POST", f"/api/batches/{made['id']}/start")
    rules.check(started.status == 200 and started.json()["status"] != "staged"
                and "findings" not in started.json(), f"{started!r}")
    changed = api.call("PATCH", "/api/clients/CIF1019", {
        "day_limit": "5.99", "tax_clearance": {"pin": "A", "approved": "1.00", "expires": "2026-02-30"}})
    rules.check(changed.status == 422 and [error["pointer"] for error in changed.json()["errors"]]
                == ["/tax_clearance/expires"], f"{changed!r}")
    path = f"/api/clients/CIF1019/declared-use/{year()}/SDA"
    declared = api.call("PUT", path, {"amount": "10.50"})
    rules.check(declared.status == 200 and declared.json()["declared_use"]
                == [{"allowance": "SDA", "year": year(), "amount": "10.50"}], f"{declared!r}")
    audit = api.call("GET", "/api/audit?limit=20").json()["items"]
    rules.check(any("declared-use" in entry["call"] and entry["object"] == "CIF1019"
                    and "10.50" in (entry["after"] or "") for entry in audit),
                f"the declaration is not audited: {audit}")


def main():
    passed, problems = 0, []
    for at_server in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            bank = Bank(folder, "--seed", "3")
            rules = None
            try:
                desk = Desk(folder, bank, FXBATCH_STATUS_POLL_MS="100")
                desk.import_clients(CLIENTS)
                rules = Rules(desk, at_server)
                rules.restart()
                rules.all()
                if at_server:
                    through_the_api(rules)
            finally:
                if rules:
                    rules.stop()
                bank.stop()
        passed += rules.checks - len(rules.problems)
        place = "at a server" if at_server else "locally"
        problems += [f"{place}: {problem}" for problem in rules.problems]
    sys.exit(report(passed, problems))


main()
