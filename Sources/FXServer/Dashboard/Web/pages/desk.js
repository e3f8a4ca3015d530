// The desk: what is under way, what waits for a person, the desk's rates, and the pace.

import { get } from "../api.js";
import { book } from "../book.js";
import { sparkline } from "../charts.js";
import { coalesced, h, reconcile, setText } from "../dom.js";
import { keys } from "../keys.js";
import { engage } from "../killswitch.js";
import { live } from "../live.js";
import { buttons, ordersFor } from "../orders.js";
import { progressBar } from "../progress.js";
import { queueList } from "../queue.js";
import { ratesList } from "../rates.js";
import { go } from "../router.js";
import { can } from "../session.js";
import { everySecond, moment } from "../time.js";
import { complain } from "../toasts.js";
import { chip, count, icon, isFinal, reasons, setChip } from "../words.js";

const RECENT = 8;

export const title = "Desk";

export function show(main, { signal }) {
  main.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Desk"),
      h(
        "div",
        { class: "page-actions" },
        can("dealer") ? h("a", { class: "button is-primary", href: "/new" }, "New batch") : null,
        can("dealer")
          ? h(
              "button",
              { type: "button", class: "button is-bad", on: { click: () => engage() } },
              "Stop all booking…",
            )
          : null,
      ),
    ),
    h(
      "div",
      { class: "desk" },
      h("div", { class: "desk-main" }, active(signal), recent(signal)),
      h(
        "div",
        { class: "desk-side" },
        inbox(signal),
        pulse(signal),
        card("The desk's rates", h("div", { class: "card-body" }, ratesList(signal))),
      ),
    ),
  );
  keys.add(
    [
      [
        "n",
        "A new batch",
        () => {
          if (can("dealer")) go("/new");
        },
      ],
      ["j", "Into the queue; then ↑ ↓ through it", () => main.querySelector(".queue-row")?.focus()],
      [
        "k",
        "Into the queue, from below",
        () => main.querySelector(".queue-row:last-child")?.focus(),
      ],
      ["d", "Into the decisions", () => main.querySelector(".inbox a")?.focus()],
      ...(can("dealer")
        ? [
            ["K", "Stop all booking", () => engage()],
            ["Alt ↑", "On a row: move it up the queue", () => {}],
            ["Alt ↓", "On a row: move it down the queue", () => {}],
            ["+", "On a row: raise its priority", () => {}],
            ["-", "On a row: lower its priority", () => {}],
          ]
        : []),
    ],
    signal,
    "On the desk",
  );
}

function card(name, content, extra = "", tools = null) {
  return h(
    "section",
    { class: `card ${extra}`, "aria-label": name },
    h("div", { class: "card-head" }, h("h2", {}, name), tools),
    content,
  );
}

function active(signal) {
  const number = h("span", { class: "muted" });
  const empty = h(
    "div",
    { class: "empty", hidden: true },
    h("p", {}, "Nothing is under way."),
    can("dealer")
      ? h("a", { class: "button is-primary", href: "/new" }, "Take in a batch")
      : h("p", {}, "Batches appear here as soon as a dealer starts them."),
  );
  const trouble = h("p", { class: "notice", data: { kind: "bad" }, hidden: true });
  const update = () => {
    trouble.hidden = book.trouble === null;
    setText(trouble, book.trouble?.message ?? "");
    if (!book.active) return;
    const running = book.active.filter(({ status }) => status === "running").length;
    setText(
      number,
      book.active.length ? `${running} running, ${book.active.length - running} waiting` : "",
    );
    empty.hidden = book.active.length > 0;
  };
  book.onChange(update, signal);
  update();
  return card("Under way", [trouble, queueList(signal), empty], "desk-active", number);
}

