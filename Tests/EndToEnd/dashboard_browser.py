"""A browser for the tests of the dashboard: one context for each person, who signs in as people do, with
a watch on everything that the page complains about; and axe, which looks for what keeps people out."""

import contextlib
import pathlib
import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect as see

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
WAIT_MS = 20_000
# What a browser says by itself where nobody is signed in yet, or while the server is away.
HARMLESS = ("status of 401", "Password forms should have", "Failed to load resource",
            "WebSocket connection to", "net::ERR_CONNECTION_REFUSED")
AXE_RULES = {"resultTypes": ["violations"]}

see.set_options(timeout=WAIT_MS)


class Person:
    """Somebody at the dashboard, in a browser context of their own."""

    def __init__(self, browser, server, role, token, **options):
        self.server, self.role, self.token = server, role, token
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.context.set_default_timeout(WAIT_MS)
        self.complaints = []
        self.page = self.context.new_page()
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def heard(self, message):
        isBad = message.type in ("error", "warning")
        if isBad and not any(words in message.text for words in HARMLESS):
            self.complaints.append(f"{message.type}: {message.text}")

    def sign_in(self, path="/"):
        self.page.goto(self.server.url + path)
        self.page.get_by_label("Your token").fill(self.token)
        self.page.get_by_role("button", name="Sign in").click()
        self.is_live()
        return self

    def is_live(self):
        see(self.page.locator(".connection")).to_have_attribute("data-state", "live")

    def open(self, path, heading=None):
        """Another page by its address, as a bookmark opens it."""
        self.page.goto(self.server.url + path)
        self.is_live()
        if heading:
            see(self.page.locator("h1")).to_have_text(heading)
        return self.page

    def press(self, name, exact=True):
        self.page.get_by_role("button", name=name, exact=exact).first.click()

    @property
    def dialog(self):
        return self.page.locator("dialog[open]").last

    def agree(self, action, reason=None, **fields):
        """Fills a dialog and presses its button; it must close."""
        dialog = self.dialog
        see(dialog).to_be_visible()
        if reason is not None:
            dialog.get_by_label("Reason").fill(reason)
        for label, value in fields.items():
            dialog.get_by_label(label.replace("_", " ")).fill(value)
        before = self.page.locator("dialog[open]").count()
        dialog.get_by_role("button", name=action, exact=True).click()
        see(self.page.locator("dialog[open]")).to_have_count(before - 1)

    def chip(self):
        return self.page.locator(".page-head .chip")

    def is_told(self, words):
        see(self.page.locator(".toast", has_text=words).first).to_be_visible()

    def close(self):
        self.context.close()


def violations(page):
    """What axe finds wrong, in words."""
    found = Axe().run(page, options=AXE_RULES).response["violations"]
    return [f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]}"
            for one in found for node in one["nodes"]]


@contextlib.contextmanager
def theme(page, name):
    page.emulate_media(color_scheme=name)
    yield
    page.emulate_media(color_scheme="light")


def launched(playwright):
    if not pathlib.Path(CHROMIUM).exists():
        raise SystemExit("no chromium is installed; bin/setup --tests does that")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
