"""A walk through the calls of the HTTP API that one desk has in quiet times: their shapes and their
small promises, as the contract tells them."""

import json

from api_client import trade_rows

BATCH = """id name status priority queue_position max_concurrent_trades current_concurrent_trades
pricing policy created_at queued_at started_at completed_at updated_at created_by lock counts progress
amounts margin errors needs_decision version""".split()
COUNTS = "total pending quoting booking booked in_doubt completed failed cancelled".split()
TRADE = """id batch_id row cif_number client_name pair side deal_amount deal_currency delivery value_date
allowance external_ref spread status attempt quote_id quote_rate quote_expires_at client_rate
counter_amount counter_currency margin_pips margin_amount deal_transaction_id deal_reference error
created_at updated_at completed_at version""".split()
LOCK = "locked_by locked_at expires_at generation".split()


class Caller:
    """Calls of which each one's status is checked."""

    def __init__(self, check, dealer, admin):
        self.check, self.dealer, self.admin = check, dealer, admin

    def call(self, method, path, status, body=None, api=None, **fields):
        answer = (api or self.dealer).sure(method, path, body, **fields)
        self.check(answer.status == status, f"wanted {status}: {method} {path} {body}: {answer!r}")
        return answer if answer.status == status else None

    def json(self, method, path, body=None, status=200, **more):
        answer = self.call(method, path, status, body, **more)
        return answer.json() if answer else {}

    def has(self, words, value, names):
        missing = [name for name in names if name not in (value or {})]
        self.check(not missing, f"{words}: {missing} missing in {json.dumps(value)[:300]}")


