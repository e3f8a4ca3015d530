// The filters of the blotter: a form, the address that says the same, and what the API is asked for.

import { h } from "./dom.js";
import { field, valuesOf } from "./dialog.js";
import { query } from "./router.js";
import { BATCH_STATES, chip, label, TRADE_STATES } from "./words.js";

const SORTS = [
  ["-created_at", "Newest first"],
  ["created_at", "Oldest first"],
  ["status", "By state"],
  ["total", "By trades"],
];
const NEEDS = [
  "approval",
  "rejected",
  "partial_success",
  "failed",
  "threshold_breached",
  "paused_by_policy",
  "in_doubt",
  "unconfirmed",
  "settlement_failed",
];

export function filterForm(isBatches) {
  const now = query(["status"]);
  const states = isBatches ? BATCH_STATES : TRADE_STATES;
  return h(
    "form",
    { class: "card card-body stack", role: "search", "aria-label": "Filters" },
    h(
      "div",
      { class: "filters" },
      field({
        name: "q",
        label: "Search",
        type: "search",
        value: now.q,
        placeholder: isBatches ? "Name, client, reference, id" : "Client, reference, CIF, id",
        maxlength: 200,
      }),
      isBatches
        ? field({
            name: "needs_decision",
            label: "Waits for",
            type: "select",
            value: now.needs_decision ?? "",
            options: [
              ["", "Anything or nothing"],
              ["true", "Any decision"],
              ["false", "No decision"],
              ...NEEDS.map((one) => [one, label(one)]),
            ],
          })
        : field({ name: "cif_number", label: "CIF", value: now.cif_number, maxlength: 40 }),
      field({
        name: "from",
        label: "Created from",
        type: "datetime-local",
        value: local(now.from),
      }),
      field({ name: "to", label: "until before", type: "datetime-local", value: local(now.to) }),
      isBatches
        ? field({
            name: "sort",
            label: "Order",
            type: "select",
            value: now.sort ?? "-created_at",
            options: SORTS,
          })
        : null,
      h("a", { class: "button", href: isBatches ? "/blotter?view=batches" : "/blotter" }, "Clear"),
    ),
    h(
      "fieldset",
      { class: "checks" },
      h("legend", {}, "States"),
      states.map((state) =>
        h(
          "label",
          { class: "check", data: { state } },
          h("input", {
            type: "checkbox",
            name: "status",
            value: state,
            checked: now.status?.includes(state) ?? false,
          }),
          chip(state, isBatches ? "batch" : "trade"),
        ),
      ),
    ),
  );
}

/** "2026-03-01T09:30:00.000Z" as the field of a form wants it, in local time. */
function local(moment) {
  if (!moment) return "";
  const date = new Date(moment);
  return Number.isNaN(date.getTime())
    ? ""
    : new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function filtersOf(form) {
  const { status, ...values } = valuesOf(form);
  const at = (text) => (text ? new Date(text).toISOString() : null);
  return {
    ...values,
    from: at(values.from),
    to: at(values.to),
    sort: values.sort === "-created_at" ? null : values.sort,
    status: [...form.querySelectorAll("input[name=status]:checked")].map((input) => input.value),
  };
}

/** The address as the API wants it. */
export function wanted(isBatches) {
  const { view, from, to, ...others } = query(["status"]);
  return isBatches ? { ...others, created_from: from, created_to: to } : { ...others, from, to };
}
