// One trade in a drawer: its figures, every attempt, the evidence, and all that happened to it, live.
//
//   openTrade(id)      resolves nothing; it stays until it is closed

import { get, isAbort, post } from "./api.js";
import { bankNow } from "./bank-evidence.js";
import { coalesced, h, setText } from "./dom.js";
import { confirm, openPanel } from "./dialog.js";
import { live } from "./live.js";
import { grouped, money } from "./money.js";
import { resolveTrade } from "./resolution.js";
import { can } from "./session.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { chip, label, tradeLabel } from "./words.js";

// A person's word, or money that did not move: tried again singly, by an approver, with a note.
const SINGLY = new Set(["settlement_failed", "not_booked"]);

export function openTrade(id) {
  const controller = new AbortController();
  const { signal } = controller;
  const panel = openPanel({ title: "Trade", isWide: true, onClose: () => controller.abort() });
  panel.add(h("p", { class: "muted" }, "Reading…"));
  const load = coalesced(
    async () => {
      const trade = await get(`/api/trades/${id}`, {}, signal);
      setText(panel.heading, `Row ${trade.row}: ${trade.client_name}`);
      panel.fill(...content(trade, load, panel));
    },
    250,
    signal,
    (error) => {
      if (!isAbort(error))
        panel.fill(h("p", { class: "notice", data: { kind: "bad" } }, error.message));
    },
  );
  live.on((event) => {
    if (event.trade_id === id) load();
  }, signal);
  live.onReset(load, signal);
  load();
}

function content(trade, changed, panel) {
  return [
    h(
      "div",
      { class: "row" },
      chip(trade.status, "trade"),
      orders(trade, changed),
      h(
        "a",
        { href: `/batches/${trade.batch_id}`, on: { click: () => panel.close() } },
        "Its batch",
      ),
      ["booked", "completed"].includes(trade.status)
        ? h(
            "a",
            { href: `/api/trades/${trade.id}/confirmation`, target: "_blank" },
            "The client’s confirmation",
          )
        : null,
    ),
    trade.error ? failure(trade.error) : null,
    figures(trade),
    attempts(trade),
    evidence(trade),
    trade.attempts.length ? bankNow(trade) : null,
    history(trade),
  ].filter(Boolean);
}

function orders(trade, changed) {
  const tools = [];
  const give = async (order, body) => {
    await post(`/api/trades/${trade.id}/${order}`, body, { version: trade.version });
    toast(`Row ${trade.row}: ${label(order).toLowerCase()} is ordered.`, { kind: "good" });
    changed();
  };
  const isSingle = trade.error && SINGLY.has(trade.error.code);
  if (["failed", "cancelled"].includes(trade.status) && can(isSingle ? "approver" : "dealer")) {
    tools.push(
      button("Retry…", () =>
        confirm({
          title: `Try row ${trade.row} again?`,
          action: "Try again",
          reason: isSingle ? "required" : "optional",
          text: isSingle
            ? "The bank may hold a deal for it. Make sure that none is booked before it is dealt again."
            : "It gets a new quote and a new attempt.",
          act: (note) => give("retry", note ? { note } : null),
        }),
      ),
    );
  }
  if (["pending", "quoting"].includes(trade.status) && can("dealer")) {
    tools.push(
      button(
        "Cancel…",
        () =>
          confirm({
            title: `Cancel row ${trade.row}?`,
            action: "Cancel the trade",
            isDangerous: true,
            text: "It is never sent. Once its booking is on the way there is no cancel.",
            act: () => give("cancel", null),
          }),
        true,
      ),
    );
  }
  if (["in_doubt", "booked"].includes(trade.status) && can("approver")) {
    tools.push(
      button("Resolve…", () =>
        resolveTrade(trade).then((is) => {
          if (is) changed();
        }, complain),
      ),
    );
  }
  return tools;
}

const button = (words, click, isBad) =>
  h("button", { type: "button", class: isBad ? "button is-bad" : "button", on: { click } }, words);

