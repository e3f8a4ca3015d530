"""What a page shows while the world changes: live updates by both ways, a server that dies and comes
back, a hidden tab, and thousands of rows."""

import re

from dashboard_browser import see

MANY = 3_000
# Of the rows in the page at any time, whatever the batch has.
MOST_ROWS = 120

# Both are the browser's own words, which nothing but a test can turn round.
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def same_as_the_books(world, person, id):
    """Once a batch has ended, its page says what the API says."""
    batch = world.apis["viewer"].ended(id)
    page = person.page
    see(person.chip()).to_have_attribute("data-state", batch["status"])
    for state in ("completed", "failed", "in_doubt", "pending"):
        see(page.locator(f".legend-item[data-state={state}] b")).to_have_text(
            str(batch["counts"][state]))
    return batch


def watching(world):
    """Progress, counts, states and sums come without a reload; the title tells them too."""
    viewer = world.person("viewer")
    batch = world.batch("watched", world.rows(25), start="true", max_concurrent_trades=3)
    # The desk shows it without being asked.
    see(viewer.page.locator(".queue-name", has_text="watched")).to_be_visible()
    see(viewer.page).to_have_title(re.compile("%"))
    viewer.page.get_by_role("link", name="watched").first.click()
    same_as_the_books(world, viewer, batch["id"])
    see(viewer.page.locator(".blotter-table .chip[data-state=completed]").first).to_be_visible()
    see(viewer.page).to_have_title(re.compile(r"^(\(\d+\) )?watched · FX Batch Trader"))
    viewer.is_told("watched")
    world.quiet(viewer)


def killed(world):
    """The server dies while a batch is watched and comes back: the page tells that it is stale,
    recovers by itself, and shows the truth."""
    viewer = world.person("viewer")
    batch = world.batch("survivor", world.rows(60), start="true", max_concurrent_trades=2)
    page = viewer.open(f"/batches/{batch['id']}", "survivor")
    see(page.locator(".blotter-table .chip[data-state=completed]").first).to_be_visible()
    page.evaluate("""import(document.querySelector('script[type=module]').src.replace('main', 'live'))
      .then(({ live }) => { window.told = []; live.on((event) => {
        if (event.type !== 'batch.progress') window.told.push(event.seq); }); })""")
    port = world.server.port
    world.server.kill()
    see(page.locator(".connection")).to_have_attribute("data-state", "lost")
    see(page.locator(".connection")).to_contain_text("stale")
    world.server.environment["FXBATCH_LISTEN"] = f"127.0.0.1:{port}"
    world.server.start()
    viewer.is_live()
    same_as_the_books(world, viewer, batch["id"])
    told = page.evaluate("window.told")
    world.check(told == sorted(set(told)), f"an event came twice or out of order: {told[:50]}")
    first = told[0]
    events = [event["seq"] for event in
              world.apis["viewer"].pages(f"/api/batches/{batch['id']}/events", limit=500)
              if event["seq"] >= first]
    missing = sorted(set(events) - set(told))
    world.check(not missing, f"events were never told to the page: {missing[:20]}")
    world.quiet(viewer)


def server_sent(world):
    """Where no WebSocket can be had, server-sent events are taken, and told so."""
    viewer = world.person("viewer")
    viewer.context.add_init_script("delete window.WebSocket")
    batch = world.batch("by events", world.rows(8), start="true")
    page = viewer.open(f"/batches/{batch['id']}", "by events")
    see(page.locator(".connection")).to_have_attribute("title", re.compile("server-sent events"))
    same_as_the_books(world, viewer, batch["id"])
    world.quiet(viewer)


def refused_socket(world):
    """So too where a proxy lets no WebSocket through."""
    viewer = world.person("viewer")
    viewer.page.route_web_socket("**/api/websocket**", lambda socket: socket.close())
    viewer.page.goto(world.server.url + "/")
    see(viewer.page.locator(".connection")).to_have_attribute(
        "title", re.compile("server-sent events"))
    viewer.is_live()
    viewer.close()


def hidden(world):
    """A hidden tab follows nothing, and resumes where it was; so does one that a person has stopped."""
    viewer = world.person("viewer")
    page = viewer.page
    page.evaluate(HIDE, True)
    see(page.locator(".connection")).to_have_attribute("data-state", "paused")
    batch = world.batch("unseen", world.rows(3), start="true")
    world.apis["viewer"].ended(batch["id"])
    world.check(page.locator(".recent", has_text="unseen").count() == 0, "a hidden tab has updated")
    page.evaluate(HIDE, False)
    viewer.is_live()
    see(page.locator(".recent", has_text="unseen")).to_be_visible()
    page.locator(".connection").click()
    see(page.locator(".connection")).to_have_attribute("data-state", "paused")
    page.locator(".connection").click()
    viewer.is_live()
    world.quiet(viewer)


def many_rows(world):
    """A blotter of thousands keeps few rows in the page, and comes to its end by scrolling and keys."""
    batch = world.batch("many", world.rows(MANY), allow_duplicates="true")
    dealer = world.person("dealer")
    page = dealer.open(f"/batches/{batch['id']}", "many")
    rows = page.locator(".blotter-table tbody:not([aria-hidden]) tr")
    see(rows.first).to_contain_text("CIF1000")
    box = page.locator(".blotter")
    see(page.locator(".blotter-table")).to_have_attribute("aria-rowcount", str(MANY + 1))
    box.evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    see(page.locator(f".row-open:text-is('{MANY}')")).to_be_visible()
    world.check(rows.count() < MOST_ROWS, f"{rows.count()} rows are in the page")
    box.evaluate("(box) => { box.scrollTop = 0; }")
    see(page.locator(".row-open:text-is('1')")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    see(page.locator("tr:focus .row-open")).to_have_text("3")
    page.keyboard.press("Enter")
    see(dealer.dialog.locator("h2")).to_contain_text("Row 3")
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    see(page.locator("tr:focus .row-open")).to_have_text(str(MANY))
    world.quiet(dealer)


SCENARIOS = {
    "watching a batch": watching, "server-sent events": server_sent,
    "a refused WebSocket": refused_socket, "a hidden tab": hidden, "many rows": many_rows,
    "a killed server": killed,
}
