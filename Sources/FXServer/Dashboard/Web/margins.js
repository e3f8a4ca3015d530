// What booked deals amount to and have earned, by day, client or batch.

import { get, queryText } from "./api.js";
import { coalesced, h, setAttribute } from "./dom.js";
import { field, valuesOf } from "./dialog.js";
import { keys } from "./keys.js";
import { money } from "./money.js";
import { query, setQuery } from "./router.js";
import { blotter } from "./table.js";
import { complain } from "./toasts.js";
import { icon } from "./words.js";

const FILTER_AFTER_MS = 300;
const GROUPS = [
  ["day", "Days"],
  ["client", "Clients"],
  ["batch", "Batches"],
];

export function margins(signal) {
  const now = query();
  const form = h(
    "form",
    { class: "card card-body filters", role: "search", "aria-label": "Of which deals" },
    field({ name: "by", label: "By", type: "select", value: now.by ?? "day", options: GROUPS }),
    field({ name: "from", label: "First day", type: "date", value: now.from }),
    field({ name: "to", label: "Last day", type: "date", value: now.to }),
  );
  const file = h("a", { class: "button", download: "" }, icon("download"), "All lines as CSV");
  const table = blotter({
    label: "Margins",
    signal,
    keyOf: (line) => JSON.stringify(line),
    load: (cursor, limit) => get("/api/reports/margins", { ...query(), cursor, limit }, signal),
    empty: "No deal was booked on these days. Without days, today’s are meant.",
    columns: [
      { name: "Of", isHeader: true, cell: group },
      { name: "Pair", cell: (line) => line.pair },
      { name: "Trades", isNumber: true, cell: (line) => String(line.trades) },
      { name: "Margin", isNumber: true, cell: (line) => money(line.margin_currency, line.margin) },
      {
        name: "Dealt",
        isNumber: true,
        least: 860,
        cell: (line) => money(line.deal_currency, line.dealt),
      },
      {
        name: "Countered",
        isNumber: true,
        least: 860,
        cell: (line) => money(line.counter_currency, line.countered),
      },
      {
        name: "Rounding difference",
        isNumber: true,
        least: 1100,
        cell: (line) => money(line.margin_currency, line.rounding_difference),
      },
    ],
  });
  const show = () => {
    setAttribute(file, "href", `/api/reports/margins${queryText({ ...query(), format: "csv" })}`);
    table.reset();
  };
  const apply = coalesced(
    () => {
      const { by, ...days } = valuesOf(form);
      setQuery({ by: by === "day" ? null : by, ...days });
      show();
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
  keys.add([["t", "Into the rows; then ↑ ↓", () => table.focus()]], signal, "On the margins");
  show();
  return {
    actions: [file],
    content: [form, h("section", { class: "card list-card", "aria-label": "Margins" }, table.node)],
  };
}

function group(line) {
  if (line.batch_id) return h("a", { href: `/batches/${line.batch_id}` }, line.batch_name);
  return line.day ?? `${line.client_name} (${line.cif_number})`;
}
