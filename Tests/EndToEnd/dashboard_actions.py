"""What dealers, approvers and admins do at the dashboard, from a file to the sign-off of its outcome."""

import re

from api_client import wait_until
from dashboard_browser import see

# Trades whose row is even fail their rate check.
def half(place):
    return "-500" if place % 2 else "300"

BAD_FILE = """Client CIF,Amount ZAR,Deal Type,Extra
CIF1000,100.00,spot,x
CIF1001,-5,whenever,
NOBODY,7.00,spot,
"""


def new_batch(world):
    """A file with errors beside its cells, control totals, then stage, validate, start."""
    dealer = world.person("dealer")
    page = dealer.page
    page.get_by_role("link", name="New batch").first.click()
    upload(page, "wrong.csv", BAD_FILE)
    see(page.locator("td.cell-wrong", has_text="-5")).to_contain_text("above zero")
    see(page.locator("td.cell-wrong", has_text="whenever")).to_contain_text("same_day")
    see(page.locator("td.cell-wrong", has_text="NOBODY")).to_contain_text("Register client")
    see(page.get_by_text("was not read")).to_be_visible()
    see(page.get_by_role("button", name="Stage", exact=True)).to_be_disabled()
    page.get_by_label("Only rows with errors").check()
    see(page.locator(".preview tbody tr")).to_have_count(2)

    upload(page, "right.csv", world.rows(4, tag="staged"))
    see(page.get_by_text("4 rows, nothing wrong")).to_be_visible()
    see(page.locator(".preview tbody tr").first).to_contain_text("Invented Client 0")
    page.get_by_label("Expected trades").fill("5")
    see(page.get_by_text("4 trades, not 5")).to_be_visible()
    see(page.get_by_role("button", name="Stage", exact=True)).to_be_disabled()
    page.get_by_label("Expected trades").fill("4")
    page.get_by_label("Name", exact=True).fill("by hand")
    see(page.get_by_role("button", name="Stage", exact=True)).to_be_enabled()
    dealer.press("Stage")
    see(page.locator("h1")).to_have_text("by hand")
    see(dealer.chip()).to_have_attribute("data-state", "staged")
    dealer.press("Validate")
    see(dealer.dialog).to_contain_text("nothing stands against them")
    page.keyboard.press("Escape")
    dealer.press("Start")
    see(dealer.chip()).to_have_attribute("data-state", "success")

    # The same rows again are found when they are to be stored, and shown beside them.
    page.get_by_role("link", name="New batch").first.click()
    upload(page, "again.csv", file_of(world, 4, "staged"))
    see(page.get_by_role("button", name="Stage", exact=True)).to_be_enabled()
    dealer.press("Stage")
    see(page.locator(".row-errors").first).to_contain_text("repeats a trade")
    world.quiet(dealer)


def file_of(world, count, tag):
    """The file that was written last, word for word."""
    world.number -= 1
    return world.rows(count, tag=tag)


def upload(page, name, text):
    page.locator("#file").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()})
    see(page.get_by_text(f"{name}, 1 KB")).to_be_visible()


def typed_trade(world):
    """Trades that are typed go the same way as a file."""
    dealer = world.person("dealer")
    page = dealer.open("/new", "New batch")
    page.locator("summary", has_text="Or type trades").click()
    page.get_by_label("Client of trade 1").fill("CIF1003")
    page.get_by_label("Amount of trade 1").fill("4321.00")
    see(page.get_by_text("1 row, nothing wrong")).to_be_visible()
    see(page.locator(".form-client")).to_have_text("Invented Client 3")
    page.get_by_label("Name", exact=True).fill("typed")
    see(page.get_by_role("button", name="Stage and start")).to_be_enabled()
    dealer.press("Stage and start")
    see(page.locator("h1")).to_have_text("typed")
    see(dealer.chip()).to_have_attribute("data-state", "success")
    world.quiet(dealer)


