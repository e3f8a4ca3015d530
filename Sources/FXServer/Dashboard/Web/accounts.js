// Settlement accounts as the bank tells of them, and asking it anew.

import { get, post } from "./api.js";
import { accountState, openClient } from "./client.js";
import { coalesced, h, setText } from "./dom.js";
import { field, valuesOf } from "./dialog.js";
import { keys } from "./keys.js";
import { grouped } from "./money.js";
import { query, setQuery } from "./router.js";
import { can } from "./session.js";
import { blotter } from "./table.js";
import { button } from "./tabs.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { count } from "./words.js";

const FILTER_AFTER_MS = 300;

export function accounts(signal) {
  const form = h(
    "form",
    { class: "card card-body filters", role: "search", "aria-label": "Filters" },
    field({
      name: "cif_number",
      label: "CIF number",
      type: "search",
      value: query().cif_number,
      placeholder: "The whole of it",
      maxlength: 40,
    }),
  );
  const open = (account) => openClient(account.cif_number, () => table.refresh());
  const table = blotter({
    label: "Accounts",
    signal,
    keyOf: (account) => `${account.cif_number} ${account.currency}`,
    open,
    load: (cursor, limit) => get("/api/accounts", { ...query(), cursor, limit }, signal),
    empty: can("dealer")
      ? "No account is known here. Ask the bank for all of them, or take in a file of clients that names them."
      : "No account is known here. A dealer asks the bank for them.",
    columns: [
      {
        name: "CIF",
        isHeader: true,
        cell: (account) =>
          h(
            "button",
            {
              type: "button",
              class: "row-open",
              tabindex: "-1",
              "aria-label": `${account.cif_number}, ${account.currency}: show the client`,
              on: { click: () => open(account) },
            },
            account.cif_number,
          ),
      },
      { name: "Currency", cell: (account) => account.currency },
      { name: "Number", cell: (account) => account.account_number },
      { name: "State", cell: accountState },
      { name: "Balance", isNumber: true, cell: (account) => grouped(account.balance) || "–" },
      {
        name: "Told by the bank",
        least: 640,
        cell: (account) => moment(account.synced_at, "Never"),
      },
    ],
  });
  const apply = coalesced(
    () => {
      setQuery(valuesOf(form));
      table.reset();
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

  const ask = button("Ask the bank for all accounts", sync, "is-primary");
  async function sync() {
    ask.disabled = true;
    setText(ask, "Asking the bank…");
    try {
      const told = await post("/api/accounts/sync");
      toast(
        `${count(told.created, "account")} added, ${told.updated} updated` +
          (told.unknown ? `, ${told.unknown} of customers who are not known here.` : "."),
        { kind: "good" },
      );
      table.reset();
    } catch (error) {
      complain(error);
    }
    ask.disabled = false;
    setText(ask, "Ask the bank for all accounts");
  }

  keys.add(
    [
      ["/", "Search", () => form.elements.cif_number.focus()],
      ["t", "Into the rows; then ↑ ↓ and Enter", () => table.focus()],
    ],
    signal,
    "On the accounts",
  );
  table.reset();
  return {
    actions: can("dealer") ? [ask] : [],
    content: [
      form,
      h("section", { class: "card list-card", "aria-label": "Accounts" }, table.node),
    ],
  };
}
