#!/usr/bin/env python3
"""The dashboard in a real browser, at a real server with a sandbox bank: every page and action as a
dealer, an approver, a viewer and an admin; axe on every page in both themes; hostile texts; and a server
that is killed while somebody watches.

  Tests/EndToEnd/dashboard.py [--only NAME] [--pictures FOLDER]
"""

import argparse
import pathlib
import sys
import tempfile
import traceback
import urllib.parse

from playwright.sync_api import sync_playwright

import dashboard_actions
import dashboard_access
import dashboard_live
import dashboard_pages
import dashboard_papers
from api_client import Server, import_clients, raise_file_limit, report
from dashboard_browser import Person, launched
from desk import Bank, Desk

CLIENTS = 30
ROLES = ("viewer", "dealer", "approver", "admin")


class World:
    """A desk, its bank and server, the people at it, and what was found."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.bank = Bank(folder, "--quote-life", "4000")
        self.desk = Desk(folder, self.bank, FXBATCH_DOUBT_MARGIN_SECONDS="2")
        self.server = Server(self.desk, FXBATCH_WEBHOOK_ALLOW_PRIVATE="true")
        self.admin = self.server.admin()
        import_clients(self.admin, CLIENTS)
        self.apis = {role: self.admin.issue(role, role) for role in ROLES}
        self.checks, self.problems = 0, []
        self.number = 0
        self.rate = self.first_rate()
        self.admin.call("PUT", "/api/otc-rates/USD-ZAR", {"rate": self.rate})

    def first_rate(self):
        """What the bank quotes, by a first deal, which also shows that its look-up works."""
        batch = self.batch("first", self.rows(1), start="true")
        self.apis["viewer"].ended(batch["id"])
        return self.apis["viewer"].trades(batch["id"])[0]["quote_rate"]

    def person(self, role, **options):
        """A browser that is signed in as this role."""
        return Person(self.browser, self.server, role, self.apis[role].token, **options).sign_in()

    def check(self, holds, words):
        self.checks += 1
        if not holds:
            self.problems.append(words)

    def rows(self, count, spread=None, tag=None):
        """A file of trades that nobody has sent before."""
        self.number += 1
        tag = tag or f"d{self.number}"
        lines = ["Client CIF,Amount ZAR,Spread,Reference"]
        for place in range(count):
            own = spread(place) if callable(spread) else spread or ""
            lines.append(f"CIF{1000 + place % CLIENTS},{20000 + self.number * 1000 + place}.00,"
                         f"{own},{tag}-{place}")
        return "\n".join(lines) + "\n"

    def batch(self, name, rows, by="dealer", **options):
        """Takes a batch in through the API; answers it."""
        query = urllib.parse.urlencode({"name": name, "pricing": "bank", **options})
        answer = self.apis[by].sure("POST", f"/api/batches?{query}", rows, type="text/csv")
        if answer.status != 201:
            raise SystemExit(f"{name} was not taken in: {answer!r}")
        return answer.json()

    def run(self, name, scenario):
        if self.options.only and self.options.only not in name:
            return
        before = len(self.problems)
        try:
            scenario(self)
        except Exception as error:  # One that fails does not keep the others from running.
            lines = [f"{frame.filename.split('/')[-1]}:{frame.lineno}"
                     for frame in traceback.extract_tb(error.__traceback__) if "dashboard" in frame.filename]
            self.problems.append(f"{name}: {' '.join(lines)}: {str(error)[:700]}")
            self.photograph(name)
            for context in self.browser.contexts:
                context.close()
            self.bank.set_faults("")
        print(f"{name}: {'passed' if len(self.problems) == before else 'FAILED'}", flush=True)
        for problem in self.problems[before:]:
            print(f"  {problem}", flush=True)

    def photograph(self, name):
        if not self.options.pictures:
            return
        folder = pathlib.Path(self.options.pictures)
        folder.mkdir(exist_ok=True, parents=True)
        for place, context in enumerate(self.browser.contexts):
            for page in context.pages:
                page.screenshot(path=folder / f"{name.replace(' ', '-')}-{place}.png")

    def quiet(self, person):
        """Ends a person's visit; nothing may have been complained about meanwhile."""
        self.check(not person.complaints, f"the page complained: {person.complaints[:3]}")
        person.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="scenarios whose name holds this")
    parser.add_argument("--pictures", help="a folder for pictures of what went wrong")
    options = parser.parse_args()
    raise_file_limit()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        world = World(pathlib.Path(name), options)
        try:
            world.browser = launched(playwright)
            for module in (dashboard_access, dashboard_actions, dashboard_pages, dashboard_papers,
                           dashboard_live):
                for title, scenario in module.SCENARIOS.items():
                    world.run(title, scenario)
            world.browser.close()
        finally:
            world.server.kill()
            world.bank.stop()
    return report(world.checks, world.problems)


if __name__ == "__main__":
    sys.exit(main())
