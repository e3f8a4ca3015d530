// The failures of a batch by their code, each with a way to see its trades and to try them again.

import { get, isAbort } from "./api.js";
import { coalesced, h, replace } from "./dom.js";
import { retry } from "./orders.js";
import { can } from "./session.js";
import { complain } from "./toasts.js";
import { isFinal } from "./words.js";

// Never in bulk: money may have moved, or a person has spoken.
const SINGLY = new Set(["settlement_failed", "not_booked"]);

/** @param choose called with a code whose trades are wanted. @param changed called with the batch after a retry. */
export function errorsCard(id, { choose, changed }, signal) {
  const body = h("tbody");
  const node = h(
    "section",
    { class: "card", "aria-label": "Failures", hidden: true },
    h("div", { class: "card-head" }, h("h2", {}, "Failures")),
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col", class: "num" }, "Trades"),
            h("th", { scope: "col" }, "Code"),
            h("th", { scope: "col" }, "For example"),
            h("th", { scope: "col" }, "What to do"),
          ),
        ),
        body,
      ),
    ),
  );
  let shown = "";
  let batch = null;
  const load = coalesced(
    async () => {
      const { items } = await get(`/api/batches/${id}/errors`, {}, signal);
      node.hidden = items.length === 0;
      replace(body, items.map(row));
    },
    200,
    signal,
    (error) => {
      if (!isAbort(error)) complain(error);
    },
  );

  function row({ code, category, count, example }) {
    const mayRetry = can("dealer") && isFinal(batch.status) && !SINGLY.has(code);
    return h(
      "tr",
      {},
      h("td", { class: "num" }, count),
      h("td", {}, h("b", {}, code), " ", h("span", { class: "tag" }, category)),
      h("td", {}, example),
      h(
        "td",
        {},
        h(
          "div",
          { class: "row" },
          h(
            "button",
            { type: "button", class: "button", on: { click: () => choose(code) } },
            "Show these",
          ),
          mayRetry
            ? h(
                "button",
                {
                  type: "button",
                  class: "button",
                  on: { click: () => retry(batch, { codes: [code] }, count, changed) },
                },
                "Retry these…",
              )
            : null,
          SINGLY.has(code) ? h("span", { class: "muted" }, "Singly, by an approver.") : null,
        ),
      ),
    );
  }

  return {
    node,
    show(now) {
      batch = now;
      const key = JSON.stringify([now.errors, isFinal(now.status)]);
      if (key === shown) return;
      shown = key;
      load();
    },
  };
}