function inbox(signal) {
  const list = h("ul", { class: "inbox" });
  const number = h("span", { class: "badge", hidden: true });
  const empty = h("p", { class: "empty", hidden: true }, "Nothing waits for a decision.");
  const said = h("p", { class: "sr", role: "status" });
  const update = () => {
    if (!book.inbox) return;
    number.hidden = book.inbox.length === 0;
    setText(number, `${book.inbox.length}${book.inboxHasMore ? "+" : ""}`);
    setText(said, count(book.inbox.length, "decision waits", "decisions wait"));
    empty.hidden = book.inbox.length > 0;
    reconcile(
      list,
      book.inbox,
      ({ id }) => id,
      decision,
      (node, batch) => node.show(batch),
    );
  };
  book.onChange(update, signal);
  update();
  return card("Decisions", [list, empty, said], "desk-inbox", number);
}

/** Of all orders those that answer what is asked. */
const ANSWERS = ["approve", "reject", "resume", "retry", "accept", "cancel"];

function decision(first) {
  const name = h("a", { href: `/batches/${first.id}` });
  const why = h("span", { class: "inbox-why" });
  const facts = h("span", { class: "muted" });
  const tools = h("span", { class: "inbox-tools" });
  const node = h(
    "li",
    {},
    h("div", { class: "inbox-head" }, icon("warning"), name),
    why,
    facts,
    tools,
  );
  let shown = -1;
  node.show = (batch) => {
    if (batch.version === shown) return;
    shown = batch.version;
    setText(name, batch.name);
    setText(why, reasons(batch));
    const { counts } = batch;
    const parts = [
      [counts.completed, "completed"],
      [counts.failed, "failed"],
      [counts.in_doubt, "in doubt"],
      [counts.cancelled, "cancelled"],
    ]
      .filter(([one]) => one > 0)
      .map(([one, word]) => `${one} ${word}`);
    setText(facts, `${parts.join(", ") || count(counts.total, "trade")} · by ${batch.created_by}`);
    const orders = ordersFor(batch, { done: () => book.refresh() }).filter((order) =>
      ANSWERS.includes(order.name),
    );
    const doubts = ["in_doubt", "unconfirmed", "settlement_failed"].some((reason) =>
      batch.needs_decision.includes(reason),
    );
    tools.replaceChildren(
      ...(doubts
        ? [h("a", { class: "button", href: `/doubt?batch_id=${batch.id}` }, "Look at the evidence")]
        : []),
      ...buttons(orders),
    );
  };
  return node;
}

function pulse(signal) {
  const figure = h("b", { class: "pulse-figure" }, "0");
  const spark = sparkline("Trades that ended in the last ten minutes");
  const update = () => {
    const { buckets, perMinute } = book.pulse;
    setText(figure, perMinute);
    spark.show(buckets, `${perMinute} in the last minute`);
  };
  everySecond(update, signal);
  update();
  return card(
    "Pace",
    h(
      "div",
      { class: "card-body pulse" },
      h("p", {}, figure, h("span", { class: "muted" }, " trades a minute")),
      spark.node,
    ),
    "desk-pulse",
  );
}

function recent(signal) {
  const list = h("ul", { class: "recent" });
  const empty = h("p", { class: "empty", hidden: true }, "No batch has ended yet.");
  const load = coalesced(
    async () => {
      const { items } = await get("/api/batches/recent", { limit: RECENT }, signal);
      empty.hidden = items.length > 0;
      reconcile(
        list,
        items,
        ({ id }) => id,
        ended,
        (node, batch) => node.show(batch),
      );
    },
    300,
    signal,
    complain,
  );
  live.onReset(load, signal);
  live.on((event) => {
    if (event.type.startsWith("batch.") && (isFinal(event.data.to) || isFinal(event.data.from)))
      load();
  }, signal);
  load();
  return card(
    "Ended last",
    [list, empty],
    "desk-recent",
    h("a", { href: "/blotter?view=batches" }, "All"),
  );
}

function ended(first) {
  const state = chip(first.status);
  const bar = progressBar();
  const name = h("a", { href: `/batches/${first.id}` });
  const when = h("span", { class: "muted" });
  const node = h("li", {}, name, state, bar.node, when);
  node.show = (batch) => {
    setText(name, batch.name);
    setChip(state, batch.status);
    bar.show(batch.counts);
    when.replaceChildren(moment(batch.completed_at));
  };
  return node;
}