def desk(world):
    """Pause and resume, priorities by keys, arrows and drag, a rate, and the switch that stops all."""
    dealer = world.person("dealer")
    page = dealer.page
    world.bank.set_faults("book.slow=1000,slow_ms=600")
    slow = [world.batch(name, world.rows(30), start="true", priority=priority, max_concurrent_trades=1)
            for name, priority in (("alpha", 5), ("beta", 5), ("gamma", 4))]
    row = lambda name: page.locator(".queue-row", has_text=name)  # noqa: E731
    see(row("gamma")).to_be_visible()
    order = lambda: page.locator(".queue-name").all_inner_texts()  # noqa: E731
    row("beta").focus()
    page.keyboard.press("Alt+ArrowUp")
    wait_until(lambda: order()[:3] == ["beta", "alpha", "gamma"], "beta above alpha by keys")
    see(row("beta")).to_be_focused()
    row("gamma").locator("[aria-label='Move up in the queue']").click()
    wait_until(lambda: order()[:3] == ["beta", "gamma", "alpha"], "gamma above alpha by its arrow")
    row("alpha").drag_to(row("beta"), target_position={"x": 300, "y": 3})
    wait_until(lambda: order()[:3] == ["alpha", "beta", "gamma"], "alpha above all by dragging")
    row("alpha").focus()
    page.keyboard.press("+")
    see(row("alpha").locator(".queue-priority")).to_have_text("6")

    row("alpha").get_by_role("button", name="Pause").click()
    see(row("alpha").locator(".chip")).to_have_attribute("data-state", "paused")
    row("alpha").get_by_role("button", name="Resume").click()
    see(row("alpha").locator(".chip")).to_have_attribute("data-state", re.compile("pending|running"))
    row("gamma").get_by_role("button", name="Cancel…").click()
    dealer.agree("Cancel the batch", reason="The client rang.")
    see(row("gamma")).to_have_count(0)

    rate = page.get_by_label("New rate of USD/ZAR")
    rate.fill("30.00")
    rate.press("Enter")
    see(dealer.dialog).to_contain_text("30.00")
    page.keyboard.press("Escape")
    rate.fill(world.rate)
    rate.press("Enter")
    dealer.is_told(f"USD/ZAR is {world.rate}")

    dealer.press("Stop all booking…")
    dealer.agree("Stop all booking", reason="A drill.")
    see(page.locator(".kill-strip")).to_contain_text("A drill.")
    world.check(page.locator(".kill-strip button").count() == 0, "a dealer can release the switch")
    admin = world.person("admin")
    see(admin.page.locator(".kill-strip")).to_contain_text("A drill.")
    admin.press("Release…")
    admin.agree("Let bookings go on", reason="The drill is over.")
    see(page.locator(".kill-strip")).to_be_hidden()
    world.bank.set_faults("book.slow=0")
    for batch in slow:
        world.apis["viewer"].ended(batch["id"])
    world.quiet(admin)
    world.quiet(dealer)


def outcome(world):
    """Failures by their code, retried by group and by choice, then accepted from the inbox."""
    batch = world.batch("half bad", world.rows(6, half), start="true")
    world.apis["viewer"].ended(batch["id"])
    dealer = world.person("dealer")
    page = dealer.page
    item = page.locator(".inbox li", has_text="half bad")
    see(item).to_contain_text("3 completed, 3 failed")
    page.get_by_role("link", name="half bad").first.click()
    see(page.get_by_text("rate_check").first).to_be_visible()
    dealer.press("Show these")
    see(page.locator(".blotter-table tbody:not([aria-hidden]) tr")).to_have_count(3)
    world.check("code=rate_check" in page.url, "the filter stands in the address")
    dealer.press("Retry these…")
    dealer.agree("Try again", reason="The desk looked.")
    dealer.press("Show all")
    see(dealer.chip()).to_have_attribute("data-state", "partial_success")
    see(page.get_by_role("button", name="Failed 3")).to_be_visible()
    page.get_by_role("button", name="Failed 3").click()
    boxes = page.locator(".blotter-table tbody input")
    see(boxes.nth(2)).to_be_visible()
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    see(page.get_by_text("3 trades chosen")).to_be_visible()
    dealer.press("Retry the chosen…")
    dealer.agree("Try again")
    see(dealer.chip()).to_have_attribute("data-state", "partial_success")
    page.get_by_role("link", name="Desk").click()
    see(item).to_be_visible()
    item.get_by_role("button", name="Accept…").click()
    dealer.dialog.get_by_role("button", name="Accept", exact=True).click()
    see(dealer.dialog.get_by_role("alert")).to_contain_text("Reason")
    dealer.agree("Accept", reason="Dealt by phone.")
    see(item).to_have_count(0)
    dealer.open(f"/batches/{batch['id']}", "half bad")
    see(page.get_by_text("accepted the outcome: Dealt by phone.")).to_be_visible()
    world.quiet(dealer)


