// Webhooks: where the installation sends what happens. Secrets are shown once, where they are made.

import { get, patch, post, remove } from "./api.js";
import { openDeliveries } from "./deliveries.js";
import { coalesced, h, reconcile, replace } from "./dom.js";
import { ask, confirm, field, showOnce } from "./dialog.js";
import { keys } from "./keys.js";
import { button, facts } from "./tabs.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { label } from "./words.js";

const KINDS = [
  "started",
  "success",
  "partial_success",
  "failed",
  "cancelled",
  "needs_decision",
  "in_doubt",
  "settlement_due",
  "reconciliation",
  "kill_switch",
];

export function webhooks(signal) {
  const list = h("ul", { class: "stack" });
  const empty = h(
    "div",
    { class: "card empty", hidden: true },
    h("p", {}, h("b", {}, "Nothing is sent anywhere yet.")),
    h("p", {}, "A webhook tells a program of yours when batches end, fail or wait for a person."),
    button("Make a webhook…", make),
  );
  const load = coalesced(
    async () => {
      const { items } = await get("/api/webhooks", {}, signal);
      empty.hidden = items.length > 0;
      reconcile(
        list,
        items,
        ({ id }) => id,
        () => row(load),
        (node, webhook) => node.show(webhook),
      );
    },
    50,
    signal,
    complain,
  );
  function make() {
    return create().then((made) => made && load(), complain);
  }
  keys.add([["a", "Make a webhook", make]], signal, "On the webhooks");
  load();
  return {
    actions: [button("Make a webhook…", make, "is-primary")],
    content: [list, empty],
  };
}

function row(changed) {
  const node = h("li", { class: "card" });
  let shown = "";
  node.show = (webhook) => {
    if (shown === JSON.stringify(webhook)) return;
    shown = JSON.stringify(webhook);
    replace(
      node,
      h(
        "div",
        { class: "card-head" },
        h("h2", {}, webhook.description ?? webhook.url),
        h(
          "span",
          { class: webhook.enabled ? "tag" : "tag is-off" },
          webhook.enabled ? "Enabled" : "Disabled",
        ),
      ),
      h(
        "div",
        { class: "card-body stack" },
        webhook.disabled_reason
          ? h("p", { class: "notice", data: { kind: "bad" } }, webhook.disabled_reason)
          : null,
        facts([
          ["Address", h("span", { class: "mono" }, webhook.url)],
          ["Told of", webhook.on.map(label).join(", ")],
          [
            "Old secret signs until",
            webhook.previous_secret_until ? moment(webhook.previous_secret_until) : null,
          ],
          ["Made", h("span", {}, moment(webhook.created_at), ` by ${webhook.created_by}`)],
        ]),
        h("div", { class: "row" }, orders(webhook, changed)),
      ),
    );
  };
  return node;
}

function orders(webhook, changed) {
  const path = `/api/webhooks/${webhook.id}`;
  const name = webhook.description ?? webhook.url;
  const set = (enabled) => () =>
    patch(path, { enabled }).then(() => {
      toast(`${name} is ${enabled ? "enabled" : "disabled"}.`, { kind: "good" });
      changed();
    }, complain);
  const test = () =>
    post(`${path}/test`, null, { key: null }).then(() => openDeliveries(webhook), complain);
  return [
    button("Deliveries", () => openDeliveries(webhook)),
    button("Send a test", test),
    button("Change…", () => change(webhook).then((made) => made && changed(), complain)),
    button("New secret…", () => rotate(webhook, name).then(changed, complain)),
    webhook.enabled ? button("Disable", set(false)) : button("Enable", set(true)),
    button("Delete…", () => erase(webhook, name, changed), "is-bad"),
  ];
}

/** A form's fields; `chosen` reads the kinds that are ticked. */
function form(webhook) {
  const kinds = h(
    "fieldset",
    { class: "checks" },
    h("legend", {}, "Tell of"),
    KINDS.map((kind) =>
      h(
        "label",
        { class: "check" },
        h("input", {
          type: "checkbox",
          value: kind,
          checked: webhook ? webhook.on.includes(kind) : kind !== "started",
        }),
        label(kind),
      ),
    ),
  );
  const body = h(
    "div",
    { class: "stack" },
    field({
      name: "url",
      label: "Address",
      type: "url",
      value: webhook?.url,
      required: true,
      maxlength: 2000,
      hint: "By https, at a public host, unless the configuration allows others.",
    }),
    field({
      name: "description",
      label: "What for",
      value: webhook?.description,
      maxlength: 200,
    }),
    kinds,
  );
  const read = ({ url, description }) => {
    const on = [...kinds.querySelectorAll("input:checked")].map((input) => input.value);
    if (!on.length) throw new Error("Choose what it is told of.");
    return { url, on, ...(description ? { description } : {}) };
  };
  return { body, read };
}

async function create() {
  const { body, read } = form(null);
  const made = await ask({
    title: "Make a webhook",
    action: "Make it",
    body,
    submit: (values) => post("/api/webhooks", read(values)),
  });
  if (!made) return false;
  await showSecret(made.secret);
  return true;
}

function change(webhook) {
  const { body, read } = form(webhook);
  return ask({
    title: "Change the webhook",
    body,
    submit: (values) => patch(`/api/webhooks/${webhook.id}`, read(values)),
  });
}

async function rotate(webhook, name) {
  let made = null;
  await confirm({
    title: `A new secret for ${name}?`,
    text: "It is shown once. The old one signs beside it for 24 hours, so that the receiver can change over.",
    action: "Make it",
    act: async () => {
      made = await post(`/api/webhooks/${webhook.id}/rotate-secret`, null, { key: null });
    },
  });
  if (made) await showSecret(made.secret);
}

function showSecret(secret) {
  return showOnce({
    title: "The webhook’s secret",
    text: "It is shown this once. The receiver checks the signature of every message with it.",
    secret,
  });
}

function erase(webhook, name, changed) {
  return confirm({
    title: `Delete ${name}?`,
    text: "What waits to be sent there is not sent.",
    action: "Delete",
    isDangerous: true,
    act: async () => {
      await remove(`/api/webhooks/${webhook.id}`);
      toast(`${name} is deleted.`);
      changed();
    },
  });
}
