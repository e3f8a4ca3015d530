"""A walk through the calls about rules and papers, in quiet times: findings before a start, allowances,
templates and copies over other amounts, confirmations, evidence, margins, reconciliations."""

import datetime
import decimal

from api_client import trade_rows, wait_until
from contract_tour import Caller


class Papers(Caller):
    def staged(self, name, rows):
        body = {"name": name, "pricing": "bank", "trades": rows}
        return self.json("POST", "/api/batches", body, 201)

    def allowance(self, cif, kind="SDA"):
        told = self.json("GET", f"/api/clients/{cif}/allowances")
        lines = [line for line in told.get("allowances", []) if line["allowance"] == kind]
        return {name: decimal.Decimal(lines[0][name] or 0)
                for name in ("limit", "declared", "reserved", "used", "left")}

    def rules(self):
        """More than an allowance leaves is found before the start, refused by it, and dealt in part."""
        cif = "CIF1001"
        before = self.allowance(cif)
        year = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=2))).year
        declared = before["limit"] - before["used"] - 3_000
        self.json("PUT", f"/api/clients/{cif}/declared-use/{year}/SDA", {"amount": str(declared)})
        self.check(self.allowance(cif)["left"] == 3_000, f"left: {self.allowance(cif)}")
        row = {**trade_rows(1, 2, "rule")[0], "cif_number": cif, "allowance": "SDA"}
        rows = [row | {"deal_amount": amount, "external_ref": f"rule {amount}"}
                for amount in ("2000.00", "1500.00")]
        batch = self.staged("rules", rows)
        path = f"/api/batches/{batch['id']}"
        found = self.json("POST", f"{path}/validate")
        codes = [(item["severity"], item["code"]) for item in found.get("findings", [])]
        self.check(("error", "allowance_exceeded") in codes and not found["may_start"], f"{found}")
        refused = self.call("POST", f"{path}/start", 422)
        codes = {error["code"] for error in refused.json()["errors"]} if refused else set()
        self.check(codes == {"allowance_exceeded"}, f"refused for {codes}")
        self.check(self.allowance(cif)["reserved"] == 0, "a refused start has reserved")
        second = self.dealer.trades(batch["id"])[1]["id"]
        self.json("PATCH", path, {"trades": {"remove": [second]}})
        self.json("POST", f"{path}/start")
        self.check(self.dealer.ended(batch["id"])["status"] == "success", "it was not dealt")
        after = self.allowance(cif)
        self.check((after["used"], after["reserved"], after["left"])
                   == (before["used"] + 2_000, 0, 1_000), f"used: {before}, {after}")
        self.json("PUT", f"/api/clients/{cif}/declared-use/{year}/SDA", {"amount": "0"})
        self.call("PUT", f"/api/clients/{cif}/declared-use/{year}/SDA", 422, {"amount": "-1"})
        self.call("PUT", f"/api/clients/unheard-of/declared-use/{year}/SDA", 404, {"amount": "1"})
        return batch["id"]

    def clearances(self):
        """Nothing goes by the other allowance without the tax authority's word."""
        path = "/api/clients/CIF1001"
        self.check(self.allowance("CIF1001", "FIA")["left"] == 0, "FIA without a clearance")
        clearance = {"pin": "T-1", "approved": "5000.00", "expires": "2999-12-31"}
        self.json("PATCH", path, {"tax_clearance": clearance, "day_limit": "900000.00"})
        told = self.json("GET", path)
        self.check((told.get("tax_clearance"), told.get("day_limit")) == (clearance, "900000.00"),
                   f"kept: {told}")
        self.check(self.allowance("CIF1001", "FIA")["left"] == 5_000, "another amount was approved")
        self.json("PATCH", path, {"tax_clearance": None, "day_limit": None})
        self.call("PATCH", path, 422, {"tax_clearance": {"pin": "T-1"}})

    def copies(self, id):
        """A copy over other amounts, and a template that makes them again and again."""
        amounts = [{"row": 1, "deal_amount": "2100.00"}]
        copy = self.json("POST", f"/api/batches/{id}/clone", {"amounts": amounts, "name": "copy"}, 201)
        self.check(self.dealer.trades(copy["id"])[0]["deal_amount"] == "2100.00", "the old amount")
        wrong = [{"row": 7, "deal_amount": "1.00"}, {"row": 1, "deal_amount": "-1"}]
        refused = self.call("POST", f"/api/batches/{id}/clone", 422, {"amounts": wrong})
        self.check(refused and len(refused.json()["errors"]) == 2, f"not all is named: {refused!r}")
        kept = self.json("POST", "/api/templates", {"batch_id": copy["id"], "name": "weekly"}, 201)
        path = f"/api/templates/{kept['id']}"
        self.call("POST", "/api/templates", 409, {"batch_id": copy["id"], "name": "weekly"})
        self.call("DELETE", f"/api/batches/{copy['id']}", 204)
        self.check([row["deal_amount"] for row in self.dealer.pages(f"{path}/rows")] == ["2100.00"],
                   "other rows were kept")
        made = self.json("POST", f"{path}/batches",
                         {"amounts": [{"cif_number": "CIF1001", "deal_amount": "2200.00"}]}, 201)
        trade = self.dealer.trades(made["id"])[0]
        self.check((made["status"], trade["deal_amount"]) == ("staged", "2200.00"), f"made: {trade}")
        self.call("DELETE", f"/api/batches/{made['id']}", 204)
        self.check(self.json("PATCH", path, {"name": "monthly"}).get("name") == "monthly", "its name")
        self.call("DELETE", path, 204)
        self.call("GET", path, 404)

    def confirmation(self, id):
        """What a client is given tells neither the bank's rate nor the margin."""
        trade = self.dealer.trades(id)[0]
        page = self.call("GET", f"/api/trades/{trade['id']}/confirmation", 200)
        text = page.body.decode() if page else ""
        for part in (trade["deal_reference"], trade["client_rate"], trade["value_date"]):
            self.check(part in text, f"{part} is missing")
        self.check(trade["quote_rate"] not in text, "the bank's rate is told")
        told = self.json("GET", f"/api/trades/{trade['id']}/evidence")
        self.check([a["deal_transaction_id"] for a in told.get("attempts", [])]
                   == [trade["deal_transaction_id"]], f"the evidence: {told}")
        sheet = self.call("GET", f"/api/batches/{id}/export?format=csv&columns=desk", 200)
        head = sheet.body.decode("utf-8-sig").splitlines()[0] if sheet else ""
        self.check(head.startswith("ID,Status,Client,Client CIF,Sell Amount ZAR,Deal Type"), head)

    def reports(self, id):
        """Margins add up however they are grouped; the day's books agree with the bank's."""
        sums = set()
        for way in ("batch", "client", "day"):
            lines = self.dealer.pages("/api/reports/margins", by=way, limit=2)
            sums.add((sum(line["trades"] for line in lines),
                      sum(decimal.Decimal(line["margin"]) for line in lines)))
            if way == "batch":
                self.check(id in [line["batch_id"] for line in lines], "the batch has no line")
        self.check(len(sums) == 1, f"the sums differ: {sums}")
        self.call("GET", "/api/reports/margins?by=moon", 422)
        asked = self.json("POST", "/api/reports/reconciliations", status=202)
        path = f"/api/reports/reconciliations/{asked['id']}"
        told = wait_until(lambda: (report := self.dealer.get(path))["ended_at"] and report,
                          "the reconciliation", 60)
        self.check(told["status"] in ("agrees", "incomplete") and not told["total_differences"],
                   f"reconciled: {told}")

    def play(self):
        id = self.rules()
        self.clearances()
        self.copies(id)
        self.confirmation(id)
        self.reports(id)
        return id