function failure(error) {
  return h(
    "div",
    { class: "notice", data: { kind: "bad" } },
    h("p", {}, h("b", {}, error.code), " ", h("span", { class: "tag" }, error.category)),
    h("p", {}, error.message),
    error.bank_reason_code
      ? h("p", { class: "muted" }, `The bank's code: ${error.bank_reason_code}`)
      : null,
    error.bank_transaction_id
      ? h("p", { class: "muted" }, `The bank's transaction: ${error.bank_transaction_id}`)
      : null,
  );
}

function figures(trade) {
  const rows = [
    ["Deal", `${label(trade.side)} ${trade.pair}, ${label(trade.delivery).toLowerCase()}`],
    ["Client", `${trade.client_name} (${trade.cif_number})`],
    ["Amount", money(trade.deal_currency, trade.deal_amount)],
    ["Counter amount", money(trade.counter_currency, trade.counter_amount)],
    ["Quote rate", trade.quote_rate],
    ["Spread", `${trade.spread} pips`],
    ["Client rate", trade.client_rate],
    [
      "Margin",
      trade.margin_amount === null
        ? null
        : `${grouped(trade.margin_amount)} (${trade.margin_pips} pips)`,
    ],
    ["Value date", trade.value_date],
    ["Allowance", trade.allowance],
    ["Bank's reference", trade.deal_reference],
    ["Own reference", trade.external_ref],
    ["Deal transaction id", trade.deal_transaction_id],
    ["Attempts", String(trade.attempt)],
  ];
  return h(
    "dl",
    { class: "facts" },
    rows
      .filter(([, value]) => value)
      .flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    h("dt", {}, "Created"),
    h("dd", {}, moment(trade.created_at)),
    h("dt", {}, "Ended"),
    h("dd", {}, moment(trade.completed_at)),
  );
}

function section(name, content) {
  return h("section", {}, h("h3", {}, name), content);
}

export function attempts(trade) {
  if (!trade.attempts.length) return null;
  return section(
    "Attempts",
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Attempts, scrolls" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["No.", "Outcome", "Sent from", "Ended", "Client rate", "Deal transaction id"].map(
              (name) => h("th", { scope: "col" }, name),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          trade.attempts.map((one) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, one.number),
              h("td", {}, label(one.outcome)),
              h("td", {}, moment(one.intent_at)),
              h("td", {}, moment(one.ended_at)),
              h("td", { class: "num" }, one.client_rate ?? ""),
              h("td", { class: "mono" }, one.deal_transaction_id),
            ),
          ),
        ),
      ),
    ),
  );
}

/** What was sent when, every question and answer, statement lines. */
export function evidence(trade) {
  if (!trade.evidence.length) return null;
  return section(
    "Evidence",
    h(
      "ol",
      { class: "log" },
      trade.evidence.map((one) =>
        h(
          "li",
          {},
          moment(one.at),
          h(
            "span",
            {},
            h("b", {}, label(one.kind)),
            one.attempt ? ` · attempt ${one.attempt}` : "",
            one.actor ? ` · ${one.actor}` : "",
          ),
          h("p", {}, one.summary),
          one.bank_transaction_id ? h("p", { class: "muted mono" }, one.bank_transaction_id) : null,
        ),
      ),
    ),
  );
}

export function history(trade) {
  return section(
    "History",
    h(
      "ol",
      { class: "log" },
      trade.history.map((event) =>
        h(
          "li",
          {},
          moment(event.at),
          eventWords(event),
          event.data.note ? h("p", {}, event.data.note) : null,
        ),
      ),
    ),
  );
}

export function eventWords(event) {
  const { from, to, attempt, actor, code } = event.data;
  const isTrade = event.trade_id !== null;
  const word = isTrade ? tradeLabel : label;
  const change =
    from && to && from !== to
      ? [word(from), " → ", h("b", {}, word(to))]
      : [h("b", {}, word(to ?? event.type.split(".").at(-1)))];
  return h(
    "span",
    {},
    change,
    attempt ? ` · attempt ${attempt}` : "",
    code ? ` · ${code}` : "",
    h("span", { class: "muted" }, ` · ${actor}`),
  );
}
