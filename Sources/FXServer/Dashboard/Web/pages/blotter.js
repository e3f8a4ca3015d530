// All trades and all batches, by filters that stand in the address: an address is a view, and views that
// are wanted again are kept under a name in this browser.

import { get, isAbort } from "../api.js";
import { write } from "../csv.js";
import { coalesced, h, replace, setText } from "../dom.js";
import { ask, field, valuesOf } from "../dialog.js";
import { keys } from "../keys.js";
import { live } from "../live.js";
import { grouped, sums } from "../money.js";
import { progressBar } from "../progress.js";
import { go, query, setQuery } from "../router.js";
import { remember, remembered } from "../settings.js";
import { blotter } from "../table.js";
import { moment } from "../time.js";
import { complain, toast } from "../toasts.js";
import { openTrade } from "../trade.js";
import { tradeColumns } from "../tradecolumns.js";
import { BATCH_STATES, chip, count, label, TRADE_STATES } from "../words.js";

const FILTER_AFTER_MS = 300;
// Rows of one export: more than that is a batch's own export, or a report.
const MOST_EXPORTED = 20_000;
const EXPORT_PAGE = 500;
const SORTS = [["-created_at", "Newest first"], ["created_at", "Oldest first"], ["status", "By state"], ["total", "By trades"]];
const NEEDS = ["approval", "rejected", "partial_success", "failed", "threshold_breached", "paused_by_policy", "in_doubt", "unconfirmed", "settlement_failed"];

export const title = "Blotter";

export function show(main, { signal }) {
  const isBatches = query().view === "batches";
  const list = isBatches ? batchList(signal) : tradeList(signal);
  const form = filterForm(isBatches);
  const news = h("button", { type: "button", class: "button", hidden: true, on: { click: () => list.reset() } }, "Show what is new");
  const views = h("div", { class: "row views" });
  const tab = (name, view, address) => h("a", { href: address, "aria-current": view === isBatches ? "page" : null }, name);
  main.append(
    h("div", { class: "page-head" }, h("h1", {}, isBatches ? "Batches" : "Blotter"), h("div", { class: "page-actions" }, news,
      h("button", { type: "button", class: "button", on: { click: () => saveView(isBatches, showViews) } }, "Save this view…"),
      h("button", { type: "button", class: "button", on: { click: () => exportShown(list, signal) } }, "Export what is shown"))),
    h("nav", { class: "tabs", "aria-label": "Of what" }, tab("Trades", false, "/blotter"), tab("Batches", true, "/blotter?view=batches")),
    h("div", { class: "stack" }, form, views, h("section", { class: "card", "aria-label": isBatches ? "Batches" : "Trades" }, list.table.node)));

  const apply = coalesced(() => {
    setQuery({ view: isBatches ? "batches" : null, ...filtersOf(form) });
    list.reset();
    news.hidden = true;
  }, FILTER_AFTER_MS, signal, complain);
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("reset", () => setTimeout(apply));
  list.reset();
  showViews();

  live.on((event) => {
    if (event.type === "batch.progress") {
      if (isBatches) list.table.patch(event.batch_id, { status: event.data.status, counts: event.data.counts, progress: event.data.progress });
      return;
    }
    if (event.type === "batch.created") news.hidden = false;
    if (isBatches ? event.trade_id === null : event.trade_id !== null && event.data.to && list.table.patch(event.trade_id, { status: event.data.to })) list.table.refresh();
  }, signal);
  live.onReset((isFirst) => { if (!isFirst) list.table.refresh(); }, signal);
  news.addEventListener("click", () => { news.hidden = true; });
  keys.add([
    ["/", "Search", () => form.elements.q.focus()], ["t", "Into the rows; then ↑ ↓ and Enter", () => list.table.focus()],
    ["w", "Save this view", () => saveView(isBatches, showViews)],
  ], signal, "On the blotter");

  function showViews() {
    const kept = savedViews();
    replace(views, kept.length ? h("span", { class: "muted" }, "Views:") : null, kept.map((view) => h("span", { class: "view" },
      h("a", { href: view.address }, view.name),
      h("button", { type: "button", class: "button is-quiet", "aria-label": `Forget the view ${view.name}`, on: { click: () => { keepViews(savedViews().filter((one) => one.name !== view.name)); showViews(); } } }, "×"))));
  }
}