def one_batch(world):
    """A trade's drawer, plots, the log, terms, clone, reversal, deletion and export."""
    batch = world.batch("whole", world.rows(5), start="true")
    world.apis["viewer"].ended(batch["id"])
    dealer = world.person("dealer")
    page = dealer.open(f"/batches/{batch['id']}", "whole")
    page.get_by_text("Plots").click()
    see(page.locator(".plot-point")).to_have_count(5)
    see(page.get_by_text("Settlement").first).to_be_visible()
    page.locator(".blotter-table tbody:not([aria-hidden]) tr").nth(1).click()
    see(dealer.dialog.locator("h2")).to_contain_text("Row 2")
    see(dealer.dialog).to_contain_text("SBX")
    see(dealer.dialog.get_by_role("heading", name="Attempts")).to_be_visible()
    page.keyboard.press("Escape")
    dealer.press("The whole log…")
    see(dealer.dialog.locator(".log li").nth(10)).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    text = open(download.value.path(), encoding="utf-8").read()
    world.check(len(text.splitlines()) == 6, f"the export has other rows: {text[:300]}")
    page.locator("[data-order=edit]").click()
    dealer.agree("Save", Name="renamed")
    see(page.locator("h1")).to_have_text("renamed")
    page.locator("[data-order=clone]").click()
    see(page.locator("h1")).not_to_have_text("renamed")
    see(dealer.chip()).to_have_attribute("data-state", "staged")
    page.locator("[data-order=delete]").click()
    dealer.agree("Delete")
    see(page.locator("h1")).to_have_text("Desk")
    dealer.open(f"/batches/{batch['id']}", "renamed")
    page.locator("[data-order=reverse]").click()
    dealer.agree("Make the reversal")
    see(page.locator("h1")).to_have_text("renamed, reversed")
    see(page.locator(".blotter-table")).to_contain_text("Sell USD/ZAR")
    dealer.open("/batches/00000000-0000-7000-8000-000000000000", "There is no such batch")
    world.quiet(dealer)


def staged(world):
    """Trades of a staged batch are removed, changed and added before it is started."""
    batch = world.batch("draft", world.rows(3))
    dealer = world.person("dealer")
    page = dealer.open(f"/batches/{batch['id']}", "draft")
    rows = page.locator(".blotter-table tbody:not([aria-hidden]) tr")
    see(rows).to_have_count(3)
    rows.nth(0).locator("input").check()
    dealer.press("Remove the chosen…")
    dealer.agree("Remove")
    see(rows).to_have_count(2)
    rows.nth(0).locator("input").check()
    dealer.press("Change the chosen…")
    dealer.dialog.get_by_label("Amount of trade 1").fill("77777.00")
    dealer.dialog.get_by_role("button", name="Save").click()
    see(page.locator(".blotter-table")).to_contain_text("ZAR 77,777.00")
    dealer.press("Add trades…")
    dealer.dialog.get_by_label("Client of trade 1").fill("CIF1009")
    dealer.dialog.get_by_label("Amount of trade 1").fill("88888.00")
    dealer.dialog.get_by_role("button", name="Another trade").click()
    dealer.dialog.get_by_label("Client of trade 2").fill("NOBODY")
    dealer.dialog.get_by_label("Amount of trade 2").fill("1.00")
    dealer.dialog.get_by_role("button", name="Add", exact=True).click()
    see(dealer.dialog.get_by_role("alert")).to_contain_text("NOBODY")
    dealer.dialog.get_by_label("Remove trade 2").click()
    dealer.dialog.get_by_role("button", name="Add", exact=True).click()
    see(rows).to_have_count(3)
    see(page.locator(".blotter-table")).to_contain_text("ZAR 88,888.00")
    world.quiet(dealer)


def four_eyes(world):
    """A dealer's batch waits for an approver, who releases exactly what is shown, or sends it back."""
    dealer = world.person("dealer")
    approver = world.person("approver")
    good, bad = (world.batch(name, world.rows(2), approval="required") for name in ("release", "return"))
    item = approver.page.locator(".inbox li", has_text="release")
    see(item).to_contain_text("Waits for approval")
    mine = dealer.page.locator(".inbox li", has_text="release")
    see(mine).to_be_visible()
    world.check(mine.locator("[data-order=approve]").count() == 0, "a dealer can approve")
    item.get_by_role("button", name="Approve…").click()
    approver.agree("Approve")
    approver.open(f"/batches/{bad['id']}", "return")
    approver.press("Reject…")
    approver.agree("Reject", reason="Twice the usual amount.")
    see(approver.page.get_by_text("refused the approval: Twice the usual amount.")).to_be_visible()
    dealer.open(f"/batches/{good['id']}", "release")
    dealer.press("Start")
    see(dealer.chip()).to_have_attribute("data-state", "success")
    world.quiet(dealer)
    world.quiet(approver)


