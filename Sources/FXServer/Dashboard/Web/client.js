// One client in a drawer: terms, accounts, trades, and what may be done about it.
//
//   openClient(cifNumber, changed)      `changed` is called after each change, also when it is gone

import { get, isAbort, patch, remove } from "./api.js";
import { address, changeClient } from "./client-form.js";
import { termsPart } from "./client-terms.js";
import { h, setText } from "./dom.js";
import { confirm, openPanel } from "./dialog.js";
import { grouped } from "./money.js";
import { can } from "./session.js";
import { button, facts, smallTable } from "./tabs.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";

export function openClient(cifNumber, changed) {
  const controller = new AbortController();
  const panel = openPanel({ title: "Client", isWide: true, onClose: () => controller.abort() });
  panel.add(h("p", { class: "muted" }, "Reading…"));
  const load = async () => {
    try {
      const client = await get(address({ cif_number: cifNumber }), {}, controller.signal);
      setText(panel.heading, client.name);
      panel.fill(...content(client, panel, after, gone));
    } catch (error) {
      if (!isAbort(error))
        panel.fill(h("p", { class: "notice", data: { kind: "bad" } }, error.message));
    }
  };
  const after = () => {
    load();
    changed();
  };
  const gone = () => {
    panel.close();
    changed();
  };
  load();
}

function content(client, panel, after, gone) {
  const blotter = `/blotter?cif_number=${encodeURIComponent(client.cif_number)}`;
  return [
    h(
      "div",
      { class: "row" },
      activity(client),
      can("dealer") ? tools(client, after, gone) : null,
      h("a", { href: blotter, on: { click: () => panel.close() } }, "Its trades"),
    ),
    facts([
      ["CIF number", client.cif_number],
      ["Spread", `${client.spread} pips`],
    ]),
    termsPart(client, after),
    accounts(client),
  ];
}

function accounts(client) {
  return h(
    "section",
    { class: "stack", "aria-label": "Accounts" },
    h("h3", {}, "Accounts"),
    client.accounts?.length
      ? smallTable(
          "Accounts",
          ["Currency", "Number", "State", "Balance", "Told by the bank"],
          client.accounts.map((account) => [
            account.currency,
            account.account_number,
            accountState(account),
            h("span", { class: "num" }, grouped(account.balance)),
            moment(account.synced_at),
          ]),
        )
      : h(
          "p",
          { class: "muted" },
          "None is known: no trade of this client can start. The bank tells of them by a sync of the accounts; a file of clients can name them too.",
        ),
  );
}

export function activity({ active }) {
  return h("span", { class: active ? "tag" : "tag is-off" }, active ? "Active" : "Not active");
}

const STATES = { OPEN: "Open", DORM: "Dormant", CLOS: "Closed", UNCONFIRMED: "Not confirmed" };

export function accountState({ status }) {
  return h("span", { class: status === "OPEN" ? "tag" : "tag is-off" }, STATES[status] ?? status);
}

function tools(client, after, gone) {
  return [
    button("Change…", () => changeClient(client).then((made) => made && after(), complain)),
    client.active
      ? button("Deactivate…", () => activate(client, false, after), "is-bad")
      : button("Activate…", () => activate(client, true, after)),
    button("Delete…", () => erase(client, gone), "is-bad"),
  ];
}

function activate(client, active, after) {
  return confirm({
    title: active ? `Let ${client.name} deal again?` : `Stop ${client.name} from dealing?`,
    text: active
      ? "Its trades are taken and started again."
      : "Its trades are refused from then on, also those that wait in staged batches. What is under way runs to its end.",
    action: active ? "Activate" : "Deactivate",
    isDangerous: !active,
    act: async () => {
      await patch(address(client), { active });
      toast(`${client.name} ${active ? "may deal again" : "deals no more"}.`, { kind: "good" });
      after();
    },
  });
}

function erase(client, gone) {
  return confirm({
    title: `Delete ${client.name}?`,
    text: "Only a client without any trade can be deleted; others are deactivated, and kept.",
    action: "Delete",
    isDangerous: true,
    act: async () => {
      await remove(address(client));
      toast(`${client.name} is deleted.`);
      gone();
    },
  });
}
