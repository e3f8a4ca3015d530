// The columns of trades, as the batch's blotter and the whole blotter show them.

import { h } from "./dom.js";
import { grouped } from "./money.js";
import { moment } from "./time.js";
import { chip, label } from "./words.js";

/** @param open what the row's button does. @param withBatch whether the trades are of several batches. */
export function tradeColumns(open, withBatch = false) {
  return [
    withBatch
      ? {
          name: "Created",
          isHeader: true,
          cell: (trade) => opener(trade, open, moment(trade.created_at)),
        }
      : {
          name: "Row",
          isHeader: true,
          isNumber: true,
          cell: (trade) => opener(trade, open, String(trade.row)),
        },
    { name: "State", cell: (trade) => chip(trade.status, "trade") },
    { name: "Client", cell: (trade) => trade.client_name },
    { name: "CIF", least: 1100, cell: (trade) => trade.cif_number },
    { name: "Deal", least: 860, cell: (trade) => `${label(trade.side)} ${trade.pair}` },
    {
      name: "Amount",
      isNumber: true,
      cell: (trade) => `${trade.deal_currency} ${grouped(trade.deal_amount)}`,
    },
    { name: "Client rate", isNumber: true, least: 640, cell: (trade) => trade.client_rate ?? "" },
    { name: "Quote rate", isNumber: true, least: 1300, cell: (trade) => trade.quote_rate ?? "" },
    {
      name: "Counter amount",
      isNumber: true,
      least: 860,
      cell: (trade) =>
        trade.counter_amount === null
          ? ""
          : `${trade.counter_currency} ${grouped(trade.counter_amount)}`,
    },
    { name: "Margin", isNumber: true, least: 860, cell: (trade) => grouped(trade.margin_amount) },
    { name: "Value date", least: 1300, cell: (trade) => trade.value_date ?? "" },
    { name: "Bank's reference", least: 1300, cell: (trade) => trade.deal_reference ?? "" },
    { name: "Own reference", least: 1600, cell: (trade) => trade.external_ref ?? "" },
    {
      name: "Why",
      least: 640,
      cell: (trade) => (trade.error ? `${trade.error.code}: ${trade.error.message}` : ""),
    },
  ];
}

function opener(trade, open, words) {
  return h(
    "button",
    {
      type: "button",
      class: "row-open",
      tabindex: "-1",
      "aria-label": `Row ${trade.row}, ${trade.client_name}: show the trade`,
      on: { click: () => open(trade) },
    },
    words,
  );
}
