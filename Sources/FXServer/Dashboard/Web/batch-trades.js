// The trades of one batch: its blotter with the filters of the page, what is chosen in it, and the export.

import { get } from "./api.js";
import { addTrades, changeTrade, removeTrades } from "./batch-staged.js";
import { h, setText } from "./dom.js";
import { retry } from "./orders.js";
import { can } from "./session.js";
import { blotter } from "./table.js";
import { openTrade } from "./trade.js";
import { tradeColumns } from "./tradecolumns.js";
import { count, isFinal, TRADE_STATES, tradeLabel } from "./words.js";

/** @param now tells the batch and the filters as they stand. @param filter changes the filters.
 * @param took called with the batch after an order. */
export function tradesCard(id, { now, filter, took }, signal) {
  const batch = () => now().batch;
  const filters = () => now().filters;
  const open = (trade) => openTrade(trade.id);
  const button = (words, click) =>
    h("button", { type: "button", class: "button", hidden: true, on: { click } }, words);
  const edited = (after) => {
    took(after);
    reset();
  };
  const chosenIDs = () => [...table.chosen];
  const retryChosen = button("Retry the chosen…", () =>
    retry(batch(), { trade_ids: chosenIDs() }, table.chosen.size, took),
  );
  const changeChosen = button("Change the chosen…", () =>
    changeTrade(batch(), table.chosenItems()[0], edited),
  );
  const removeChosen = button("Remove the chosen…", () =>
    removeTrades(batch(), chosenIDs(), edited),
  );
  const more = button("Add trades…", () => addTrades(batch(), edited));
  const clear = button("Show all", () => filter({ status: [], code: null }));
  const chosenWords = h("span", { class: "muted", role: "status" });
  const filterWords = h("span", {});
  const isStaged = () => batch()?.status === "staged" && can("dealer");
  const table = blotter({
    label: "Trades",
    signal,
    columns: tradeColumns(open),
    keyOf: (trade) => trade.id,
    open,
    load: (cursor, limit) => {
      const { status, code } = filters();
      return get(`/api/batches/${id}/trades`, { cursor, limit, status, code }, signal);
    },
    selectable: can("dealer")
      ? (trade) => isStaged() || ["failed", "cancelled"].includes(trade.status)
      : undefined,
    onSelect: offer,
    empty: "No trade is in this state.",
  });

  function offer() {
    const number = table?.chosen.size ?? 0;
    retryChosen.hidden = number === 0 || !isFinal(batch().status);
    removeChosen.hidden = number === 0 || !isStaged();
    changeChosen.hidden = number !== 1 || !isStaged();
    more.hidden = !isStaged();
    setText(chosenWords, number ? `${count(number, "trade")} chosen` : "");
  }

  function reset() {
    const { status, code } = filters();
    const isFiltered = status.length > 0 || Boolean(code);
    const states = TRADE_STATES.filter((one) => status.includes(one)).map(tradeLabel);
    setText(filterWords, [...states, code].filter(Boolean).join(", "));
    clear.hidden = !isFiltered;
    table.reset(isFiltered ? null : batch().counts.total);
  }

  const download = (format, words) =>
    h(
      "a",
      { class: "button", href: `/api/batches/${id}/export?format=${format}`, download: "" },
      words,
    );
  return {
    table,
    reset,
    show: offer,
    /** The row is shown as the event tells it at once, and read anew soon. */
    changed(event) {
      const isKnown = event.data.to && table.patch(event.trade_id, { status: event.data.to });
      if (isKnown || filters().status.length || filters().code) table.refresh();
    },
    node: h(
      "section",
      { class: "card", "aria-label": "Trades" },
      h(
        "div",
        { class: "card-head" },
        h("h2", {}, "Trades"),
        [filterWords, clear, chosenWords, retryChosen, changeChosen, removeChosen, more],
        download("csv", "Export CSV"),
        download("ndjson", "NDJSON"),
      ),
      table.node,
    ),
  };
}
