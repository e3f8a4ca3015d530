// What went to one webhook or waits to, with every try; looked at anew while something is on its way.

import { get, isAbort, post } from "./api.js";
import { coalesced, h, reconcile, replace } from "./dom.js";
import { openPanel } from "./dialog.js";
import { button } from "./tabs.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { chip, count } from "./words.js";

const PAGE = 50;
const LOOK_EVERY_MS = 2_000;

export function openDeliveries(webhook) {
  const controller = new AbortController();
  const { signal } = controller;
  const panel = openPanel({
    title: `Deliveries to ${webhook.description ?? webhook.url}`,
    isWide: true,
    onClose: () => controller.abort(),
  });
  const list = h("ol", { class: "stack" });
  const empty = h(
    "p",
    { class: "empty", hidden: true },
    "Nothing was sent there yet. Send a test to see whether it arrives.",
  );
  const older = button("Older ones", () => next().catch(complain));
  older.hidden = true;
  let first = [];
  let further = [];
  let cursor = null;

  const draw = () => {
    empty.hidden = first.length > 0;
    older.hidden = cursor === null;
    const known = new Set(first.map(({ id }) => id));
    reconcile(
      list,
      [...first, ...further.filter(({ id }) => !known.has(id))],
      ({ id }) => id,
      () => item(webhook, look),
      (node, delivery) => node.show(delivery),
    );
  };
  const look = coalesced(
    async () => {
      const page = await get(`/api/webhooks/${webhook.id}/deliveries`, { limit: PAGE }, signal);
      first = page.items;
      if (!further.length) cursor = page.next_cursor;
      draw();
    },
    50,
    signal,
    (error) => {
      if (isAbort(error)) return;
      controller.abort();
      panel.fill(h("p", { class: "notice", data: { kind: "bad" } }, error.message));
    },
  );
  async function next() {
    const page = await get(
      `/api/webhooks/${webhook.id}/deliveries`,
      { limit: PAGE, cursor },
      signal,
    );
    further = further.concat(page.items);
    cursor = page.next_cursor;
    draw();
  }
  const timer = setInterval(() => {
    if (first.some(({ status }) => status === "pending")) look();
  }, LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  panel.add(h("div", { class: "panel-tools" }, button("Look again", look)), list, empty, older);
  look();
}

function item(webhook, look) {
  const node = h("li", { class: "delivery" });
  let shown = "";
  node.show = (delivery) => {
    if (shown === JSON.stringify(delivery)) return;
    shown = JSON.stringify(delivery);
    replace(
      node,
      h(
        "div",
        { class: "row" },
        chip(delivery.status, "trade"),
        h("b", {}, delivery.type),
        moment(delivery.created_at),
        delivery.status === "pending"
          ? null
          : button("Send again", () => again(webhook, delivery, look)),
      ),
      h("p", { class: "muted mono" }, delivery.id),
      delivery.next_try_at ? h("p", {}, "The next try: ", moment(delivery.next_try_at)) : null,
      h(
        "details",
        {},
        h("summary", {}, count(delivery.attempts.length, "try", "tries")),
        h("ol", { class: "log" }, delivery.attempts.map(attempt)),
      ),
    );
  };
  return node;
}

function attempt(one) {
  return h(
    "li",
    {},
    moment(one.at),
    `No. ${one.number}: `,
    h("b", {}, one.status === null ? "no answer" : `answered ${one.status}`),
    h("span", { class: "muted" }, ` · ${one.duration_ms} ms`),
    one.error ? h("p", {}, one.error) : null,
  );
}

async function again(webhook, delivery, look) {
  try {
    await post(`/api/webhooks/${webhook.id}/deliveries/${delivery.id}/redeliver`, null, {
      key: null,
    });
    toast("It is sent again, with its id and its body.", { kind: "good" });
    look();
  } catch (error) {
    complain(error);
  }
}