// MARK: Filters

function filterForm(isBatches) {
  const now = query(["status"]);
  const states = isBatches ? BATCH_STATES : TRADE_STATES;
  return h("form", { class: "card card-body stack", role: "search", "aria-label": "Filters" },
    h("div", { class: "filters" },
      field({ name: "q", label: "Search", type: "search", value: now.q, placeholder: isBatches ? "Name, client, reference, id" : "Client, reference, CIF, id", maxlength: 200 }),
      isBatches ? field({ name: "needs_decision", label: "Waits for", type: "select", value: now.needs_decision ?? "", options: [["", "Anything or nothing"], ["true", "Any decision"], ["false", "No decision"], ...NEEDS.map((one) => [one, label(one)])] })
        : field({ name: "cif_number", label: "CIF", value: now.cif_number, maxlength: 40 }),
      field({ name: "from", label: "Created from", type: "datetime-local", value: local(now.from) }),
      field({ name: "to", label: "until before", type: "datetime-local", value: local(now.to) }),
      isBatches ? field({ name: "sort", label: "Order", type: "select", value: now.sort ?? "-created_at", options: SORTS }) : null,
      h("a", { class: "button", href: isBatches ? "/blotter?view=batches" : "/blotter" }, "Clear")),
    h("fieldset", { class: "checks" }, h("legend", {}, "States"), states.map((state) =>
      h("label", { class: "check", data: { state } }, h("input", { type: "checkbox", name: "status", value: state, checked: now.status?.includes(state) ?? false }), chip(state, isBatches ? "batch" : "trade")))));
}

