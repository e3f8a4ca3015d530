"""Reference data and administration at the dashboard: clients, accounts, rates, tokens, webhooks, the audit
log, and how the server stands; each as every role that may, and without a button for those that may not."""

import contextlib
import http.server
import re
import threading

from dashboard_browser import Person, see, theme, violations

BAD_CLIENTS = """Client,Client CIF,Fixed Spread,ZAR Account
Invented Good,CIFNEW1,300,111
Invented Bad,CIFNEW2,many,112
,CIFNEW3,300,113
"""
GOOD_CLIENTS = """Client,Client CIF,Fixed Spread,ZAR Account,USD Account
Invented Good,CIFNEW1,300,111,211
Invented Client 0,CIF1000,300,ZA000000,US000000
"""


def rows(page):
    return page.locator(".blotter-table tbody:not([aria-hidden]) tr")


def upload(page, name, text):
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()})


def clients(world):
    """A dealer finds, adds, changes, stops and deletes clients."""
    dealer = world.person("dealer")
    page = dealer.open("/clients", "Clients")
    page.keyboard.press("/")
    page.keyboard.type("CIF1007")
    see(rows(page)).to_have_count(1)
    see(page).to_have_url(re.compile(r"q=CIF1007"))
    page.reload()
    see(rows(page)).to_have_count(1)

    dealer.press("Add a client…")
    dialog = dealer.dialog
    dialog.get_by_label("CIF number").fill("CIFHAND")
    dialog.get_by_label("Name").fill("Invented By Hand")
    dialog.get_by_label("Spread in pips").fill("half")
    dialog.get_by_role("button", name="Add", exact=True).click()
    see(dialog.get_by_role("alert")).not_to_be_empty()
    dialog.get_by_label("Spread in pips").fill("358")
    dialog.get_by_label("ZAR account").fill("1000000001")
    dialog.get_by_label("Other accounts").fill("EUR1")
    dialog.get_by_role("button", name="Add", exact=True).click()
    see(dialog.get_by_role("alert")).to_contain_text("EUR1")
    dialog.get_by_label("Other accounts").fill("EUR 1000000003")
    dealer.agree("Add")
    told = world.apis["viewer"].get("/api/clients/CIFHAND")
    world.check(told["spread"] == "358" and len(told["accounts"]) == 2, f"not as typed: {told}")

    dealer.open("/clients?q=CIFHAND", "Clients")
    page.locator(".row-open").click()
    drawer = dealer.dialog
    see(drawer.get_by_role("heading", name="Invented By Hand")).to_be_visible()
    see(drawer).to_contain_text("1000000003")
    dealer.press("Change…")
    dealer.agree("Save", Name="Invented Renamed")
    see(drawer.get_by_role("heading", name="Invented Renamed")).to_be_visible()
    dealer.press("Deactivate…")
    dealer.agree("Deactivate")
    see(drawer.get_by_role("button", name="Activate…")).to_be_visible()
    see(rows(page).first).to_contain_text("Not active")
    dealer.press("Activate…")
    dealer.agree("Activate")
    dealer.press("Delete…")
    # With the client its drawer goes too.
    dealer.dialog.get_by_role("button", name="Delete", exact=True).click()
    see(page.get_by_text("No client is like this")).to_be_visible()

    # One that has traded is kept, and the dialog says so.
    dealer.open("/clients?q=CIF1000", "Clients")
    page.locator(".row-open").click()
    dealer.press("Delete…")
    dealer.dialog.get_by_role("button", name="Delete", exact=True).click()
    see(dealer.dialog.get_by_role("alert")).not_to_be_empty()
    world.check(world.apis["viewer"].get("/api/clients/CIF1000") is not None, "it was deleted")
    world.quiet(dealer)


def client_file(world):
    """A file of clients is shown first; what is wrong stands beside its cells, and nothing is stored."""
    dealer = world.person("dealer")
    page = dealer.open("/clients", "Clients")
    dealer.press("Take in a file…")
    upload(page, "wrong.csv", BAD_CLIENTS)
    see(dealer.dialog.locator("tbody tr")).to_have_count(3)
    dealer.press("Take in 3 clients")
    see(dealer.dialog.get_by_text("nothing was stored")).to_be_visible()
    see(dealer.dialog.locator("td.cell-wrong", has_text="many")).to_be_visible()
    see(dealer.dialog.locator("tbody tr", has_text="CIFNEW1")).to_have_count(0)
    answer = world.apis["viewer"].call("GET", "/api/clients/CIFNEW1")
    world.check(answer.status == 404, "a refused file was taken in part")
    upload(page, "right.csv", GOOD_CLIENTS)
    dealer.press("Take in 2 clients")
    dealer.is_told("1 client added, 1 updated")
    dealer.open("/clients?q=CIFNEW", "Clients")
    see(rows(page)).to_have_count(1)
    world.quiet(dealer)