class Tour(Caller):
    def staged(self):
        """A batch that is not started yet: changed, checked, copied, deleted."""
        body = {"name": "tour", "pricing": "bank", "priority": 4, "trades": trade_rows(3, 3, "T")}
        answer = self.call("POST", "/api/batches", 201, body)
        batch = answer.json()
        id, path = batch["id"], f"/api/batches/{batch['id']}"
        self.has("a batch", batch, BATCH)
        self.has("its counts", batch["counts"], COUNTS)
        self.check(answer.fields["ETag"] == self.call("GET", path, 200).fields["ETag"], "another ETag")
        trades = self.dealer.trades(id)
        self.has("a trade", trades[0], TRADE)
        self.check([trade["row"] for trade in trades] == [1, 2, 3], "the rows are not 1, 2, 3")
        one = self.call("GET", f"/api/trades/{trades[0]['id']}", 200)
        self.has("one trade", one.json(), TRADE + ["attempts"])
        self.check(one.fields["ETag"], "a trade without an ETag")
        found = self.json("POST", f"{path}/validate")
        self.check(found.get("errors") == 0 and found.get("is_valid") is True,
                   f"validated with errors: {found}")
        changed = self.call("PATCH", path, 200, {"name": "changed", "max_concurrent_trades": 2},
                            If_Match=answer.fields["ETag"])
        self.check(changed and (changed.json()["name"], changed.json()["max_concurrent_trades"])
                   == ("changed", 2), f"changed otherwise: {changed!r}")
        self.call("PATCH", path, 412, {"name": "late"}, If_Match=answer.fields["ETag"])
        self.call("POST", f"{path}/pause", 409)
        self.call("POST", f"{path}/retry", 422, {})
        copy = self.json("POST", f"{path}/clone", status=201)
        self.check((copy["status"], copy["counts"]["total"]) == ("staged", 3), f"copied: {copy}")
        self.call("DELETE", f"/api/batches/{copy['id']}", 204)
        self.call("GET", f"/api/batches/{copy['id']}", 404)
        for priority, clamped in ((99, 10), (-5, 1), (4, 4)):
            told = self.json("POST", "/api/batches/priority", {"batch_id": id, "priority": priority})
            self.check(told.get("priority") == clamped, f"priority {priority} became {told}")
        return id

    def run(self, id):
        """The same batch under way and ended."""
        path = f"/api/batches/{id}"
        self.json("POST", f"{path}/start")
        for name in ("active", "recent?limit=2", "locked"):
            items = self.json("GET", f"/api/batches/{name}").get("items", [])
            for item in items:
                self.has(f"one of {name}", item, BATCH)
                if name == "locked":
                    self.has("its lock", item["lock"], LOCK)
        self.has("the queue", self.json("GET", "/api/batches/next-queue"), ["next", "queue"])
        batch = self.dealer.ended(id)
        self.check((batch["status"], batch["progress"]) == ("success", 1), f"ended otherwise: {batch}")
        self.call("DELETE", path, 409)
        self.call("POST", f"{path}/start", 409)
        progress = self.json("GET", f"{path}/progress")
        self.check(progress.get("counts") == batch["counts"], f"another progress: {progress}")
        self.has("the results", self.json("GET", f"{path}/results"), ["amounts", "margin"])
        self.check(self.json("GET", f"{path}/errors").get("items") == [], "errors without a failure")
        newest = self.json("GET", "/api/batches/recent?limit=1").get("items", [{}])
        self.check(newest[0].get("id") == id, f"the last to end is {newest}")
        event = self.dealer.pages(f"{path}/events", limit=2)[0]
        self.has("an event", event, ["seq", "type", "at", "batch_id", "trade_id", "data"])
        for query in ("q=changed", f"q={id}", "q=T-2", "status=success&status=failed&sort=-created_at"):
            items = self.json("GET", f"/api/batches?{query}").get("items", [])
            self.check(id in [item["id"] for item in items], f"not found by {query}")
        for query in ("q=nothing-is-so", "status=failed", "created_from=2100-01-01T00:00:00Z"):
            items = self.json("GET", f"/api/batches?{query}").get("items", [])
            self.check(id not in [item["id"] for item in items], f"found by {query}")
        for query in (f"batch_id={id}", "q=T-2", f"batch_id={id}&status=completed&cif_number=CIF1002"):
            items = self.json("GET", f"/api/trades?{query}").get("items", [])
            self.check("T-2" in [item["external_ref"] for item in items], f"no trade by {query}")

    def reference(self):
        """Clients, accounts, rates, locks."""
        client = {"name": "=Invented", "cif_number": "TOUR1", "spread": "12"}
        made = self.json("POST", "/api/clients", client, 201)
        self.check({name: made.get(name) for name in client} == client, f"made otherwise: {made}")
        self.call("POST", "/api/clients", 409, client)
        self.check(self.json("PATCH", "/api/clients/TOUR1", {"spread": "13"}).get("spread") == "13",
                   "the spread was not changed")
        self.check(self.json("GET", "/api/clients/TOUR1").get("spread") == "13", "it did not last")
        clearance = {"pin": "AIT-TOUR", "approved": "1000.00", "expires": "2030-12-31"}
        terms = self.json("PATCH", "/api/clients/TOUR1",
                          {"day_limit": "500.00", "tax_clearance": clearance})
        self.check((terms.get("day_limit"), terms.get("tax_clearance")) == ("500.00", clearance),
                   f"agreed otherwise: {terms}")
        use = "/api/clients/TOUR1/declared-use/2026/SDA"
        self.check(self.json("PUT", use, {"amount": "7.50"}).get("declared_use")
                   == [{"allowance": "SDA", "year": 2026, "amount": "7.50"}], "not declared")
        self.call("PUT", use.replace("2026", "26"), 404, {"amount": "7.50"})
        terms = self.json("PATCH", "/api/clients/TOUR1", {"day_limit": None, "tax_clearance": None})
        self.check((terms.get("day_limit"), terms.get("tax_clearance")) == (None, None), f"{terms}")
        self.call("DELETE", "/api/clients/TOUR1", 204)
        self.call("GET", "/api/clients/TOUR1", 404)
        self.call("DELETE", "/api/clients/CIF1000", 409)
        self.json("POST", "/api/accounts/sync")
        accounts = self.dealer.pages("/api/accounts", limit=3)
        self.check(len(accounts) == len({a["account_number"] for a in accounts}), "accounts twice")
        rate = "/api/otc-rates/USD-ZAR"
        self.json("PUT", rate, {"rate": "17.0000"})
        self.json("PUT", rate, {"rate": "17.5000"})
        self.call("PUT", rate, 409, {"rate": "19.0000"})
        self.check(self.json("GET", rate).get("rate") == "17.5000", "a refused rate was taken")
        self.json("PUT", rate, {"rate": "19.0000", "confirm": True})
        self.json("PUT", rate, {"rate": "17.0000", "confirm": True})
        self.has("the locks", self.json("POST", "/api/batches/cleanup-locks", api=self.admin),
                 ["released", "batches"])

    def formulas(self):
        """A cell that a spreadsheet would take for a formula is exported so that it is none."""
        rows = [row | {"external_ref": text + f"1+{n}"} for n, (row, text) in
                enumerate(zip(trade_rows(4, 3, "X"), "=+-@"))]
        body = {"name": "=cmd()", "pricing": "bank", "trades": rows}
        batch = self.json("POST", "/api/batches", body, 201)
        text = self.call("GET", f"/api/batches/{batch['id']}/export?format=csv", 200).body.decode()
        for sign in "=+-@":
            self.check(f",{sign}1+" not in text and f',"{sign}1+' not in text,
                       f"a formula with {sign} is exported: {text[:600]}")
        self.call("DELETE", f"/api/batches/{batch['id']}", 204)

    def play(self):
        id = self.staged()
        self.run(id)
        self.reference()
        self.formulas()
        return id
