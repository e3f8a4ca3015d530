#!/usr/bin/env python3
"""Who may do what, and how one gets in: roles on every call, tokens that are revoked or expire,
browser sessions, rates, guesses; and that everything is in the audit trail and no token is anywhere.

  Tests/EndToEnd/sign_in.py
"""

import argparse
import base64
import datetime
import json
import pathlib
import sys
import tempfile
import threading
import time
import uuid

from api_client import Api, Lost, Server, Wrong, import_clients, report, trade_rows, wait_until
from desk import Bank, Desk
from live_feeds import ServerSentEvents, SocketFeed
from sign_in_calls import CALLS, NONE, OPEN, ROLES

CLOSED_SECONDS = 3


class Script:
    def __init__(self, server, desk):
        self.server, self.desk = server, desk
        self.checks, self.problems = 0, []
        self.admin = server.admin()
        self.people = {"nobody": Api(server), "admin": self.admin}
        for role in ("viewer", "dealer", "approver"):
            self.people[role] = self.admin.issue(role, role)
        # Whatever must not be found anywhere.
        self.secrets = [self.people[role].token for role in ROLES[1:]]
        # What must be found in the audit trail: how often each (call, status) was answered.
        self.wanted = {}

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)
        return holds

    def wants(self, api, method, path, statuses, words, body=None, **fields):
        """One call that must be answered so; what is refused must say why."""
        answer = api.call(method, path, body, **fields)
        if self.check(answer.status in statuses, f"{words}: {method} {path}: {answer!r}"):
            if answer.status >= 400:
                self.check(not answer.problem(), f"{words}: {method} {path}: {answer.problem()}")
        return answer

    def prepare(self):
        dealer = self.people["dealer"]
        import_clients(dealer, 3)
        body = {"name": "one", "pricing": "bank", "start": True, "trades": trade_rows(2, 3, "A")}
        self.batch = dealer.post("/api/batches", body, (201,)).json()["id"]
        self.trade = dealer.trades(self.batch)[0]["id"]
        dealer.ended(self.batch)
        dealer.sure("PUT", "/api/otc-rates/USD-ZAR", {"rate": "17.5000"})

    def roles(self):
        for lowest, method, path in CALLS:
            path = path.format(batch=self.batch, trade=self.trade, none=NONE)
            body = None if method == "GET" or path.endswith(("sync", "cleanup-locks")) else {}
            if not self.check(not self.admin.call(method, path, body).absent(),
                              f"there is no {method} {path}"):
                continue
            for role in ROLES:
                answer = self.people[role].call(method, path, body)
                words = f"{role} on {method} {path}: {answer!r}"
                if role == "nobody":
                    self.check(answer.status == 401, words)
                    self.check("Bearer" in (answer.fields.get("WWW-Authenticate") or ""),
                               f"no WWW-Authenticate: {method} {path}")
                elif ROLES.index(role) < ROLES.index(lowest):
                    self.check(answer.status == 403, words)
                else:
                    self.check(answer.status not in (401, 403) and answer.status < 500, words)
                    if method == "GET" and "{none}" not in path:
                        self.check(answer.status == 200, words)
                if answer.status in (401, 403):
                    self.check(not answer.problem(), answer.problem())

    def kill_switch(self):
        """A dealer may engage it, only an admin may release it."""
        viewer, dealer, approver = (self.people[role] for role in ("viewer", "dealer", "approver"))
        on, off = {"engaged": True, "reason": "drill"}, {"engaged": False, "reason": "over"}
        self.wants(viewer, "PUT", "/api/kill-switch", {403}, "a viewer engages", on)
        self.wants(dealer, "PUT", "/api/kill-switch", {200}, "a dealer engages", on)
        self.check(self.admin.get("/api/kill-switch")["engaged"], "not engaged")
        for api, role in ((viewer, "viewer"), (dealer, "dealer"), (approver, "approver")):
            self.wants(api, "PUT", "/api/kill-switch", {403}, f"{role} releases", off)
        self.wants(self.admin, "PUT", "/api/kill-switch", {200}, "an admin releases", off)
        self.check(not self.admin.get("/api/kill-switch")["engaged"], "not released")

    def four_eyes(self):
        """Who submitted a batch cannot approve it, whatever the role."""
        approver = self.people["approver"]
        other = self.admin.issue("approver2", "approver")
        body = {"name": "eyes", "pricing": "bank", "policy": {"approval": "required"},
                "trades": trade_rows(1, 3, "E")}
        answer = self.wants(approver, "POST", "/api/batches", {201}, "to be approved", body)
        if answer.status != 201:
            return
        batch = answer.json()
        self.check((batch["status"], batch["needs_decision"]) == ("staged", ["approval"]),
                   f"it does not wait for approval: {batch}")
        path, told = f"/api/batches/{batch['id']}/approve", {"content_hash": batch.get("content_hash")}
        self.wants(approver, "POST", path, {403, 409}, "approved by the submitter", told)
        self.wants(other, "POST", path, {409, 412, 422}, "another hash", {"content_hash": "0" * 64})
        self.wants(other, "POST", path, {200}, "approved by another", told)

    def open_calls(self):
        for path in OPEN:
            self.wants(self.people["nobody"], "GET", path, {200}, "needs no token")

    def wrong_credentials(self):
        right = self.people["viewer"].token
        for words, value in {
                "no scheme": right, "Basic": "Basic " + base64.b64encode(b"a:b").decode(),
                "an empty one": "Bearer ", "two": f"Bearer {right} {right}",
                "one letter less": f"Bearer {right[:-1]}", "one letter more": f"Bearer {right}A",
                "in capitals": f"Bearer {right.upper()}", "very long": "Bearer " + "A" * 6000,
                "with quotes": f'Bearer "{right}"', "not ASCII": "Bearer \xe9\xe9"}.items():
            self.wants(Api(self.server), "GET", "/api/me", {400, 401, 429}, words, Authorization=value)
        # Not taken, and not written down either: the log is searched in the end.
        for path in (f"/api/me?token={right}", f"/api/events?access_token={right}"):
            self.wants(Api(self.server), "GET", path, {401, 429}, "a token in the query")

    def revoked(self):
        api = self.admin.issue("leaving", "viewer")
        self.secrets.append(api.token)
        feeds = [ServerSentEvents(api), SocketFeed(api)]
        ends = {}

        def watch(feed, name):
            for _ in feed:
                pass
            ends[name] = time.monotonic()

        for feed in feeds:
            threading.Thread(target=watch, args=(feed, type(feed)), daemon=True).start()
        session = self.sign_in(api.token)
        self.wants(session, "GET", "/api/me", {200}, "the session of a token")
        begin = time.monotonic()
        self.wants(self.admin, "DELETE", f"/api/tokens/{api.id}", {200, 204}, "revoke")
        self.wants(api, "GET", "/api/me", {401}, "a revoked token")
        self.wants(session, "GET", "/api/me", {401}, "the session of a revoked token")
        self.wants(api, "GET", "/api/events", {401}, "a revoked token on the feed")
        self.check(SocketFeed(api).status == 401, "a revoked token opens a WebSocket")
        try:
            wait_until(lambda: len(ends) == 2, "ends", CLOSED_SECONDS + 2)
        except Wrong:
            pass
        for way in (ServerSentEvents, SocketFeed):
            taken = ends.get(way, float("inf")) - begin
            self.check(taken < CLOSED_SECONDS, f"{way.__name__} was closed after {taken:.1f} s")
        for feed in feeds:
            feed.close()

    def expired(self):
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
        end = time.monotonic() + 4
        api = self.admin.issue("brief", "viewer",
                               expires_at=soon.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
        self.secrets.append(api.token)
        self.wants(api, "GET", "/api/me", {200}, "before it expires")
        session, feed = self.sign_in(api.token), SocketFeed(api)
        closed = threading.Event()
        threading.Thread(target=lambda: ([None for _ in feed], closed.set()), daemon=True).start()
        wait_until(lambda: api.call("GET", "/api/me").status == 401, "its expiry", 15)
        late = time.monotonic() - end
        self.check(-0.5 < late < 2, f"it expired {late:.1f} s after its time")
        self.wants(session, "GET", "/api/me", {401}, "the session of an expired token")
        self.check(closed.wait(CLOSED_SECONDS), "the WebSocket of an expired token stays open")
        for when in ("yesterday", "2020-01-01T00:00:00Z", 5, "2026-02-30T00:00:00Z"):
            self.wants(self.admin, "POST", "/api/tokens", {400, 422}, "a wrong expiry",
                       {"name": "x", "person": "x@example.test", "role": "viewer",
                        "expires_at": when})

    def sign_in(self, token, cookie=None, csrf=None, **fields):
        """A browser's session; `.answer` is how it came about."""
        api = Api(self.server, cookie=cookie, csrf=csrf)
        answer = api.call("POST", "/api/session", {"token": token}, **fields)
        if answer.status in (200, 201):
            api.cookie = answer.fields["Set-Cookie"].split(";")[0]
            api.csrf = answer.json()["csrf_token"]
            self.secrets.append(api.cookie.split("=", 1)[1])
        api.answer = answer
        return api

    def sessions(self):
        dealer = self.people["dealer"].token
        first = self.sign_in(dealer)
        flags = {word.strip().lower() for word in first.answer.fields["Set-Cookie"].split(";")[1:]}
        self.check({"httponly", "samesite=strict", "path=/"} <= flags, f"the cookie's flags: {flags}")
        self.check(dealer not in first.answer.fields["Set-Cookie"], "the cookie holds the token")
        second = self.sign_in(dealer)
        self.check(first.cookie != second.cookie and first.csrf != second.csrf,
                   "two sessions are alike")
        body = {"batch_id": NONE, "priority": 4}

        def orders(words, cookie, csrf, statuses, **fields):
            api = Api(self.server, cookie=cookie, csrf=csrf)
            self.wants(api, "POST", "/api/batches/priority", statuses, words, body, **fields)

        own = self.origin()
        orders("the right CSRF token", first.cookie, first.csrf, {404}, Origin=own)
        orders("no CSRF token", first.cookie, None, {403}, Origin=own)
        orders("an empty CSRF token", first.cookie, "", {403}, Origin=own)
        orders("a wrong CSRF token", first.cookie, "A" * len(first.csrf), {403}, Origin=own)
        orders("another session's CSRF token", first.cookie, second.csrf, {403}, Origin=own)
        orders("another session's cookie", second.cookie, first.csrf, {403}, Origin=own)
        # Every browser tells where a change comes from; who does not say it may be refused.
        orders("no origin", first.cookie, first.csrf, {403, 404})
        for origin in ("https://evil.example", "null", own + ".evil.example", "http://127.0.0.1:1"):
            orders(f"from {origin}", first.cookie, first.csrf, {403}, Origin=origin)
        orders("sent across sites", first.cookie, first.csrf, {403}, Origin=own,
               Sec_Fetch_Site="cross-site")
        orders("a session of nobody", "fxbatch_session=" + "A" * 43, first.csrf, {401}, Origin=own)
        self.wants(Api(self.server, cookie=first.cookie), "GET", "/api/me", {200}, "reading by cookie")
        foreign = self.sign_in(dealer, Origin="https://evil.example")
        self.check(foreign.answer.status == 403, f"signed in from afar: {foreign.answer!r}")
        self.rotation(dealer)

    def origin(self):
        return f"http://127.0.0.1:{self.server.port}"

    def rotation(self, token):
        """A cookie from before is never kept at signing in, and is void afterwards."""
        own = self.origin()
        before = self.sign_in(token)
        after = self.sign_in(token, cookie=before.cookie, csrf=before.csrf, Origin=own)
        self.check(after.answer.status in (200, 201), f"signing in again: {after.answer!r}")
        self.check(after.cookie != before.cookie, "the cookie was kept at signing in")
        self.wants(before, "GET", "/api/me", {401}, "a cookie from before the last signing in")
        planted = self.sign_in(token, cookie="fxbatch_session=planted", Origin=own)
        self.check(planted.answer.status in (200, 201), f"with a planted cookie: {planted.answer!r}")
        self.check(planted.cookie != "fxbatch_session=planted", "a planted cookie was taken")
        self.wants(after, "DELETE", "/api/session", {200, 204}, "signing out", Origin=own)
        self.wants(after, "GET", "/api/me", {401}, "after signing out")
        self.check(self.sign_in("wrong" * 8).answer.status == 401, "signed in with a wrong token")

    def rates(self):
        """Above the rate of one token: 429 and when to come again; others are not held up."""
        api = self.admin.issue("hasty", "viewer")
        told, threads = [], []

        def hurry():
            own = Api(self.server, api.token)
            for _ in range(60):
                answer = own.call("GET", "/api/me")
                if answer.status == 429:
                    told.append(answer)

        for _ in range(8):
            threads.append(threading.Thread(target=hurry))
            threads[-1].start()
        other = self.people["viewer"].call("GET", "/api/me")
        for thread in threads:
            thread.join(60)
        self.check(other.status == 200, f"another token is held up: {other!r}")
        if self.check(told, "480 calls at once and no 429"):
            self.check(int(told[0].fields.get("Retry-After") or 0) >= 1, f"Retry-After: {told[0]!r}")
            self.check(not told[0].problem(), told[0].problem())
        wait_until(lambda: api.call("GET", "/api/me").status == 200, "a pause is enough", 10)

    def guesses(self):
        """Wrong tokens from one address are held up; a right one from there still gets in."""
        statuses, begin = [], time.monotonic()
        for _ in range(60):
            answer = Api(self.server, "fxb_" + uuid.uuid4().hex * 2).call("GET", "/api/me")
            statuses.append(answer.status)
        taken = time.monotonic() - begin
        self.check(set(statuses) <= {401, 429}, f"guesses were answered with {set(statuses)}")
        self.check(429 in statuses or taken > 5, f"60 wrong tokens were tried in {taken:.1f} s")
        begin = time.monotonic()
        self.wants(self.people["viewer"], "GET", "/api/me", {200}, "a right token after wrong ones")
        fresh = self.sign_in(self.people["viewer"].token)
        self.check(fresh.answer.status in (200, 201), f"no session after guesses: {fresh.answer!r}")
        late = time.monotonic() - begin
        self.check(late < 5, f"a right token was held up for {late:.1f} s")
        print(f"60 wrong tokens took {taken:.1f} s, {statuses.count(429)} were answered with 429; "
              f"a right one then took {1000 * late:.0f} ms")

    def audit(self):
        """Every changing and every denied call is there, with who, what, and how it went."""
        marks = []

        def call(role, method, path, body, status):
            answer = self.wants(self.people[role], method, path, {status}, "to be audited", body)
            marks.append((answer.fields.get("X-Request-ID"), role, method, status))

        call("dealer", "PUT", "/api/otc-rates/USD-ZAR", {"rate": "17.5100"}, 200)
        call("viewer", "PUT", "/api/otc-rates/USD-ZAR", {"rate": "17.5100"}, 403)
        call("viewer", "GET", "/api/audit", None, 403)
        call("dealer", "POST", f"/api/batches/{NONE}/pause", None, 404)
        call("dealer", "POST", f"/api/batches/{self.batch}/pause", None, 409)
        call("nobody", "GET", "/api/me", None, 401)
        call("nobody", "POST", "/api/batches", {}, 401)
        entries = {entry.get("request_id"): entry for entry in self.admin.pages(
            "/api/audit", limit=500)}
        for id, role, method, status in marks:
            entry = entries.get(id)
            words = f"{role} {method} answered with {status}"
            if not self.check(entry, f"not in the audit trail: {words}"):
                continue
            self.check(entry["status"] == status and entry["call"].startswith(method),
                       f"audited otherwise: {words}: {entry}")
            person = {"nobody": None, "admin": "admin"}.get(role, f"{role}@example.test")
            self.check(entry["person"] == person, f"audited of another person: {words}: {entry}")
        return json.dumps(list(entries.values()))

    def hidden(self, audit):
        """No token is in the audit trail, the log, the exports, or any file but the admin's own."""
        places = {"the audit trail": audit.encode(), "the log": self.server.log.read_bytes()}
        for form in ("csv", "ndjson"):
            answer = self.admin.call("GET", f"/api/batches/{self.batch}/export?format={form}")
            places[f"the {form}"] = answer.body
        places["the tokens' list"] = self.admin.call("GET", "/api/tokens").body
        self.server.end()
        for path in sorted(self.desk.folder.rglob("*")):
            if path.is_file() and not path.name.endswith(".admin-token"):
                places[path.name] = path.read_bytes()
            elif path.name.endswith(".admin-token"):
                mode = path.stat().st_mode & 0o777
                self.check(mode == 0o600, f"the admin's token is a file of mode {mode:o}")
        self.check("desk.db" in places, "the store's file was not looked into")
        for place, content in places.items():
            for secret in self.secrets:
                forms = (secret.encode(), secret.removeprefix("fxb_").encode(),
                         base64.b64encode(secret.encode()).rstrip(b"="))
                self.check(not any(form in content for form in forms),
                           f"a token of {len(secret)} letters is in {place}")

    def play(self):
        self.prepare()
        for part in (self.roles, self.kill_switch, self.four_eyes, self.open_calls,
                     self.wrong_credentials, self.revoked, self.expired, self.sessions, self.rates):
            self.part(part)
        # Last: what follows comes from an address that has guessed.
        audit = self.part(self.audit) or ""
        self.part(self.guesses)
        self.hidden(audit)

    def part(self, part):
        before = len(self.problems)
        try:
            return part()
        except (Wrong, Lost, KeyError, TypeError) as wrong:
            self.problems.append(f"{part.__name__}: {wrong!r}")
        finally:
            print(f"{part.__name__}: {len(self.problems) - before} wrong", flush=True)


def main():
    argparse.ArgumentParser().parse_args()
    print("seed 1", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bank = Bank(folder, "--seed", "1")
        server = None
        try:
            desk = Desk(folder, bank)
            server = Server(desk)
            script = Script(server, desk)
            script.play()
            verified = desk.run("verify", allowed=None)
            script.check(verified.returncode == 0, f"verify: {verified.stdout}{verified.stderr}")
        finally:
            if server:
                server.kill()
            bank.stop()
    sys.exit(report(script.checks - len(script.problems), script.problems))


main()
