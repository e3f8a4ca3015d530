// Templates: batches that are made again and again, with other amounts where they are wanted.

import { get, patch, post, remove } from "./api.js";
import { h, newID, replace, setText } from "./dom.js";
import { ask, confirm, openPanel } from "./dialog.js";
import { keys } from "./keys.js";
import { go } from "./router.js";
import { can } from "./session.js";
import { blotter } from "./table.js";
import { button } from "./tabs.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { label } from "./words.js";

const ROWS_AT_ONCE = 100;

export function templates(signal) {
  const open = (template) => openTemplate(template, () => table.reset());
  const table = blotter({
    label: "Templates",
    signal,
    keyOf: ({ id }) => id,
    open,
    load: (cursor, limit) => get("/api/templates", { cursor, limit }, signal),
    empty: can("dealer")
      ? "There is no template yet. Keep one of a batch: its page has the order for it."
      : "There is no template yet. A dealer keeps one of a batch.",
    columns: [
      {
        name: "Name",
        isHeader: true,
        cell: (template) =>
          h(
            "button",
            {
              type: "button",
              class: "row-open",
              tabindex: "-1",
              "aria-label": `${template.name}: show the template`,
              on: { click: () => open(template) },
            },
            template.name,
          ),
      },
      { name: "Trades", isNumber: true, cell: (template) => String(template.rows) },
      { name: "Priced by", cell: (template) => label(template.pricing) },
      { name: "Priority", isNumber: true, least: 860, cell: (one) => String(one.priority) },
      { name: "Kept", least: 860, cell: (template) => moment(template.created_at) },
      { name: "Kept by", least: 1100, cell: (template) => template.created_by },
    ],
  });
  keys.add(
    [["t", "Into the rows; then ↑ ↓ and Enter", () => table.focus()]],
    signal,
    "On the templates",
  );
  table.reset();
  return {
    content: [h("section", { class: "card list-card", "aria-label": "Templates" }, table.node)],
  };
}

function openTemplate(template, changed) {
  const controller = new AbortController();
  const { signal } = controller;
  const panel = openPanel({
    title: template.name,
    isWide: true,
    onClose: () => controller.abort(),
  });
  const path = `/api/templates/${template.id}`;
  const inputs = new Map();
  const body = h("tbody");
  let cursor = null;
  const more = button("More rows", () => load().catch(complain));
  const load = async () => {
    const page = await get(`${path}/rows`, { cursor, limit: ROWS_AT_ONCE }, signal);
    body.append(...page.items.map((row) => rowNode(row, inputs)));
    cursor = page.next_cursor;
    more.hidden = cursor === null;
  };
  const id = newID("name");
  const name = h("input", { id, value: template.name, maxlength: 200, autocomplete: "off" });
  const wrong = h("p", { class: "form-error", role: "alert" });
  const make = button(
    "Stage a batch",
    async () => {
      make.disabled = true;
      setText(wrong, "");
      try {
        const amounts = [...inputs]
          .filter(([, { input, before }]) => input.value.trim() !== before)
          .map(([row, { input }]) => ({ row, deal_amount: input.value.trim() }));
        const made = await post(`${path}/batches`, { name: name.value.trim(), amounts });
        panel.close();
        toast(`${made.name} is staged.`, { kind: "good" });
        go(`/batches/${made.id}`);
      } catch (error) {
        setText(wrong, error.message);
        make.disabled = false;
      }
    },
    "is-primary",
  );
  const after = () => {
    panel.close();
    changed();
  };
  panel.add(
    can("dealer")
      ? h(
          "div",
          { class: "row" },
          button("Rename…", () => rename(template, path).then((is) => is && after(), complain)),
          button("Delete…", () => erase(template, path).then((is) => is && after()), "is-bad"),
        )
      : null,
    can("dealer")
      ? h("div", { class: "field" }, h("label", { for: id }, "Name of the new batch"), name)
      : null,
    h(
      "div",
      {
        class: "scroll small-table template-rows",
        tabindex: "0",
        role: "group",
        "aria-label": "Rows, scrolls",
      },
      h(
        "table",
        { "aria-label": "Rows" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Row", "Client", "Deal", "Amount", "Spread", "Reference"].map((column) =>
              h("th", { scope: "col" }, column),
            ),
          ),
        ),
        body,
      ),
    ),
    more,
    wrong,
    can("dealer") ? h("div", { class: "panel-tools" }, make) : null,
  );
  load().catch((error) => replace(body, h("tr", {}, h("td", {}, error.message))));
}

function rowNode(row, inputs) {
  const words = `${row.deal_currency} `;
  let amount = `${words}${row.deal_amount}`;
  if (can("dealer")) {
    const input = h("input", {
      value: row.deal_amount,
      inputmode: "decimal",
      maxlength: 16,
      autocomplete: "off",
      "aria-label": `Amount of row ${row.row} in ${row.deal_currency}`,
    });
    inputs.set(row.row, { input, before: row.deal_amount });
    amount = h("span", { class: "template-amount" }, words, input);
  }
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, row.row),
    h("td", {}, row.cif_number),
    h("td", {}, `${label(row.side)} ${row.pair}, ${label(row.delivery).toLowerCase()}`),
    h("td", {}, amount),
    h("td", { class: "num" }, row.spread),
    h("td", {}, row.external_ref ?? ""),
  );
}

function rename(template, path) {
  return ask({
    title: `Rename ${template.name}`,
    fields: [{ name: "name", label: "Name", value: template.name, required: true, maxlength: 200 }],
    submit: (values) => patch(path, values),
  });
}

function erase(template, path) {
  return confirm({
    title: `Delete ${template.name}?`,
    text: "Batches that were made of it stay.",
    action: "Delete",
    isDangerous: true,
    act: async () => {
      await remove(path);
      toast(`The template ${template.name} is deleted.`);
    },
  });
}
