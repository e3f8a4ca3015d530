// What is agreed with a client beside the spread: the limit of a day, the tax clearance, what was used of
// the allowances elsewhere; and what is left of each.
//
//   termsPart(client, changed)      → a section; the allowances are read for a year that can be chosen

import { get, patch, put } from "./api.js";
import { address } from "./client-form.js";
import { h, newID, replace } from "./dom.js";
import { ask } from "./dialog.js";
import { money } from "./money.js";
import { can } from "./session.js";
import { button, facts, smallTable } from "./tabs.js";
import { complain, toast } from "./toasts.js";

const FIRST_YEAR = 2020;
const NAMES = {
  SDA: "SDA, single discretionary",
  FIA: "FIA, foreign investment",
};
const rands = (text) => money("ZAR", text);

export function termsPart(client, changed) {
  const clearance = client.tax_clearance;
  return h(
    "section",
    { class: "stack", "aria-label": "Limits and allowances" },
    h("h3", {}, "Limits and allowances"),
    facts([
      ["Day limit", client.day_limit === null ? "The desk’s" : rands(client.day_limit)],
      [
        "Tax clearance",
        clearance
          ? `PIN ${clearance.pin}, ${rands(clearance.approved)} until ${clearance.expires}`
          : "None: the FIA may not be used",
      ],
    ]),
    can("dealer")
      ? h(
          "div",
          { class: "row" },
          button("Limit and clearance…", () =>
            changeTerms(client).then((made) => made && changed(), complain),
          ),
          button("Used elsewhere…", () =>
            declareUse(client).then((made) => made && changed(), complain),
          ),
        )
      : null,
    allowances(client),
  );
}

function allowances(client) {
  const now = new Date().getFullYear();
  const id = newID("year");
  const years = Array.from({ length: now - FIRST_YEAR + 1 }, (_, place) => now - place);
  const choice = h(
    "select",
    { id, value: now, on: { change: () => read() } },
    years.map((year) => h("option", { value: year }, year)),
  );
  const box = h("div", { class: "stack", role: "status" });
  const read = async () => {
    try {
      replace(box, content(await get(address(client, "/allowances"), { year: choice.value })));
    } catch (error) {
      replace(box, h("p", { class: "notice", data: { kind: "bad" } }, error.message));
    }
  };
  read();
  return h(
    "div",
    { class: "stack" },
    h("div", { class: "field field-check" }, h("label", { for: id }, "Year"), choice),
    box,
  );
}

function content({ allowances, today }) {
  return [
    smallTable(
      "Allowances",
      ["Allowance", "Limit", "Used elsewhere", "Under way", "Booked", "Left"],
      allowances.map((one) => [
        NAMES[one.allowance] ?? one.allowance,
        one.limit === null ? "May not be used" : rands(one.limit),
        rands(one.declared),
        rands(one.reserved),
        rands(one.used),
        h("b", {}, one.left === null ? "–" : rands(one.left)),
      ]),
    ),
    h(
      "p",
      {},
      `Dealt on ${today.day}: ${rands(today.used)} booked, ${rands(today.reserved)} under way`,
      today.limit === null
        ? "; no limit holds for the day."
        : `, ${rands(today.left)} left of ${rands(today.limit)}.`,
    ),
  ];
}

function changeTerms(client) {
  const { day_limit, tax_clearance } = client;
  const amount = { inputmode: "decimal", maxlength: 16 };
  return ask({
    title: `Limit and clearance of ${client.name}`,
    fields: [
      {
        name: "day_limit",
        label: "Day limit in rands",
        value: day_limit,
        hint: "Empty: the desk’s own limit holds.",
        ...amount,
      },
      { name: "pin", label: "Tax clearance: PIN", value: tax_clearance?.pin, maxlength: 140 },
      {
        name: "approved",
        label: "Tax clearance: approved rands",
        value: tax_clearance?.approved,
        ...amount,
      },
      {
        name: "expires",
        label: "Tax clearance: last day",
        type: "date",
        value: tax_clearance?.expires,
        hint: "All three, or none where there is no clearance.",
      },
    ],
    submit: async ({ day_limit, ...clearance }) => {
      const given = Object.values(clearance).filter((text) => text !== "").length;
      if (given !== 0 && given !== 3)
        throw new Error("Give the PIN, the amount and the last day of the clearance, or none.");
      await patch(address(client), {
        day_limit: day_limit || null,
        tax_clearance: given ? clearance : null,
      });
      toast(`The terms of ${client.name} are kept.`, { kind: "good" });
    },
  });
}

function declareUse(client) {
  const now = new Date().getFullYear();
  return ask({
    title: `What ${client.name} has used elsewhere`,
    text: "It counts with what is dealt here. The last word for a year holds; zero takes it back.",
    fields: [
      {
        name: "allowance",
        label: "Allowance",
        type: "select",
        value: "SDA",
        options: Object.entries(NAMES),
      },
      { name: "year", label: "Year", type: "number", value: now, min: 1970, max: 9999 },
      {
        name: "amount",
        label: "Amount in rands",
        required: true,
        inputmode: "decimal",
        maxlength: 16,
      },
    ],
    submit: async ({ allowance, year, amount }) => {
      await put(address(client, `/declared-use/${year}/${allowance}`), { amount });
      toast("It is kept, and counts from now on.", { kind: "good" });
    },
  });
}