def accounts(world):
    """The bank is asked for all accounts, and each leads to its client."""
    dealer = world.person("dealer")
    page = dealer.open("/accounts", "Accounts")
    dealer.press("Ask the bank for all accounts")
    dealer.is_told("updated")
    page.get_by_label("CIF number").fill("CIF1003")
    see(rows(page)).to_have_count(2)
    page.locator(".row-open").first.click()
    see(dealer.dialog.get_by_role("heading", name="Invented Client 3")).to_be_visible()
    dealer.dialog.get_by_role("link", name="Its trades").click()
    see(page.locator("h1")).to_have_text("Blotter")
    see(page).to_have_url(re.compile("cif_number=CIF1003"))
    world.quiet(dealer)


def rates(world):
    """A pair is added and set; a jump has to be insisted on."""
    dealer = world.person("dealer")
    page = dealer.open("/rates", "Rates")
    dealer.press("Add a pair…")
    dealer.agree("Set", Pair="gbp/zar", Rate="23.5000")
    line = page.locator(".rates li", has_text="GBP/ZAR")
    line.get_by_label("New rate of GBP/ZAR").fill("23.6000")
    line.get_by_role("button", name="Set").click()
    see(line.locator(".rate-value")).to_have_text("23.6000")
    line.get_by_label("New rate of GBP/ZAR").fill("29")
    line.get_by_role("button", name="Set").click()
    see(dealer.dialog).to_contain_text("23.6000")
    dealer.agree("Set it all the same")
    see(line.locator(".rate-value")).to_have_text("29.0000")
    world.quiet(dealer)


def tokens(world):
    """A token's text is shown once; it lets in until it is revoked."""
    admin = world.person("admin")
    page = admin.open("/tokens", "Tokens")
    admin.press("Make a token…")
    admin.dialog.get_by_label("Person").fill("guest.one")
    admin.dialog.get_by_label("What for").fill("a visit")
    admin.dialog.get_by_label("Role").select_option("approver")
    admin.dialog.get_by_role("button", name="Make it").click()
    secret = admin.dialog.get_by_label("The token of guest.one")
    see(secret).to_be_visible()
    text = secret.input_value()
    see(admin.dialog.get_by_role("button", name="Copy")).to_be_visible()
    admin.dialog.get_by_role("button", name="I have kept it").click()
    see(rows(page).filter(has_text="guest.one")).to_contain_text("Approver")
    world.check(text not in page.content(), "the token is still in the page")
    guest = Person(world.browser, world.server, "approver", text).sign_in("/audit")
    see(guest.page.locator("h1")).to_have_text("Audit log")
    page.get_by_role("button", name="Revoke the token a visit of guest.one").click()
    admin.agree("Revoke")
    see(rows(page).filter(has_text="guest.one")).to_contain_text("Revoked")
    see(guest.page.get_by_label("Your token")).to_be_visible()
    guest.close()
    world.quiet(admin)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Refuses what comes to /broken, and takes the rest."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(410 if self.path == "/broken" else 204)
        self.end_headers()

    def log_message(self, *words):
        pass


@contextlib.contextmanager
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def webhooks(world):
    """Made with a secret that is shown once; tested, sent again, changed, disabled, rotated, deleted."""
    admin = world.person("admin")
    page = admin.open("/webhooks", "Webhooks")
    see(page.get_by_text("Nothing is sent anywhere yet")).to_be_visible()
    with receiver() as address:
        admin.press("Make a webhook…")
        admin.dialog.get_by_label("Address").fill("not an address")
        admin.dialog.get_by_role("button", name="Make it").click()
        see(admin.dialog.get_by_role("alert")).not_to_be_empty()
        admin.dialog.get_by_label("Address").fill(address + "/good")
        admin.dialog.get_by_label("What for").fill("the ledger")
        admin.dialog.get_by_label("Kill switch").uncheck()
        admin.dialog.get_by_role("button", name="Make it").click()
        secret = admin.dialog.get_by_label("The webhook’s secret").input_value()
        world.check(secret.startswith("whsec_"), "no secret was shown")
        admin.dialog.get_by_role("button", name="I have kept it").click()
        card = page.locator("li.card", has_text="the ledger")
        see(card).to_contain_text("Enabled")

        card.get_by_role("button", name="Send a test").click()
        first = admin.dialog.locator(".delivery").first
        see(first).to_contain_text("webhook.test")
        see(first.locator(".chip")).to_have_attribute("data-state", "delivered")
        first.get_by_text("1 try").click()
        see(first).to_contain_text("answered 204")
        first.get_by_role("button", name="Send again").click()
        see(first).to_contain_text("2 tries")
        page.keyboard.press("Escape")

        card.get_by_role("button", name="New secret…").click()
        admin.dialog.get_by_role("button", name="Make it").click()
        other = admin.dialog.get_by_label("The webhook’s secret").input_value()
        world.check(other != secret, "the secret is the old one")
        admin.dialog.get_by_role("button", name="I have kept it").click()
        see(card).to_contain_text("Old secret signs until")

        card.get_by_role("button", name="Disable").click()
        see(card).to_contain_text("Disabled")
        card.get_by_role("button", name="Enable").click()
        see(card.locator(".tag")).to_have_text("Enabled")
        card.get_by_role("button", name="Change…").click()
        admin.agree("Save", Address=address + "/broken")
        see(card).to_contain_text("/broken")
        card.get_by_role("button", name="Send a test").click()
        see(admin.dialog.locator(".delivery").first.locator(".chip")).to_have_attribute(
            "data-state", "failed")
        page.keyboard.press("Escape")
    card.get_by_role("button", name="Delete…").click()
    admin.agree("Delete")
    see(page.get_by_text("Nothing is sent anywhere yet")).to_be_visible()
    world.quiet(admin)


