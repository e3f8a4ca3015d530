// Dialogs about one batch: its terms, the findings of a validation, and its whole log.

import { get, patch, post } from "./api.js";
import { h } from "./dom.js";
import { ask, openPanel } from "./dialog.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { eventWords } from "./trade.js";
import { count, isFinal } from "./words.js";

/** Name, priority, trades at once and policy, also while it runs. */
export function editTerms(batch, done) {
  const { policy } = batch;
  return ask({
    title: `Change ${batch.name}`,
    action: "Save",
    text: isFinal(batch.status)
      ? "It holds for a retry."
      : "It holds at once, also while the batch runs. Approval can only be tightened.",
    fields: [
      { name: "name", label: "Name", value: batch.name, required: true, maxlength: 200 },
      {
        name: "priority",
        label: "Priority, 1 to 10",
        type: "number",
        min: 1,
        max: 10,
        value: batch.priority,
        required: true,
      },
      {
        name: "max_concurrent_trades",
        label: "Trades at once, 1 to 100",
        type: "number",
        min: 1,
        max: 100,
        value: batch.max_concurrent_trades,
        required: true,
      },
      {
        name: "on_failure",
        label: "On a failure",
        type: "select",
        value: policy.on_failure,
        options: [
          ["continue", "Continue"],
          ["pause", "Pause"],
          ["cancel", "Cancel the rest"],
        ],
      },
      {
        name: "tolerated_failures",
        label: "Tolerated failures",
        type: "number",
        min: 0,
        value: policy.tolerated_failures ?? "",
        hint: "More pause the batch. Empty: as it is.",
      },
      {
        name: "max_attempts",
        label: "Attempts of a trade",
        type: "number",
        min: 1,
        max: 100,
        value: policy.max_attempts,
        required: true,
      },
      {
        name: "min_margin_pips",
        label: "Least margin, in pips",
        inputmode: "decimal",
        value: policy.min_margin_pips,
        required: true,
      },
      {
        name: "approval",
        label: "Approval by another person",
        type: "select",
        value: policy.approval,
        options:
          policy.approval === "required"
            ? [["required", "Required"]]
            : [
                ["none", "Not asked for"],
                ["required", "Required"],
              ],
      },
    ],
    submit: async (values) => {
      const change = {
        name: values.name === batch.name ? null : values.name,
        priority: Number(values.priority) === batch.priority ? null : Number(values.priority),
        max_concurrent_trades:
          Number(values.max_concurrent_trades) === batch.max_concurrent_trades
            ? null
            : Number(values.max_concurrent_trades),
      };
      const rules = {
        on_failure: values.on_failure === policy.on_failure ? null : values.on_failure,
        tolerated_failures:
          values.tolerated_failures === "" ||
          Number(values.tolerated_failures) === policy.tolerated_failures
            ? null
            : Number(values.tolerated_failures),
        max_attempts:
          Number(values.max_attempts) === policy.max_attempts ? null : Number(values.max_attempts),
        min_margin_pips:
          values.min_margin_pips === policy.min_margin_pips ? null : values.min_margin_pips,
        approval: values.approval === policy.approval ? null : values.approval,
      };
      const given = (object) =>
        Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
      const body = given(change);
      if (Object.keys(given(rules)).length) body.policy = given(rules);
      if (!Object.keys(body).length) return true;
      const after = await patch(`/api/batches/${batch.id}`, body, { version: batch.version });
      toast(`${after.name} is changed.`, { kind: "good" });
      done(after);
      return true;
    },
  });
}

/** Holds every pending trade against the desk's rules, and shows what was found. */
export async function validate(batch) {
  const panel = openPanel({ title: `Validation of ${batch.name}`, isWide: true });
  panel.add(h("p", { class: "muted", role: "status" }, "Asking the bank for balances…"));
  try {
    const told = await post(`/api/batches/${batch.id}/validate`, null, { key: null });
    panel.fill(
      h(
        "p",
        { class: "notice", data: { kind: told.is_valid ? "info" : "bad" }, role: "status" },
        told.is_valid
          ? `${count(told.checked, "trade")} checked: nothing stands against ${told.checked === 1 ? "it" : "them"}.`
          : `${count(told.checked, "trade")} checked, ${count(told.total_findings, "finding")}.`,
      ),
      told.findings.length
        ? h(
            "div",
            { class: "scroll", tabindex: "0", role: "region", "aria-label": "Findings, scrolls" },
            h(
              "table",
              {},
              h(
                "thead",
                {},
                h(
                  "tr",
                  {},
                  ["Row", "Weight", "Code", "What"].map((name) => h("th", { scope: "col" }, name)),
                ),
              ),
              h(
                "tbody",
                {},
                told.findings.map((one) =>
                  h(
                    "tr",
                    {},
                    h("th", { scope: "row" }, one.row ?? "All"),
                    h("td", {}, one.severity),
                    h("td", {}, one.code),
                    h("td", {}, one.detail),
                  ),
                ),
              ),
            ),
          )
        : null,
      told.findings.length < told.total_findings
        ? h("p", { class: "muted" }, `The first ${told.findings.length} are listed.`)
        : null,
    );
  } catch (error) {
    panel.fill(h("p", { class: "notice", data: { kind: "bad" } }, error.message));
  }
}

/** Everything that happened to a batch and its trades, page by page. */
export function openLog(batch) {
  const panel = openPanel({ title: `Log of ${batch.name}`, isWide: true });
  const list = h("ol", { class: "log" });
  const more = h("button", { type: "button", class: "button", hidden: true }, "Go on");
  panel.add(list, more);
  let cursor = null;
  const load = async () => {
    const page = await get(`/api/batches/${batch.id}/events`, { limit: 200, cursor });
    list.append(
      ...page.items.map((event) =>
        h(
          "li",
          {},
          moment(event.at),
          h(
            "span",
            {},
            h("span", { class: "tag" }, event.trade_id ? "trade" : "batch"),
            " ",
            eventWords(event),
          ),
          event.data.note ? h("p", {}, event.data.note) : null,
        ),
      ),
    );
    cursor = page.next_cursor;
    more.hidden = cursor === null;
  };
  more.addEventListener("click", () => load().catch(complain));
  load().catch(complain);
}