/** "2026-03-01T09:30:00.000Z" as the field of a form wants it, in local time. */
function local(moment) {
  if (!moment) return "";
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? "" : new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function filtersOf(form) {
  const { status, ...values } = valuesOf(form);
  const at = (text) => (text ? new Date(text).toISOString() : null);
  return {
    ...values, from: at(values.from), to: at(values.to), sort: values.sort === "-created_at" ? null : values.sort,
    status: [...form.querySelectorAll("input[name=status]:checked")].map((input) => input.value),
  };
}

/** The address as the API wants it. */
function wanted(isBatches) {
  const { view, from, to, ...others } = query(["status"]);
  return isBatches ? { ...others, created_from: from, created_to: to } : { ...others, from, to };
}

// MARK: Lists

function tradeList(signal) {
  const open = (trade) => openTrade(trade.id);
  const load = (cursor, limit) => get("/api/trades", { ...wanted(false), cursor, limit }, signal);
  const table = blotter({ label: "Trades", signal, columns: tradeColumns(open, true), keyOf: (trade) => trade.id, open, load, empty: "No trade is like this. Clear the filters, or take in a batch." });
  const columns = ["id", "batch_id", "row", "cif_number", "client_name", "pair", "side", "deal_amount", "deal_currency", "value_date", "status", "quote_rate", "client_rate", "counter_amount", "counter_currency", "margin_amount", "deal_reference", "external_ref", "created_at", "completed_at"];
  return { table, load, reset: () => table.reset(), name: "trades", columns, cells: (trade) => columns.map((name) => trade[name]) };
}

function batchList(signal) {
  const open = (batch) => go(`/batches/${batch.id}`);
  const load = (cursor, limit) => get("/api/batches", { ...wanted(true), cursor, limit }, signal);
  const table = blotter({
    label: "Batches", signal, keyOf: (batch) => batch.id, open, load, empty: "No batch is like this. Clear the filters, or take one in.",
    columns: [
      { name: "Created", isHeader: true, cell: (batch) => moment(batch.created_at) },
      { name: "Name", cell: (batch) => h("a", { href: `/batches/${batch.id}`, tabindex: "-1" }, batch.name) },
      { name: "State", cell: (batch) => chip(batch.status) },
      { name: "Progress", least: 640, cell: (batch) => { const bar = progressBar(); bar.show(batch.counts); return h("div", { class: "cell-bar" }, bar.node); } },
      { name: "Trades", isNumber: true, cell: (batch) => grouped(String(batch.counts.total)) },
      { name: "Completed", isNumber: true, least: 860, cell: (batch) => grouped(String(batch.counts.completed)) },
      { name: "Failed", isNumber: true, least: 860, cell: (batch) => grouped(String(batch.counts.failed)) },
      { name: "Waits for", least: 860, cell: (batch) => batch.needs_decision.map(label).join(", ") },
      { name: "Dealt", isNumber: true, least: 1100, cell: (batch) => sums(batch.amounts.dealt).join(", ") },
      { name: "Margin", isNumber: true, least: 1100, cell: (batch) => sums(batch.margin).join(", ") },
      { name: "Submitted by", least: 1300, cell: (batch) => batch.created_by },
      { name: "Ended", least: 1300, cell: (batch) => moment(batch.completed_at) },
    ],
  });
  const columns = ["id", "name", "status", "total", "completed", "failed", "cancelled", "in_doubt", "needs_decision", "created_by", "created_at", "completed_at"];
  return {
    table, load, reset: () => table.reset(), name: "batches", columns,
    cells: (batch) => columns.map((name) => (name in batch.counts ? batch.counts[name] : name === "needs_decision" ? batch.needs_decision.join(" ") : batch[name])),
  };
}

// MARK: Export

/** A spreadsheet would take a cell that begins so for a formula. */
const safe = (value) => (typeof value === "string" && /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value);

async function exportShown(list, signal) {
  const said = toastOnce("Reading what is shown…");
  try {
    const rows = [list.columns];
    let cursor = null;
    do {
      const page = await list.load(cursor, EXPORT_PAGE);
      rows.push(...page.items.map((item) => list.cells(item).map(safe)));
      cursor = page.next_cursor;
    } while (cursor !== null && rows.length <= MOST_EXPORTED && !signal.aborted);
    const address = URL.createObjectURL(new Blob([write(rows)], { type: "text/csv" }));
    h("a", { href: address, download: `${list.name}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    toast(`${count(rows.length - 1, "row")} exported${cursor === null ? "" : `: the first ${grouped(String(MOST_EXPORTED))}; narrow the filters for the rest`}.`, { kind: cursor === null ? "good" : "warn" });
  } catch (error) {
    if (!isAbort(error)) complain(error);
  }
  said();
}

function toastOnce(words) {
  const line = h("p", { class: "sr", role: "status" });
  document.body.append(line);
  setText(line, words);
  return () => line.remove();
}

// MARK: Views

function savedViews() {
  try {
    const kept = JSON.parse(remembered("views", "[]"));
    return Array.isArray(kept) ? kept.filter((view) => typeof view?.name === "string" && view.address?.startsWith("/blotter")) : [];
  } catch {
    return [];
  }
}

const keepViews = (views) => remember("views", JSON.stringify(views));

async function saveView(isBatches, done) {
  const address = location.pathname + location.search;
  const saved = await ask({
    title: "Save this view", text: `The ${isBatches ? "batches" : "trades"} with the filters that are set now, in this browser.`,
    fields: [{ name: "name", label: "Name", required: true, maxlength: 60 }],
    submit: ({ name }) => { keepViews([...savedViews().filter((view) => view.name !== name), { name, address }]); return true; },
  });
  if (saved) done();
}
