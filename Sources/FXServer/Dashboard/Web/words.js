// The words and signs of states and reasons. Each state has a colour, a shape and a word, so that none
// has to be told by its colour alone.
//
//   chip("in_doubt")           a state with its sign
//   label("partial_success")   its word alone
//   icon("bell")               a sign by itself, hidden from screen readers

import { h, svg } from "./dom.js";

const LABELS = {
  staged: "Staged",
  pending: "Queued",
  running: "Running",
  paused: "Paused",
  success: "Success",
  partial_success: "Partial",
  failed: "Failed",
  cancelled: "Cancelled",
  quoting: "Quoting",
  booking: "Booking",
  booked: "Booked",
  completed: "Completed",
  in_doubt: "In doubt",
  approval: "Waits for approval",
  rejected: "Approval refused",
  threshold_breached: "Too many failures",
  paused_by_policy: "Paused by its policy",
  unconfirmed: "Booked, never confirmed",
  settlement_failed: "Failed to settle",
  needs_decision: "Needs a decision",
  started: "Started",
  kill_switch: "Kill switch",
  delivered: "Delivered",
  otc: "Desk's OTC rate",
  bank: "Bank's rate",
  fixed: "Given rate",
  buy: "Buy",
  sell: "Sell",
  cash: "Cash",
  tom: "Tom",
  spot: "Spot",
};

export function label(word) {
  return (
    LABELS[word] ??
    String(word ?? "")
      .replaceAll("_", " ")
      .replace(/^./, (letter) => letter.toUpperCase())
  );
}

/** A trade waits where a batch is queued. */
export function tradeLabel(status) {
  return status === "pending" ? "Pending" : label(status);
}

/** States of trades in the order of a trade's life: of segments, legends and filters. */
export const TRADE_STATES = [
  "completed",
  "booked",
  "booking",
  "quoting",
  "in_doubt",
  "failed",
  "cancelled",
  "pending",
];
export const BATCH_STATES = [
  "staged",
  "pending",
  "running",
  "paused",
  "success",
  "partial_success",
  "failed",
  "cancelled",
];
export const FINAL_STATES = new Set(["success", "partial_success", "failed", "cancelled"]);
export const isFinal = (status) => FINAL_STATES.has(status);

// Drawn in a square of 16.
const PATHS = {
  staged: "M3 3h10v10H3z",
  pending: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.2l2.2 1.6",
  running: "M4.5 2.8v10.4L13 8z",
  paused: "M5 3v10M11 3v10",
  success: "M2.5 8.5l3.5 3.5 7.5-8",
  completed: "M2.5 8.5l3.5 3.5 7.5-8",
  partial_success: "M2.5 8.5l3 3 4-4.5M11 11h3",
  failed: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  cancelled: "M3 8h10",
  quoting: "M8 2.5v2M8 11.5v2M2.5 8h2M11.5 8h2M8 6a2 2 0 1 0 0 4a2 2 0 1 0 0-4",
  booking: "M2.5 8h10M9 4.2L12.8 8 9 11.8",
  booked: "M3.5 2.5h9v11L8 10.5l-4.5 3z",
  in_doubt: "M5.5 5.6a2.5 2.5 0 1 1 3.6 2.3C8.3 8.3 8 8.8 8 9.8M8 12.6v.4",
  warning: "M8 2.5L14.2 13H1.8zM8 6.5v3M8 11.2v.3",
  bell: "M4 11V7a4 4 0 0 1 8 0v4l1.2 1.5H2.8zM6.8 14h2.4",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  lock: "M4 7.5h8v6H4zM5.7 7.5V5.3a2.3 2.3 0 0 1 4.6 0v2.2",
  person:
    "M8 2.5a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 1 0 0-5.2M2.8 13.5c.6-3 2.6-4.2 5.2-4.2s4.6 1.2 5.2 4.2",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  keys: "M2 4.5h12v7H2zM4.5 7h.4M7.8 7h.4M11 7h.4M5 9.5h6",
  download: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10",
  upload: "M8 11V3M4.5 6L8 2.5 11.5 6M3 13.5h10",
  sound: "M3 6.2h2.3L8.5 3.5v9L5.3 9.8H3zM10.8 5.8a3 3 0 0 1 0 4.4",
  grip: "M6 4v.3M10 4v.3M6 8v.3M10 8v.3M6 12v.3M10 12v.3",
  more: "M3.5 8v.3M8 8v.3M12.5 8v.3",
  live: "M8 5.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5",
};
for (const [alias, name] of Object.entries({
  approval: "person",
  rejected: "failed",
  threshold_breached: "warning",
  paused_by_policy: "paused",
  unconfirmed: "in_doubt",
  settlement_failed: "failed",
  delivered: "completed",
  needs_decision: "warning",
  kill_switch: "warning",
  started: "running",
}))
  PATHS[alias] = PATHS[name];

export function icon(name, extra = "") {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", class: `icon ${extra}`, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] ?? PATHS.live }),
  );
}

/** A state as a sign and a word. `kind` is "trade" where a trade's words are meant. */
export function chip(status, kind = "batch") {
  return h(
    "span",
    { class: "chip", data: { state: status } },
    icon(status),
    h("span", { class: "chip-word" }, kind === "trade" ? tradeLabel(status) : label(status)),
  );
}

/** Brings a chip to another state, and leaves it alone where it is the same. */
export function setChip(node, status, kind = "batch") {
  if (node.dataset.state === status) return;
  node.dataset.state = status;
  node.replaceChildren(...chip(status, kind).childNodes);
}

const REASONS = {
  partial_success: "Ended in part",
  failed: "No trade completed",
  in_doubt: "A trade is in doubt",
};

/** What a batch waits for a person for. */
export function reasons(batch) {
  return batch.needs_decision.map((reason) => REASONS[reason] ?? label(reason)).join(", ");
}

export function count(number, one, many = `${one}s`) {
  return `${String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",")} ${number === 1 ? one : many}`;
}

export const percent = (progress) => `${Math.floor(progress * 100)} %`;
