// What is asked about a client: a new one, or other terms of one that is known.

import { patch, post } from "./api.js";
import { ask } from "./dialog.js";
import { toast } from "./toasts.js";

const SPREAD = { label: "Spread in pips", inputmode: "decimal", required: true, maxlength: 12 };

/** @returns the client, or null. */
export function addClient() {
  return ask({
    title: "Add a client",
    action: "Add",
    fields: [
      {
        name: "cif_number",
        label: "CIF number",
        required: true,
        maxlength: 40,
        hint: "The bank's customer number.",
      },
      { name: "name", label: "Name", required: true, maxlength: 200 },
      { name: "spread", ...SPREAD, hint: "0.0001 of the rate each; may be negative." },
      { name: "ZAR", label: "ZAR account", maxlength: 34 },
      { name: "USD", label: "USD account", maxlength: 34 },
      {
        name: "others",
        label: "Other accounts",
        type: "textarea",
        hint: "One a line: the currency and the number, such as EUR 1000000003.",
      },
    ],
    submit: async ({ cif_number, name, spread, others, ...known }) => {
      const accounts = Object.entries(known)
        .filter(([, number]) => number)
        .concat(others.split("\n").flatMap(accountOfLine))
        .map(([currency, account_number]) => ({ currency, account_number }));
      const client = await post("/api/clients", { cif_number, name, spread, accounts });
      toast(`${client.name} is added.`, { kind: "good" });
      return client;
    },
  });
}

function accountOfLine(line) {
  const words = line.trim().split(/\s+/);
  if (words.length === 1 && words[0] === "") return [];
  if (words.length !== 2)
    throw new Error(`“${line.trim()}” is not a currency and an account number.`);
  return [words];
}

/** @returns the client as it stands then, or null. */
export function changeClient(client) {
  return ask({
    title: `Change ${client.name}`,
    fields: [
      { name: "name", label: "Name", value: client.name, required: true, maxlength: 200 },
      {
        name: "spread",
        ...SPREAD,
        value: client.spread,
        hint: "Of batches that are taken in from then on.",
      },
    ],
    submit: (values) => patch(address(client), values),
  });
}

export function address(client, rest = "") {
  return `/api/clients/${encodeURIComponent(client.cif_number)}${rest}`;
}
