// Trades that are typed instead of coming in a file: a client and an amount a row. They become a CSV of
// their own, so that there is one way in.

import { get } from "./api.js";
import { write } from "./csv.js";
import { coalesced, h, newID, setText } from "./dom.js";
import { complain } from "./toasts.js";
import { icon } from "./words.js";

const FOUND = 20;
const HEADER = [
  "Client CIF",
  "Amount",
  "Currency",
  "CurPair",
  "Side",
  "Deal Type",
  "Spread",
  "Reference",
];

/** @param changed called with the CSV after each change; null while nothing is typed. */
export function tradeForm(changed, signal) {
  const list = h("datalist", { id: newID("clients") });
  const rows = h("tbody");
  const more = h(
    "button",
    {
      type: "button",
      class: "button",
      on: {
        click: () => {
          addRow();
          rows.lastElementChild.querySelector("input").focus();
        },
      },
    },
    "Another trade",
  );
  let wanted = "";
  const find = coalesced(
    async () => {
      const { items } = await get(
        "/api/clients",
        { q: wanted, active: "true", limit: FOUND },
        signal,
      );
      list.replaceChildren(
        ...items.map((client) => h("option", { value: client.cif_number }, client.name)),
      );
      for (const client of items) names.set(client.cif_number, client.name);
      for (const row of rows.children) row.showName();
    },
    150,
    signal,
    complain,
  );
  const names = new Map();

  function addRow() {
    const number = rows.children.length + 1;
    const cell = (name, attributes) =>
      h("input", {
        "aria-label": `${name} of trade ${number}`,
        autocomplete: "off",
        ...attributes,
      });
    const pick = (name, options) =>
      h(
        "select",
        { "aria-label": `${name} of trade ${number}` },
        options.map(([value, words]) => h("option", { value }, words)),
      );
    const cif = cell("Client", { list: list.id, placeholder: "CIF or name" });
    const name = h("span", { class: "muted form-client" });
    const amount = cell("Amount", { inputmode: "decimal" }),
      currency = cell("Currency", { value: "ZAR", maxlength: 3, size: 4 });
    const pair = cell("Pair", { value: "USD/ZAR", maxlength: 7, size: 8 });
    const side = pick("Side", [
      ["buy", "Buy"],
      ["sell", "Sell"],
    ]);
    const delivery = pick("Delivery", [
      ["spot", "Spot"],
      ["next_day", "Tom"],
      ["same_day", "Cash"],
    ]);
    const spread = cell("Spread", { inputmode: "decimal", placeholder: "client's", size: 7 }),
      reference = cell("Reference", { size: 10 });
    const row = h(
      "tr",
      {},
      h("td", {}, cif, name),
      [amount, currency, pair, side, delivery, spread, reference].map((input) =>
        h("td", {}, input),
      ),
      h(
        "td",
        {},
        h(
          "button",
          {
            type: "button",
            class: "button is-quiet",
            "aria-label": `Remove trade ${number}`,
            on: {
              click: () => {
                row.remove();
                tell();
              },
            },
          },
          icon("close"),
        ),
      ),
    );
    row.showName = () => setText(name, names.get(cif.value.trim()) ?? "");
    row.values = () =>
      [cif, amount, currency, pair, side, delivery, spread, reference].map((input) =>
        input.value.trim(),
      );
    cif.addEventListener("input", () => {
      wanted = cif.value.trim();
      row.showName();
      find();
    });
    row.addEventListener("input", tell);
    rows.append(row);
  }

  function tell() {
    const given = [...rows.children]
      .map((row) => row.values())
      .filter(([cif, amount]) => cif || amount);
    changed(given.length ? write([HEADER, ...given]) : null);
  }

  addRow();
  find();
  return h(
    "div",
    { class: "stack" },
    list,
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        { class: "trade-form" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            [
              "Client",
              "Amount",
              "Currency",
              "Pair",
              "Side",
              "Delivery",
              "Spread, pips",
              "Reference",
              "",
            ].map((name) => (name ? h("th", { scope: "col" }, name) : h("td", {}))),
          ),
        ),
        rows,
      ),
    ),
    more,
  );
}
