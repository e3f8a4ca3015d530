// Trades that are typed instead of coming in a file: a client and an amount a row.
//
//   tradeForm((trades) => …, signal)                 `trades` as the API takes them; null while nothing is typed
//   tradeForm((trades) => …, signal, { only: trade })    one that is to be changed
//   tradeFile(trades)                                the same as a CSV file, so that there is one way in

import { get } from "./api.js";
import { write } from "./csv.js";
import { coalesced, h, newID, setText } from "./dom.js";
import { complain } from "./toasts.js";
import { icon } from "./words.js";

const FOUND = 20;
const COLUMNS = {
  cif_number: "Client CIF",
  deal_amount: "Amount",
  deal_currency: "Currency",
  pair: "CurPair",
  side: "Side",
  delivery: "Deal Type",
  spread: "Spread",
  external_ref: "Reference",
};
const DEAL_TYPES = { spot: "spot", tom: "next_day", cash: "same_day" };

export function tradeFile(trades) {
  const cells = (trade) =>
    Object.keys(COLUMNS).map((name) =>
      name === "delivery" ? DEAL_TYPES[trade.delivery] : trade[name],
    );
  return write([Object.values(COLUMNS), ...trades.map(cells)]);
}

export function tradeForm(changed, signal, { only = null } = {}) {
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

  function addRow(given = {}) {
    const number = rows.children.length + 1;
    const cell = (name, attributes) =>
      h("input", {
        "aria-label": `${name} of trade ${number}`,
        autocomplete: "off",
        ...attributes,
      });
    const pick = (name, value, options) =>
      h(
        "select",
        { "aria-label": `${name} of trade ${number}`, value },
        options.map(([value, words]) => h("option", { value }, words)),
      );
    const cif = cell("Client", {
      list: list.id,
      placeholder: "CIF or name",
      value: given.cif_number,
    });
    const name = h("span", { class: "muted form-client" });
    const amount = cell("Amount", { inputmode: "decimal", value: given.deal_amount }),
      currency = cell("Currency", { value: given.deal_currency ?? "ZAR", maxlength: 3, size: 4 });
    const pair = cell("Pair", { value: given.pair ?? "USD/ZAR", maxlength: 7, size: 8 });
    const side = pick("Side", given.side ?? "buy", [
      ["buy", "Buy"],
      ["sell", "Sell"],
    ]);
    const delivery = pick("Delivery", given.delivery ?? "spot", [
      ["spot", "Spot"],
      ["tom", "Tom"],
      ["cash", "Cash"],
    ]);
    const spread = cell("Spread", {
        inputmode: "decimal",
        placeholder: "client's",
        size: 7,
        value: given.spread,
      }),
      reference = cell("Reference", { size: 10, value: given.external_ref });
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
    const inputs = [cif, amount, currency, pair, side, delivery, spread, reference];
    row.trade = () =>
      Object.fromEntries(
        Object.keys(COLUMNS).map((name, place) => [name, inputs[place].value.trim() || null]),
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
      .map((row) => row.trade())
      .filter((trade) => trade.cif_number || trade.deal_amount);
    changed(given.length ? given : null);
  }

  addRow(only ?? {});
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
    only ? null : more,
  );
}
