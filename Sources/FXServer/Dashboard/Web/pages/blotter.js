// All trades and all batches, by filters that stand in the address: an address is a view, and views that
// are wanted again are kept under a name in this browser.

import { get } from "../api.js";
import { filterForm, filtersOf, wanted } from "../blotter-filters.js";
import { coalesced, h, replace } from "../dom.js";
import { exportShown } from "../export.js";
import { keys } from "../keys.js";
import { live } from "../live.js";
import { grouped, sums } from "../money.js";
import { progressBar } from "../progress.js";
import { go, query, setQuery } from "../router.js";
import { blotter } from "../table.js";
import { moment } from "../time.js";
import { complain } from "../toasts.js";
import { openTrade } from "../trade.js";
import { tradeColumns } from "../tradecolumns.js";
import { keepViews, savedViews, saveView } from "../views.js";
import { chip, reasons } from "../words.js";

const FILTER_AFTER_MS = 300;

export const title = "Blotter";

export function show(main, { signal }) {
  const isBatches = query().view === "batches";
  const list = isBatches ? batchList(signal) : tradeList(signal);
  const form = filterForm(isBatches);
  const news = h(
    "button",
    { type: "button", class: "button", hidden: true, on: { click: () => list.reset() } },
    "Show what is new",
  );
  const views = h("div", { class: "row views" });
  const tab = (name, view, address) =>
    h("a", { href: address, "aria-current": view === isBatches ? "page" : null }, name);
  main.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, isBatches ? "Batches" : "Blotter"),
      h(
        "div",
        { class: "page-actions" },
        news,
        h(
          "button",
          { type: "button", class: "button", on: { click: () => saveView(isBatches, showViews) } },
          "Save this view…",
        ),
        h(
          "button",
          { type: "button", class: "button", on: { click: () => exportShown(list, signal) } },
          "Export what is shown",
        ),
      ),
    ),
    h(
      "nav",
      { class: "tabs", "aria-label": "Of what" },
      tab("Trades", false, "/blotter"),
      tab("Batches", true, "/blotter?view=batches"),
    ),
    h(
      "div",
      { class: "stack" },
      form,
      views,
      h(
        "section",
        { class: "card", "aria-label": isBatches ? "Batches" : "Trades" },
        list.table.node,
      ),
    ),
  );

  const apply = coalesced(
    () => {
      setQuery({ view: isBatches ? "batches" : null, ...filtersOf(form) });
      list.reset();
      news.hidden = true;
    },
    FILTER_AFTER_MS,
    signal,
    complain,
  );
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  form.addEventListener("reset", () => setTimeout(apply));
  list.reset();
  showViews();

  live.on((event) => {
    if (event.type === "batch.progress") {
      if (isBatches)
        list.table.patch(event.batch_id, {
          status: event.data.status,
          counts: event.data.counts,
          progress: event.data.progress,
        });
      return;
    }
    if (event.type === "batch.created") news.hidden = false;
    if (
      isBatches
        ? event.trade_id === null
        : event.trade_id !== null &&
          event.data.to &&
          list.table.patch(event.trade_id, { status: event.data.to })
    )
      list.table.refresh();
  }, signal);
  live.onReset((isFirst) => {
    if (!isFirst) list.table.refresh();
  }, signal);
  news.addEventListener("click", () => {
    news.hidden = true;
  });
  keys.add(
    [
      ["/", "Search", () => form.elements.q.focus()],
      ["t", "Into the rows; then ↑ ↓ and Enter", () => list.table.focus()],
      ["w", "Save this view", () => saveView(isBatches, showViews)],
    ],
    signal,
    "On the blotter",
  );

  function showViews() {
    const kept = savedViews();
    replace(
      views,
      kept.length ? h("span", { class: "muted" }, "Views:") : null,
      kept.map((view) =>
        h(
          "span",
          { class: "view" },
          h("a", { href: view.address }, view.name),
          h(
            "button",
            {
              type: "button",
              class: "button is-quiet",
              "aria-label": `Forget the view ${view.name}`,
              on: {
                click: () => {
                  keepViews(savedViews().filter((one) => one.name !== view.name));
                  showViews();
                },
              },
            },
            "×",
          ),
        ),
      ),
    );
  }
}

// MARK: Lists

function tradeList(signal) {
  const open = (trade) => openTrade(trade.id);
  const load = (cursor, limit) => get("/api/trades", { ...wanted(false), cursor, limit }, signal);
  const table = blotter({
    label: "Trades",
    signal,
    columns: tradeColumns(open, true),
    keyOf: (trade) => trade.id,
    open,
    load,
    empty: "No trade is like this. Clear the filters, or take in a batch.",
  });
  const columns = [
    "id",
    "batch_id",
    "row",
    "cif_number",
    "client_name",
    "pair",
    "side",
    "deal_amount",
    "deal_currency",
    "value_date",
    "status",
    "quote_rate",
    "client_rate",
    "counter_amount",
    "counter_currency",
    "margin_amount",
    "deal_reference",
    "external_ref",
    "created_at",
    "completed_at",
  ];
  return {
    table,
    load,
    reset: () => table.reset(),
    name: "trades",
    columns,
    cells: (trade) => columns.map((name) => trade[name]),
  };
}

function batchList(signal) {
  const open = (batch) => go(`/batches/${batch.id}`);
  const load = (cursor, limit) => get("/api/batches", { ...wanted(true), cursor, limit }, signal);
  const table = blotter({
    label: "Batches",
    signal,
    keyOf: (batch) => batch.id,
    open,
    load,
    empty: "No batch is like this. Clear the filters, or take one in.",
    columns: [
      { name: "Created", isHeader: true, cell: (batch) => moment(batch.created_at) },
      {
        name: "Name",
        cell: (batch) => h("a", { href: `/batches/${batch.id}`, tabindex: "-1" }, batch.name),
      },
      { name: "State", cell: (batch) => chip(batch.status) },
      {
        name: "Progress",
        least: 640,
        cell: (batch) => {
          const bar = progressBar();
          bar.show(batch.counts);
          return h("div", { class: "cell-bar" }, bar.node);
        },
      },
      { name: "Trades", isNumber: true, cell: (batch) => grouped(String(batch.counts.total)) },
      {
        name: "Completed",
        isNumber: true,
        least: 860,
        cell: (batch) => grouped(String(batch.counts.completed)),
      },
      {
        name: "Failed",
        isNumber: true,
        least: 860,
        cell: (batch) => grouped(String(batch.counts.failed)),
      },
      {
        name: "Waits for",
        least: 860,
        cell: (batch) => reasons(batch),
      },
      {
        name: "Dealt",
        isNumber: true,
        least: 1100,
        cell: (batch) => sums(batch.amounts.dealt).join(", "),
      },
      {
        name: "Margin",
        isNumber: true,
        least: 1100,
        cell: (batch) => sums(batch.margin).join(", "),
      },
      { name: "Submitted by", least: 1300, cell: (batch) => batch.created_by },
      { name: "Ended", least: 1300, cell: (batch) => moment(batch.completed_at) },
    ],
  });
  const columns = [
    "id",
    "name",
    "status",
    "total",
    "completed",
    "failed",
    "cancelled",
    "in_doubt",
    "needs_decision",
    "created_by",
    "created_at",
    "completed_at",
  ];
  return {
    table,
    load,
    reset: () => table.reset(),
    name: "batches",
    columns,
    cells: (batch) =>
      columns.map((name) =>
        name in batch.counts
          ? batch.counts[name]
          : name === "needs_decision"
            ? batch.needs_decision.join(" ")
            : batch[name],
      ),
  };
}
