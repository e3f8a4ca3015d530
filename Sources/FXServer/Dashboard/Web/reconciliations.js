// Comparisons with the bank's books, each with what differs; one can be asked for at any time.

import { get, post } from "./api.js";
import { coalesced, h, replace } from "./dom.js";
import { openPanel } from "./dialog.js";
import { keys } from "./keys.js";
import { can } from "./session.js";
import { blotter } from "./table.js";
import { button, facts } from "./tabs.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { openTrade } from "./trade.js";
import { label } from "./words.js";

const LOOK_EVERY_MS = 2_000;

export function reconciliations(signal) {
  let isGoing = false;
  const table = blotter({
    label: "Reconciliations",
    signal,
    keyOf: ({ id }) => id,
    open: (one) => openReconciliation(one.id),
    load: async (cursor, limit) => {
      const page = await get("/api/reports/reconciliations", { cursor, limit }, signal);
      if (cursor === null) isGoing = page.items.some(isUnderWay);
      return page;
    },
    empty: can("dealer")
      ? "None was made yet. One is made each day; ask for one now."
      : "None was made yet. One is made each day.",
    columns: [
      {
        name: "Asked for",
        isHeader: true,
        cell: (one) =>
          h(
            "button",
            {
              type: "button",
              class: "row-open",
              tabindex: "-1",
              "aria-label": `The reconciliation of ${one.day}: show it`,
              on: { click: () => openReconciliation(one.id) },
            },
            moment(one.requested_at),
          ),
      },
      { name: "State", cell: state },
      { name: "Differences", isNumber: true, cell: (one) => String(one.total_differences) },
      { name: "Trades", isNumber: true, least: 640, cell: (one) => String(one.trades) },
      { name: "In doubt", isNumber: true, least: 860, cell: (one) => String(one.in_doubt) },
      {
        name: "By",
        least: 860,
        cell: (one) => (one.scheduled ? "The day’s" : one.requested_by),
      },
      { name: "What it says", least: 1100, cell: (one) => one.sentence },
    ],
  });
  const ask = async () => {
    try {
      await post("/api/reports/reconciliations");
      toast("A reconciliation is asked for.", { kind: "good" });
      table.reset();
    } catch (error) {
      complain(error);
    }
  };
  const timer = setInterval(() => {
    if (isGoing && !document.hidden) table.refresh();
  }, LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  keys.add(
    [
      ["t", "Into the rows; then ↑ ↓ and Enter", () => table.focus()],
      ...(can("dealer") ? [["a", "Ask for a reconciliation", ask]] : []),
    ],
    signal,
    "On the reconciliations",
  );
  table.reset();
  return {
    actions: can("dealer") ? [button("Reconcile now", ask, "is-primary")] : [],
    content: [
      h("section", { class: "card list-card", "aria-label": "Reconciliations" }, table.node),
    ],
  };
}

const isUnderWay = ({ status }) => status === "requested" || status === "running";

function state({ status }) {
  return h("span", { class: status === "agrees" ? "tag" : "tag is-off" }, label(status));
}

function openReconciliation(id) {
  const controller = new AbortController();
  const { signal } = controller;
  const panel = openPanel({
    title: "Reconciliation",
    isWide: true,
    onClose: () => controller.abort(),
  });
  const box = h("div", { class: "stack" }, "Reading…");
  panel.add(box);
  let last = null;
  const load = coalesced(
    async () => {
      last = await get(`/api/reports/reconciliations/${id}`, {}, signal);
      replace(box, content(last));
    },
    20,
    signal,
    (error) => replace(box, h("p", { class: "notice", data: { kind: "bad" } }, error.message)),
  );
  const timer = setInterval(() => {
    if (last && isUnderWay(last)) load();
  }, LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  load();
}

function content(one) {
  const kind = one.status === "agrees" || isUnderWay(one) ? "info" : "bad";
  return [
    h("p", { class: "notice", data: { kind } }, h("b", {}, `${label(one.status)}. `), one.sentence),
    facts([
      ["Day", one.day],
      ["Asked for", h("span", {}, moment(one.requested_at), ` by ${one.requested_by}`)],
      ["Ended", moment(one.ended_at)],
      ["Trades", String(one.trades)],
      ["Attempts", String(one.attempts)],
      ["Statements", String(one.statements)],
      ["Lines without a deal", String(one.unexplained_lines)],
      ["In doubt", String(one.in_doubt)],
      ["Too early until", one.too_early_until ? moment(one.too_early_until) : null],
      ["Why not all", one.reason],
    ]),
    one.differences.length
      ? h(
          "ol",
          { class: "log" },
          one.differences.map((difference) =>
            h(
              "li",
              {},
              h("b", {}, label(difference.kind)),
              h("p", {}, difference.sentence),
              difference.trade_id
                ? button("Show the trade", () => openTrade(difference.trade_id))
                : null,
            ),
          ),
        )
      : null,
    one.total_differences > one.differences.length
      ? h("p", {}, `The first ${one.differences.length} are kept.`)
      : null,
  ];
}
