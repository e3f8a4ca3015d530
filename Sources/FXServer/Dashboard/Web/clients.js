// The list of clients, by filters that stand in the address.

import { get } from "./api.js";
import { activity, openClient } from "./client.js";
import { addClient } from "./client-form.js";
import { importClients } from "./client-import.js";
import { coalesced, h } from "./dom.js";
import { field, valuesOf } from "./dialog.js";
import { keys } from "./keys.js";
import { query, setQuery } from "./router.js";
import { can } from "./session.js";
import { blotter } from "./table.js";
import { button } from "./tabs.js";
import { complain } from "./toasts.js";

const FILTER_AFTER_MS = 300;

export function clients(signal) {
  const { q, active } = query();
  const form = h(
    "form",
    { class: "card card-body filters", role: "search", "aria-label": "Filters" },
    field({
      name: "q",
      label: "Search",
      type: "search",
      value: q,
      placeholder: "Name, or CIF's beginning",
      maxlength: 200,
    }),
    field({
      name: "active",
      label: "May deal",
      type: "select",
      value: active ?? "",
      options: [
        ["", "All"],
        ["true", "Active"],
        ["false", "Not active"],
      ],
    }),
  );
  const open = (client) => openClient(client.cif_number, () => table.refresh());
  const table = blotter({
    label: "Clients",
    signal,
    keyOf: (client) => client.cif_number,
    open,
    load: (cursor, limit) => get("/api/clients", { ...query(), cursor, limit }, signal),
    empty: can("dealer")
      ? "No client is like this. Add one, or take in a file of them: trades are taken for clients that are known."
      : "No client is like this. A dealer adds clients.",
    columns: [
      {
        name: "CIF",
        isHeader: true,
        cell: (client) =>
          h(
            "button",
            {
              type: "button",
              class: "row-open",
              tabindex: "-1",
              "aria-label": `${client.cif_number}, ${client.name}: show the client`,
              on: { click: () => open(client) },
            },
            client.cif_number,
          ),
      },
      { name: "Name", cell: (client) => client.name },
      { name: "Spread", isNumber: true, cell: (client) => `${client.spread} pips` },
      { name: "May deal", cell: activity },
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
  const add = () => addClient().then((made) => made && table.reset(), complain);
  const take = () => importClients(() => table.reset());
  keys.add(
    [
      ["/", "Search", () => form.elements.q.focus()],
      ["t", "Into the rows; then ↑ ↓ and Enter", () => table.focus()],
      ...(can("dealer")
        ? [
            ["a", "Add a client", add],
            ["i", "Take in a file of clients", take],
          ]
        : []),
    ],
    signal,
    "On the clients",
  );
  table.reset();
  return {
    actions: can("dealer")
      ? [button("Take in a file…", take), button("Add a client…", add, "is-primary")]
      : [],
    content: [form, h("section", { class: "card list-card", "aria-label": "Clients" }, table.node)],
  };
}
