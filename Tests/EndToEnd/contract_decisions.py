"""A walk through the calls by which a desk decides and is told: four eyes, policies, reversals,
notifications and webhooks, in quiet times."""

from api_client import trade_rows
from contract_tour import Caller

WEBHOOK = "id url on description enabled created_at".split()
NOTICE = "id at kind batch_id text read".split()


class Decisions(Caller):
    def __init__(self, check, dealer, admin):
        super().__init__(check, dealer, admin)
        self.approver = admin.issue("approver", "approver")

    def staged(self, name, **more):
        body = {"name": name, "pricing": "bank", "trades": trade_rows(2, 2, name), **more}
        return self.json("POST", "/api/batches", body, 201)

    def stands(self, batch, status, *needs):
        self.check((batch.get("status"), batch.get("needs_decision")) == (status, list(needs)),
                   f"{batch.get('name')} is {batch.get('status')}, needs {batch.get('needs_decision')}")

    def waiting(self):
        items = self.dealer.pages("/api/batches", needs_decision="true", limit=10)
        return [batch["id"] for batch in items]

    def four_eyes(self):
        """What was approved is what was shown: an edit makes it void, and nobody approves their own."""
        batch = self.staged("eyes", policy={"approval": "required"})
        path, seen = f"/api/batches/{batch['id']}", {"content_hash": batch["content_hash"]}
        self.stands(batch, "staged", "approval")
        self.check(batch["id"] in self.waiting(), "it is not in the inbox")
        self.call("POST", f"{path}/start", 409)
        self.call("POST", f"{path}/approve", 403, seen)
        self.call("POST", f"{path}/approve", 422, {}, api=self.approver)
        self.call("POST", f"{path}/approve", 409, {"content_hash": "0" * 64}, api=self.approver)
        self.call("POST", f"{path}/reject", 422, seen, api=self.approver)
        rejected = self.json("POST", f"{path}/reject", seen | {"note": "which client?"},
                             api=self.approver)
        self.stands(rejected, "staged", "rejected")
        self.call("POST", f"{path}/approve", 409, seen, api=self.approver)
        edited = self.json("PATCH", path, {"name": "eyes, explained", "policy": {"approval": "none"}})
        self.stands(edited, "staged", "approval")
        seen = {"content_hash": edited["content_hash"]}
        approved = self.json("POST", f"{path}/approve", seen, api=self.approver)
        self.check(approved.get("approved_by"), f"nobody has approved it: {approved}")
        again = self.call("POST", f"{path}/approve", 409, seen, api=self.approver)
        self.check(again and "approver" in again.json()["detail"], f"who was first: {again!r}")
        self.json("POST", f"{path}/start")
        ended = self.dealer.ended(batch["id"])
        self.stands(ended, "success")
        self.call("POST", f"{path}/accept", 409, {"note": "late"})
        return batch["id"]

    def policy(self):
        """Is told as it was given, is changed in part, and cannot be what it cannot be."""
        wish = {"on_failure": "pause", "tolerated_failures": 3, "max_attempts": 2,
                "min_margin_pips": "1.5",
                "retries": {"transient": {"tries": 4, "first_delay_ms": 20}}}
        batch = self.staged("policy", policy=wish)
        path, told = f"/api/batches/{batch['id']}", batch["policy"]
        for name in ("on_failure", "tolerated_failures", "max_attempts"):
            self.check(told.get(name) == wish[name], f"{name} is {told.get(name)}")
        self.check(told["retries"]["transient"]["tries"] == 4, f"the retries are {told['retries']}")
        changed = self.json("PATCH", path, {"policy": {"tolerated_failure_percent": 10}})["policy"]
        self.check(changed == told | {"tolerated_failure_percent": 10}, f"changed to {changed}")
        for wrong in ({"on_failure": "hope"}, {"tolerated_failures": -1}, {"max_attempts": 0},
                      {"tolerated_failure_percent": 101}, {"unheard_of": 1}):
            self.call("PATCH", path, 422, {"policy": wrong})
        self.check(self.json("GET", path)["policy"] == changed, "what was refused has changed it")
        self.call("DELETE", path, 204)

    def reversal(self, id):
        """The opposite of what was dealt, staged and no more."""
        made = self.json("POST", f"/api/batches/{id}/reverse", status=201)
        sides = {trade["side"] for trade in self.dealer.trades(made["id"])}
        self.check((made["status"], sides) == ("staged", {"sell"}), f"{made['status']}, {sides}")
        self.call("POST", f"/api/batches/{id}/reverse", 422)
        self.call("DELETE", f"/api/batches/{made['id']}", 204)

    def notifications(self, id):
        """Who reads them reads them for themselves."""
        page = self.json("GET", "/api/notifications?limit=500")
        mine = [item for item in page.get("items", []) if item["batch_id"] == id]
        for item in mine:
            self.has("a notification", item, NOTICE)
        kinds = {item["kind"] for item in mine}
        self.check({"started", "success", "needs_decision"} <= kinds, f"told only {kinds}")
        newest = page["items"][0]["id"]
        left = self.json("POST", "/api/notifications/read", {"up_to": newest})
        self.check(left.get("unread") == 0, f"{left} are unread")
        self.check(self.json("GET", "/api/notifications", api=self.admin)["unread"] > 0,
                   "another's are read too")
        self.call("POST", "/api/notifications/read", 422, {})

    def webhooks(self):
        """An admin's: made, changed, tried out, deleted."""
        self.call("GET", "/api/webhooks", 403)
        wish = {"url": "https://receiver.example/hook", "on": ["failed", "needs_decision"]}
        self.call("POST", "/api/webhooks", 422, wish | {"url": "ftp://receiver.example"},
                  api=self.admin)
        made = self.json("POST", "/api/webhooks", wish, 201, api=self.admin)
        path, hook = f"/api/webhooks/{made['webhook']['id']}", made["webhook"]
        self.has("a webhook", hook, WEBHOOK)
        self.check(made["secret"].startswith("whsec_"), "no secret")
        changed = self.json("PATCH", path, {"enabled": False}, api=self.admin)
        self.check((changed.get("enabled"), changed.get("on")) == (False, wish["on"]), f"{changed}")
        other = self.json("POST", f"{path}/rotate-secret", api=self.admin)
        self.check(other.get("secret") not in (None, made["secret"]), "the same secret")
        self.json("PATCH", path, {"enabled": True}, api=self.admin)
        put = self.json("POST", f"{path}/test", status=202, api=self.admin)
        listed = self.json("GET", f"{path}/deliveries", api=self.admin).get("items", [])
        self.check([item["id"] for item in listed] == [put.get("id")], f"deliveries: {listed}")
        self.call("DELETE", path, 204, api=self.admin)
        self.call("GET", path, 404, api=self.admin)

    def play(self):
        id = self.four_eyes()
        self.policy()
        self.reversal(id)
        self.notifications(id)
        self.webhooks()
        return id
