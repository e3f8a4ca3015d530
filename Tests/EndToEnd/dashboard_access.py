"""Who may come in and what they are shown; whether everybody can use every page; and texts that were
made to do harm."""

import re

from dashboard_browser import Person, see, theme, violations

# Every page by its address, and its heading.
PAGES = [
    ("/", "Desk"), ("/new", "New batch"), ("/blotter", "Blotter"), ("/blotter?view=batches", "Batches"),
    ("/doubt", "In doubt"), ("/clients", None), ("/accounts", None), ("/rates", None),
    ("/settings", None), ("/tokens", None), ("/webhooks", None), ("/audit", None),
]
EVIL = "<script>window.hit=1</script>\"'&amp;<img src=x onerror=window.hit=1>"
# Turns the writing round; refused where it would deceive, shown as it is elsewhere.
TURNED = "\u202eevil\u202c"


def signing_in(world):
    """A wrong token is told so; a right one lets in, survives a reload, and signs out."""
    viewer = Person(world.browser, world.server, "viewer", world.apis["viewer"].token)
    page = viewer.page
    page.goto(world.server.url + "/blotter")
    page.get_by_label("Your token").fill("fxb_" + "x" * 40)
    page.get_by_role("button", name="Sign in").click()
    see(page.get_by_role("alert").filter(has_text="lets nobody in")).to_be_visible()
    page.get_by_label("Your token").fill(viewer.token)
    page.get_by_role("button", name="Sign in").click()
    viewer.is_live()
    see(page.locator("h1")).to_have_text("Blotter")
    page.reload()
    viewer.is_live()
    cookies = viewer.context.cookies()
    world.check(all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies),
                f"the cookie can be read or sent from elsewhere: {cookies}")
    page.locator(".person").click()
    page.get_by_role("button", name="Sign out").click()
    see(page.get_by_label("Your token")).to_be_visible()
    world.check(page.evaluate("fetch('/api/me').then((answer) => answer.status)") == 401,
                "the session goes on after signing out")
    world.quiet(viewer)


def revoked(world):
    """A token that is revoked ends the page of whoever has come in with it."""
    api = world.admin.issue("leaver", "viewer")
    leaver = Person(world.browser, world.server, "viewer", api.token).sign_in()
    world.admin.call("DELETE", f"/api/tokens/{api.id}")
    see(leaver.page.get_by_label("Your token")).to_be_visible()
    see(leaver.page.get_by_role("alert").filter(has_text="ended")).to_be_visible()
    world.quiet(leaver)


def roles(world):
    """A viewer sees every page and nothing that changes anything."""
    batch = world.batch("for looking", world.rows(3))
    viewer = world.person("viewer")
    page = viewer.page
    see(page.get_by_role("link", name="New batch")).to_have_count(0)
    for path, heading in PAGES:
        viewer.open(path, heading)
        world.check(page.locator("[data-order]").count() == 0, f"a viewer can order on {path}")
        world.check(page.get_by_role("button", name="Stop all booking").count() == 0, path)
    viewer.open(f"/batches/{batch['id']}", "for looking")
    see(page.locator(".blotter-table tbody:not([aria-hidden]) tr").first).to_be_visible()
    world.check(page.locator("[data-order]").count() == 0, "a viewer can order about a batch")
    world.check(page.locator(".blotter-table input").count() == 0, "a viewer can choose trades")
    world.quiet(viewer)


def environment(world):
    """TEST and PROD are told apart over every page; here the bank is a sandbox."""
    viewer = world.person("viewer")
    see(viewer.page.locator(".banner")).to_contain_text("TEST")
    viewer.page.locator(".person").click()
    viewer.page.get_by_label("Theme").select_option("dark")
    see(viewer.page.locator("html")).to_have_attribute("data-theme", "dark")
    viewer.page.reload()
    see(viewer.page.locator("html")).to_have_attribute("data-theme", "dark")
    world.quiet(viewer)