def doubt(world):
    """A booking whose answer is lost comes to the doubt desk with its evidence; an approver asks the
    bank and closes it."""
    world.bank.set_faults("book.lost_after=1000,status.error_before=1000")
    batch = world.batch("lost", world.rows(1), start="true")
    approver = world.person("approver")
    page = approver.open("/doubt", "In doubt")
    card = page.locator(".doubts li.card", has_text="Row 1")
    see(card).to_be_visible()
    see(card.get_by_role("heading").first).to_contain_text("Invented Client 0")
    see(card.locator(".log li").first).to_be_visible()
    viewer = world.person("viewer")
    viewer.open("/doubt", "In doubt")
    see(viewer.page.locator(".doubts li.card")).to_have_count(1)
    world.check(viewer.page.get_by_role("button", name="Resolve…").count() == 0, "a viewer can resolve")
    trade = world.apis["viewer"].trades(batch["id"])[0]
    wait_until(lambda: world.apis["approver"].call(
        "GET", f"/api/trades/{trade['id']}/bank-word").status == 200, "the bank may be asked")
    world.bank.set_faults("status.error_before=1000")
    reference = next(deal["deal_reference"] for deal in world.bank.ledger()
                     if deal["deal_transaction_id"] == trade["deal_transaction_id"])
    card.get_by_role("button", name="Resolve…").click()
    approver.dialog.get_by_label("Outcome").select_option("booked")
    approver.dialog.get_by_label("How you know").fill("Seen on the statement.")
    approver.dialog.get_by_role("button", name="Ask the bank").click()
    see(approver.dialog.get_by_role("alert")).to_contain_text("reference")
    approver.dialog.get_by_label("The bank's reference").fill(reference)
    approver.dialog.get_by_role("button", name="Ask the bank").click()
    see(approver.dialog.get_by_role("button", name=re.compile("close it|Close it"))).to_be_visible()
    approver.dialog.get_by_role("button", name=re.compile("close it|Close it")).click()
    see(card).to_have_count(0)
    see(page.get_by_text("Nothing is in doubt.")).to_be_visible()
    world.bank.set_faults("status.error_before=0")
    world.apis["viewer"].ended(batch["id"])
    world.quiet(viewer)
    world.quiet(approver)


def blotter(world):
    """Filters in the address, search, saved views, and the export of what is shown."""
    batch = world.batch("to be found", world.rows(3, tag="needle"), start="true")
    world.apis["viewer"].ended(batch["id"])
    viewer = world.person("viewer")
    page = viewer.open("/blotter", "Blotter")
    rows = page.locator(".blotter-table tbody:not([aria-hidden]) tr")
    page.keyboard.press("/")
    page.keyboard.type("needle")
    see(rows).to_have_count(3)
    see(page).to_have_url(re.compile("q=needle"))
    page.get_by_role("checkbox", name="Failed").check()
    see(page.get_by_text("No trade is like this")).to_be_visible()
    page.get_by_role("checkbox", name="Failed").uncheck()
    page.get_by_role("checkbox", name="Completed").check()
    see(rows).to_have_count(3)
    viewer.press("Save this view…")
    viewer.agree("Save", Name="my needles")
    with page.expect_download() as download:
        viewer.press("Export what is shown")
    world.check(len(open(download.value.path(), encoding="utf-8").read().splitlines()) == 4,
                "the export is not what is shown")
    viewer.open("/blotter?view=batches", "Batches")
    page.get_by_role("link", name="my needles").click()
    see(page.locator("h1")).to_have_text("Blotter")
    see(rows).to_have_count(3)
    page.get_by_label("Forget the view my needles").click()
    see(page.get_by_role("link", name="my needles")).to_have_count(0)
    viewer.open("/blotter?view=batches&q=to%20be%20found", "Batches")
    see(rows).to_have_count(1)
    rows.first.click()
    see(page.locator("h1")).to_have_text("to be found")
    page.go_back()
    see(page.locator("h1")).to_have_text("Batches")
    world.quiet(viewer)


def notices(world):
    """The bell counts what is unread; the tray shows it and marks it as read."""
    batch = world.batch("rung", world.rows(1), start="true")
    world.apis["viewer"].ended(batch["id"])
    viewer = world.person("viewer")
    page = viewer.page
    bell = page.get_by_role("button", name=re.compile(r"^Notifications, \d+ unread$"))
    see(bell).to_be_visible()
    bell.click()
    see(viewer.dialog.get_by_text("\"rung\"").first).to_be_visible()
    viewer.dialog.get_by_role("button", name="Mark all as read").click()
    see(viewer.dialog.locator(".is-unread")).to_have_count(0)
    page.keyboard.press("Escape")
    see(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    page.keyboard.press("?")
    see(viewer.dialog).to_contain_text("Go to Blotter")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("b")
    see(page.locator("h1")).to_have_text("Blotter")
    world.quiet(viewer)


SCENARIOS = {
    "a new batch": new_batch, "typed trades": typed_trade, "the desk": desk, "an outcome": outcome,
    "one batch": one_batch, "a staged batch": staged, "four eyes": four_eyes, "a doubt": doubt, "the blotter": blotter,
    "notifications and keys": notices,
}
