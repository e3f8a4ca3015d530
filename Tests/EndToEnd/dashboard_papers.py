"""What leaves the desk on paper at the dashboard: margins, reconciliations, templates, confirmations; a
doubt's whole evidence; and what a client may still use of limits and allowances."""

import datetime
import re

from dashboard_browser import see, theme, violations


def rows(page):
    return page.locator(".blotter-table tbody:not([aria-hidden]) tr")


def look(world, page, where):
    for name in ("light", "dark"):
        with theme(page, name):
            found = violations(page)
            world.check(not found, f"axe on {where}, {name}: {found[:4]}")


def ended(world, name, count=3):
    batch = world.batch(name, world.rows(count), start="true")
    return world.apis["viewer"].ended(batch["id"])


def margins(world):
    """By day, client and batch, for days that stand in the address; all of it as a file."""
    batch = ended(world, "earning")
    viewer = world.person("viewer", bypass_csp=True)
    page = viewer.open("/margins", "Margins")
    see(rows(page).first).to_contain_text("USD/ZAR")
    page.get_by_label("By", exact=True).select_option("batch")
    see(page).to_have_url(re.compile("by=batch"))
    line = rows(page).filter(has_text="earning")
    see(line).to_contain_text("ZAR")
    look(world, page, "margins")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="All lines as CSV").click()
    text = waiting.value.path().read_text()
    world.check(text.startswith("batch_id,") and batch["id"] in text, f"another file: {text[:200]}")
    line.get_by_role("link", name="earning").click()
    see(page.locator("h1")).to_have_text("earning")
    page.goto(world.server.url + "/margins?from=2020-01-01&to=2020-01-02")
    see(page.get_by_text("No deal was booked on these days")).to_be_visible()
    viewer.close()


def confirmation(world):
    """A booked deal has a page for its client, which tells nothing of the margin."""
    ended(world, "to confirm", 1)
    viewer = world.person("viewer")
    page = viewer.open("/blotter", "Blotter")
    page.locator(".row-open").first.click()
    with page.expect_popup() as waiting:
        viewer.dialog.get_by_role("link", name="The client’s confirmation").click()
    see(waiting.value.locator("body")).to_contain_text("Invented Client 0")
    waiting.value.close()
    world.quiet(viewer)


def reconciliation(world):
    """A dealer asks for one; it ends by itself, and says what it found."""
    ended(world, "to compare")
    dealer = world.person("dealer", bypass_csp=True)
    page = dealer.open("/reconciliations", "Reconciliations")
    dealer.press("Reconcile now")
    dealer.is_told("asked for")
    see(rows(page).first).to_contain_text("Agrees")
    page.locator(".row-open").first.click()
    see(dealer.dialog).to_contain_text("Statements")
    look(world, page, "a reconciliation")
    dealer.close()


def templates(world):
    """Kept of a batch, made again with another amount, renamed, deleted."""
    batch = ended(world, "every week")
    dealer = world.person("dealer", bypass_csp=True)
    page = dealer.open(f"/batches/{batch['id']}", "every week")
    dealer.press("Keep as a template…")
    dealer.agree("Keep it", Name="weekly")
    dealer.open("/templates", "Templates")
    page.locator(".row-open").first.click()
    see(dealer.dialog.locator("tbody tr")).to_have_count(3)
    look(world, page, "a template")
    dealer.press("Rename…")
    dealer.dialog.get_by_label("Name").fill("fortnightly")
    dealer.dialog.get_by_role("button", name="Save", exact=True).click()
    see(rows(page).first).to_contain_text("fortnightly")
    page.locator(".row-open").first.click()
    amount = dealer.dialog.get_by_label("Amount of row 2 in ZAR")
    amount.fill("-1")
    dealer.press("Stage a batch")
    see(dealer.dialog.get_by_role("alert")).not_to_be_empty()
    amount.fill("7777.00")
    dealer.dialog.get_by_label("Name of the new batch").fill("week 12")
    dealer.press("Stage a batch")
    see(page.locator("h1")).to_have_text("week 12")
    see(page.locator(".blotter-table")).to_contain_text("7,777.00")
    viewer = world.person("viewer")
    viewer.open("/templates", "Templates")
    viewer.page.locator(".row-open").first.click()
    see(viewer.dialog.locator("tbody tr")).to_have_count(3)
    found = viewer.dialog.get_by_role("button", name=re.compile("Stage|Rename|Delete")).count()
    world.check(found == 0, "a viewer is offered orders about a template")
    world.quiet(viewer)
    dealer.open("/templates", "Templates")
    page.locator(".row-open").first.click()
    dealer.press("Delete…")
    dealer.dialog.get_by_role("button", name="Delete", exact=True).click()
    see(page.get_by_text("There is no template yet")).to_be_visible()
    dealer.close()