def axe(world):
    """No page, dialog or drawer has a violation, in either theme."""
    done = world.batch("for axe", world.rows(4, lambda place: "-400" if place % 2 else "300"),
                       start="true")
    world.apis["viewer"].ended(done["id"])
    # The page's own policy would keep axe out too.
    admin = world.person("admin", bypass_csp=True)
    page = admin.page

    def look(where):
        for name in ("light", "dark"):
            with theme(page, name):
                found = violations(page)
                world.check(not found, f"axe on {where}, {name}: {found[:4]}")

    for path, heading in PAGES:
        admin.open(path, heading)
        page.wait_for_load_state("networkidle")
        look(path)
    admin.open(f"/batches/{done['id']}", "for axe")
    page.get_by_text("Plots").click()
    see(page.locator(".plot").first).to_be_visible()
    look("a batch")
    page.locator(".row-open").first.click()
    see(page.get_by_text("History")).to_be_visible()
    look("a trade's drawer")
    page.keyboard.press("Escape")
    admin.press("Retry…")
    see(admin.dialog).to_be_visible()
    look("a dialog")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    see(admin.dialog.get_by_text("Everywhere")).to_be_visible()
    look("the keys")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Notifications")).click()
    see(admin.dialog.locator("li").first).to_be_visible()
    look("the notifications")
    admin.close()
    stranger = Person(world.browser, world.server, "viewer", "", bypass_csp=True)
    stranger.page.goto(world.server.url)
    see(stranger.page.get_by_label("Your token")).to_be_visible()
    for name in ("light", "dark"):
        with theme(stranger.page, name):
            found = violations(stranger.page)
            world.check(not found, f"axe on the sign-in, {name}: {found[:4]}")
    stranger.close()


def hostile(world):
    """Scripts, quotes, marks that turn the writing, and 10,000 characters are shown as text."""
    name = (EVIL + " " + TURNED + "x" * 200)[:200]
    answer = world.admin.call("POST", "/api/clients", {
        "cif_number": "EVIL1", "name": name, "spread": "300",
        "accounts": [{"currency": "ZAR", "account_number": "1"}, {"currency": "USD", "account_number": "2"}]})
    if answer.status == 422:
        name = (EVIL + "x" * 200)[:200]
        answer = world.admin.call("POST", "/api/clients", {
            "cif_number": "EVIL1", "name": name, "spread": "300",
            "accounts": [{"currency": "ZAR", "account_number": "1"}, {"currency": "USD", "account_number": "2"}]})
    world.check(answer.status == 201, f"the hostile client was not taken in: {answer!r}")
    reference = EVIL[:60].replace('"', '""')
    rows = f'Client CIF,Amount ZAR,Spread,Reference\nEVIL1,1234.00,-900,"{reference}"\n'
    dealer = world.person("dealer")
    page = dealer.page
    dealer.open("/new", "New batch")
    long = rows + "EVIL1,1.00,," + "y" * 10_000 + "\n"
    page.locator("#file").set_input_files(
        {"name": EVIL.replace("/", "") + ".csv", "mimeType": "text/csv", "buffer": long.encode()})
    see(page.locator(".cell-error").first).to_be_visible()
    see(page.get_by_text("y" * 1000).first).to_be_visible()
    page.locator("#file").set_input_files(
        {"name": EVIL.replace("/", "") + ".csv", "mimeType": "text/csv", "buffer": rows.encode()})
    see(page.locator(".preview-whole + .preview, .preview")).to_contain_text("<script>")
    page.get_by_label("Name", exact=True).fill(EVIL)
    see(page.get_by_role("button", name="Stage and start")).to_be_enabled()
    dealer.press("Stage and start")
    see(page.locator("h1")).to_have_text(EVIL)
    see(dealer.chip()).to_have_attribute("data-state", "failed")
    see(page.locator(".blotter-table")).to_contain_text(name[:60])
    page.locator(".row-open").first.click()
    see(dealer.dialog).to_contain_text("<script>")
    page.keyboard.press("Escape")
    for path, heading in PAGES[:8]:
        dealer.open(path, heading)
        page.wait_for_load_state("networkidle")
    dealer.open("/blotter?q=EVIL1", "Blotter")
    see(page.locator(".blotter-table")).to_contain_text(name[:60])
    world.check(page.evaluate("window.hit") is None, "a text was run")
    world.check(page.locator("main img").count() == 0, "a text became markup")
    world.quiet(dealer)


SCENARIOS = {
    "signing in": signing_in, "a revoked token": revoked, "roles": roles, "environment": environment,
    "hostile texts": hostile, "axe": axe,
}
