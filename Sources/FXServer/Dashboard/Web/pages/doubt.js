// The doubt desk: trades of which nobody knows what became, each with its evidence and the two ways to
// close it. What was booked and never confirmed, and what failed to settle, are here too.

import { get, isAbort } from "../api.js";
import { bankNow, inquiries } from "../bank-evidence.js";
import { coalesced, h, reconcile, replace, setText } from "../dom.js";
import { keys } from "../keys.js";
import { live } from "../live.js";
import { grouped } from "../money.js";
import { resolveTrade } from "../resolution.js";
import { query } from "../router.js";
import { can } from "../session.js";
import { ago, everySecond } from "../time.js";
import { complain } from "../toasts.js";
import { attempts, evidence, history, openTrade } from "../trade.js";
import { chip, count, label, setChip } from "../words.js";

const PAGE = 50;
const UNCONFIRMED_PAGE = 50;
const MOST_OTHERS = 50;
/** What a person can do about it, beside resolving. */
const ADVICE = {
  booked:
    "The bank said that it is booked, and never that it is settled. Ask the bank; then close it as completed, or as not booked.",
  failed:
    "The bank booked it and could not settle it. Settle it by hand and sign off the batch, or try it again: an approver does that singly, with a note.",
};

export const title = "In doubt";

export function show(main, { signal }) {
  const { batch_id } = query();
  const list = h("ol", { class: "doubts stack" });
  const others = h("ol", { class: "doubts stack" });
  const said = h("p", { role: "status", class: "muted" });
  const empty = h(
    "div",
    { class: "card empty" },
    h("p", {}, h("b", {}, "Nothing is in doubt.")),
    h(
      "p",
      {},
      "When a booking's answer is lost, the bank is asked until it tells. What it does not tell comes here, for a person to decide.",
    ),
  );
  const more = h(
    "p",
    { class: "notice", data: { kind: "warn" }, hidden: true },
    `More than ${PAGE} are in doubt: the newest are listed, the next follow as these are closed.`,
  );
  const otherPart = h(
    "section",
    { class: "stack", "aria-label": "Decisions about settled and unconfirmed deals", hidden: true },
    h("h2", {}, "Booked and never confirmed, or failed to settle"),
    others,
  );
  main.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "In doubt"),
      said,
      batch_id ? h("a", { class: "button", href: "/doubt" }, "Of all batches") : null,
    ),
    h(
      "div",
      { class: "stack" },
      can("approver")
        ? null
        : h("p", { class: "notice" }, "An approver closes a doubt. You see the evidence."),
      more,
      list,
      empty,
      otherPart,
    ),
  );

  const load = coalesced(
    async () => {
      const page = await get(
        "/api/trades",
        { status: ["in_doubt"], batch_id, limit: PAGE },
        signal,
      );
      const known = new Map([...list.children].map((node) => [node.reconcileKey, node.trade]));
      // Evidence grows without a change of the state, so each is read whole.
      const trades = await whole(page.items, known);
      setText(
        said,
        page.items.length
          ? count(page.items.length, "trade") + (page.next_cursor ? " and more" : "")
          : "",
      );
      more.hidden = page.next_cursor === null;
      empty.hidden = trades.length > 0 || !otherPart.hidden;
      reconcile(
        list,
        trades,
        ({ id }) => id,
        card,
        (node, trade) => node.show(trade),
      );
      await loadOthers();
      empty.hidden = trades.length > 0 || !otherPart.hidden;
    },
    300,
    signal,
    (error) => {
      if (!isAbort(error)) complain(error);
    },
  );

  async function whole(trades, known) {
    const found = [];
    for (const trade of trades) {
      const before = known.get(trade.id);
      found.push(
        before?.version === trade.version && !stale.has(trade.id)
          ? before
          : {
              ...trade,
              ...(await get(`/api/trades/${trade.id}/evidence`, { ask_bank: false }, signal)),
            },
      );
      stale.delete(trade.id);
    }
    return found;
  }
  const stale = new Set();

  /** By the batches that wait for a decision about such trades. */
  async function loadOthers() {
    const batches = batch_id
      ? [{ id: batch_id, needs_decision: ["unconfirmed", "settlement_failed"] }]
      : (
          await get(
            "/api/batches",
            { needs_decision: "unconfirmed,settlement_failed", limit: 20 },
            signal,
          )
        ).items;
    const trades = [];
    for (const batch of batches) {
      if (batch.needs_decision.includes("unconfirmed"))
        trades.push(
          ...(
            await get(
              `/api/batches/${batch.id}/trades`,
              { status: ["booked"], limit: UNCONFIRMED_PAGE },
              signal,
            )
          ).items,
        );
      if (batch.needs_decision.includes("settlement_failed"))
        trades.push(
          ...(
            await get(
              `/api/batches/${batch.id}/trades`,
              { status: ["failed"], code: "settlement_failed", limit: UNCONFIRMED_PAGE },
              signal,
            )
          ).items,
        );
    }
    const before = new Map([...others.children].map((node) => [node.reconcileKey, node.trade]));
    const waiting = (await whole(trades.slice(0, MOST_OTHERS), before)).filter(waitsForPerson);
    otherPart.hidden = waiting.length === 0;
    reconcile(
      others,
      waiting,
      ({ id }) => id,
      card,
      (node, trade) => node.show(trade),
    );
  }

  function card(first) {
    const state = chip(first.status, "trade");
    const age = h("span", { class: "muted" });
    const proof = h("div", {});
    const facts = h("dl", { class: "facts" });
    const advice = h("p", { class: "muted" });
    const resolve = can("approver")
      ? h(
          "button",
          {
            type: "button",
            class: "button is-primary",
            on: {
              click: () =>
                resolveTrade(node.trade).then((is) => {
                  if (is) load();
                }, complain),
            },
          },
          "Resolve…",
        )
      : null;
    const node = h(
      "li",
      { class: "card" },
      h(
        "div",
        { class: "card-head" },
        h("h2", {}, `Row ${first.row}: ${first.client_name}`),
        state,
        age,
        resolve,
        h(
          "button",
          { type: "button", class: "button", on: { click: () => openTrade(first.id) } },
          "All about it",
        ),
        h("a", { class: "button", href: `/batches/${first.batch_id}` }, "Its batch"),
      ),
      h(
        "div",
        { class: "card-body doubt-body" },
        h("div", { class: "stack" }, advice, facts, bankNow(first)),
        proof,
      ),
    );
    let shown = "";
    node.show = (trade) => {
      node.trade = trade;
      setChip(state, trade.status, "trade");
      setText(advice, ADVICE[trade.status] ?? "");
      advice.hidden = !ADVICE[trade.status];
      if (resolve) resolve.hidden = !["in_doubt", "booked"].includes(trade.status);
      const now = `${trade.version} ${trade.evidence.length} ${trade.history.length} ${trade.inquiries.length}`;
      if (now !== shown) {
        shown = now;
        replace(
          facts,
          [
            ["Deal", `${label(trade.side)} ${trade.pair}`],
            ["Amount", `${trade.deal_currency} ${grouped(trade.deal_amount)}`],
            ["Client rate", trade.client_rate],
            [
              "Counter amount",
              trade.counter_amount && `${trade.counter_currency} ${grouped(trade.counter_amount)}`,
            ],
            ["Value date", trade.value_date],
            ["Attempt", String(trade.attempt)],
            ["Deal transaction id", trade.deal_transaction_id],
            ["Bank's reference", trade.deal_reference],
            ["What is known", trade.error ? `${trade.error.code}: ${trade.error.message}` : null],
          ]
            .filter(([, value]) => value)
            .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
        );
        replace(proof, inquiries(trade), evidence(trade), attempts(trade), history(trade));
      }
      node.age();
    };
    node.age = () => setText(age, `for ${ago(node.trade.in_doubt_since ?? node.trade.updated_at)}`);
    return node;
  }

  everySecond(() => {
    for (const node of [...list.children, ...others.children]) node.age?.();
  }, signal);
  live.on((event) => {
    if (event.type === "batch.progress") return;
    if (batch_id && event.batch_id !== batch_id) return;
    if (event.trade_id) {
      const isHere = [...list.children, ...others.children].some(
        (node) => node.reconcileKey === event.trade_id,
      );
      if (isHere) stale.add(event.trade_id);
      if (isHere || event.data.to === "in_doubt" || event.type === "trade.escalated") load();
    }
  }, signal);
  live.onReset(load, signal);
  keys.add(
    [["j", "Into the list", () => list.querySelector("button")?.focus()]],
    signal,
    "On the doubt desk",
  );
  load();
}

/** What was only just booked is confirmed by itself; a person is asked once it was escalated. */
const waitsForPerson = (trade) => trade.status !== "booked" || trade.escalated_at !== null;