def audit(world):
    """An approver reads who did what, filters by the person, and sees what was changed."""
    world.apis["dealer"].call("PATCH", "/api/clients/CIF1005", {"spread": "401"})
    approver = world.person("approver")
    page = approver.open("/audit", "Audit log")
    see(rows(page).first).to_be_visible()
    page.get_by_label("Person").fill("dealer@example.test")
    see(page).to_have_url(re.compile("person=dealer%40"))
    line = rows(page).filter(has_text="PATCH /api/clients").first
    see(line).to_contain_text("Done, 200")
    line.locator(".row-open").click()
    changes = approver.dialog.get_by_role("table", name="What it changed")
    see(changes).to_contain_text("401")
    see(changes.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_label("Person").fill("nobody of that name")
    see(page.get_by_text("Nothing is recorded of this person")).to_be_visible()
    world.quiet(approver)


def installation(world):
    """How the server stands, who holds batches, and the kill switch."""
    admin = world.person("admin")
    page = admin.open("/settings", "Settings")
    see(page.get_by_text("It is ready")).to_be_visible()
    see(page.get_by_role("table", name="Calls to the bank")).to_contain_text("Create quote")
    page.locator("main").get_by_role("button", name="Stop all booking…").click()
    admin.agree("Stop all booking", reason="A drill.")
    card = page.locator("section.card", has_text="Kill switch").first
    see(card).to_contain_text("A drill.")
    card.get_by_role("button", name="Release…").click()
    admin.agree("Let bookings go on", reason="It is over.")
    see(card).to_contain_text("It is released")
    world.quiet(admin)


ORDERS = re.compile(
    "Add|Take in|Ask the bank|Change…|Deactivate|Delete|Make a|Revoke|Release|Stop all|^Set$")
FOR = {"viewer": ("/tokens", "/webhooks", "/audit"), "dealer": ("/tokens", "/webhooks", "/audit"),
       "approver": ("/tokens", "/webhooks")}


def by_role(world):
    """What a role may not do is not offered, and what it may not see says so."""
    for role, closed in FOR.items():
        person = world.person(role)
        page = person.page
        for path in closed:
            person.open(path)
            see(page.get_by_text("This is shown to whoever has the role")).to_be_visible()
            world.check(page.locator(f".tabs a[href='{path}']").count() == 0, f"{role}: {path}")
        if role == "viewer":
            for path in ("/clients", "/accounts", "/rates", "/settings"):
                person.open(path)
                page.wait_for_load_state("networkidle")
                found = page.locator("main").get_by_role("button", name=ORDERS).count()
                world.check(found == 0, f"a viewer is offered orders on {path}")
            person.open("/clients?q=CIF1004", "Clients")
            page.locator(".row-open").click()
            see(person.dialog).to_contain_text("Spread")
            found = person.dialog.get_by_role("button", name=ORDERS).count()
            world.check(found == 0, "a viewer is offered orders about a client")
        world.quiet(person)


def drawers(world):
    """The drawers and dialogs of these pages have no violation, in either theme."""
    admin = world.person("admin", bypass_csp=True)
    page = admin.page

    def look(where):
        for name in ("light", "dark"):
            with theme(page, name):
                found = violations(page)
                world.check(not found, f"axe on {where}, {name}: {found[:4]}")
        page.keyboard.press("Escape")

    admin.open("/clients?q=CIF1006", "Clients")
    page.locator(".row-open").click()
    see(admin.dialog).to_contain_text("Spread")
    look("a client")
    admin.press("Add a client…")
    look("a new client")
    admin.press("Take in a file…")
    upload(page, "wrong.csv", BAD_CLIENTS)
    admin.press("Take in 3 clients")
    see(admin.dialog.locator("td.cell-wrong").first).to_be_visible()
    look("a file of clients")
    admin.open("/tokens", "Tokens")
    admin.press("Make a token…")
    look("a new token")
    admin.open("/webhooks", "Webhooks")
    admin.press("Make a webhook…")
    look("a new webhook")
    admin.open("/audit", "Audit log")
    page.locator(".row-open").first.click()
    see(admin.dialog).to_contain_text("Request")
    look("an entry of the audit log")
    admin.close()


SCENARIOS = {
    "clients": clients, "a file of clients": client_file, "accounts": accounts, "rates": rates,
    "tokens": tokens, "webhooks": webhooks, "the audit log": audit, "the installation": installation,
    "orders by role": by_role, "drawers for axe": drawers,
}