def evidence(world):
    """A doubt shows what the bank was asked and answered, and anybody may ask it now."""
    world.bank.set_faults("book.lost_after=1000,status.error_before=1000")
    batch = world.batch("unknown", world.rows(1), start="true")
    viewer = world.person("viewer", bypass_csp=True)
    page = viewer.open("/doubt", "In doubt")
    card = page.locator(".doubts li.card", has_text="Row 1")
    see(card.get_by_role("table", name="Questions to the bank")).to_contain_text("HTTP status")
    card.get_by_role("button", name="Ask the bank now").click()
    see(card.get_by_role("table", name="The bank’s answers")).to_contain_text("HTTP status")
    look(world, page, "a doubt with its evidence")
    world.check(page.get_by_role("button", name="Resolve…").count() == 0, "a viewer can resolve")
    world.bank.set_faults("book.lost_after=0,status.error_before=0")
    see(page.get_by_text("Nothing is in doubt.")).to_be_visible()
    world.apis["viewer"].ended(batch["id"])
    viewer.close()


def terms(world):
    """A client's limit, clearance and use elsewhere are kept, and what is left is told."""
    dealer = world.person("dealer", bypass_csp=True)
    page = dealer.open("/clients?q=CIF1009", "Clients")
    page.locator(".row-open").click()
    drawer = dealer.dialog
    allowances = drawer.get_by_role("table", name="Allowances")
    see(allowances).to_contain_text("May not be used")
    dealer.press("Limit and clearance…")
    dealer.dialog.get_by_label("Day limit in rands").fill("250000.00")
    dealer.dialog.get_by_label("Tax clearance: PIN").fill("PIN-1")
    dealer.dialog.get_by_role("button", name="Save", exact=True).click()
    see(dealer.dialog.get_by_role("alert")).to_contain_text("or none")
    dealer.dialog.get_by_label("Tax clearance: approved rands").fill("5000000.00")
    last = f"{datetime.date.today().year + 1}-03-01"
    dealer.dialog.get_by_label("Tax clearance: last day").fill(last)
    dealer.agree("Save")
    see(drawer).to_contain_text("ZAR 250,000.00")
    see(drawer).to_contain_text(last)
    see(allowances).to_contain_text("ZAR 5,000,000.00")
    dealer.press("Used elsewhere…")
    dealer.dialog.get_by_label("Amount in rands").fill("150000.00")
    dealer.agree("Save")
    see(allowances).to_contain_text("ZAR 150,000.00")
    look(world, page, "a client's allowances")
    viewer = world.person("viewer")
    viewer.open("/clients?q=CIF1009", "Clients")
    viewer.page.locator(".row-open").click()
    see(viewer.dialog.get_by_role("table", name="Allowances")).to_contain_text("150,000.00")
    found = viewer.dialog.get_by_role("button", name=re.compile("clearance|elsewhere")).count()
    world.check(found == 0, "a viewer is offered a client's terms")
    world.quiet(viewer)
    dealer.close()


SCENARIOS = {
    "margins": margins, "confirmations": confirmation, "reconciliations": reconciliation,
    "templates": templates, "evidence": evidence, "a client's terms": terms,
}
