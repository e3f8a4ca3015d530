// The audit log: every call that was denied, and every one that may have changed something.

import { get } from "./api.js";
import { coalesced, h } from "./dom.js";
import { field, openPanel, valuesOf } from "./dialog.js";
import { keys } from "./keys.js";
import { query, setQuery } from "./router.js";
import { blotter } from "./table.js";
import { button, facts, smallTable } from "./tabs.js";
import { moment } from "./time.js";
import { complain } from "./toasts.js";
import { label } from "./words.js";

const FILTER_AFTER_MS = 300;

export function audit(signal) {
  const form = h(
    "form",
    { class: "card card-body filters", role: "search", "aria-label": "Filters" },
    field({
      name: "person",
      label: "Person",
      type: "search",
      value: query().person,
      placeholder: "The whole name",
      maxlength: 200,
    }),
  );
  const table = blotter({
    label: "Audit log",
    signal,
    keyOf: (entry) => entry.number,
    open: openEntry,
    load: (cursor, limit) => get("/api/audit", { ...query(), cursor, limit }, signal),
    empty: "Nothing is recorded of this person. Give the name as its token has it.",
    columns: [
      {
        name: "When",
        isHeader: true,
        cell: (entry) =>
          h(
            "button",
            {
              type: "button",
              class: "row-open",
              tabindex: "-1",
              "aria-label": `Entry ${entry.number}, ${entry.call}: show it`,
              on: { click: () => openEntry(entry) },
            },
            moment(entry.at),
          ),
      },
      { name: "Person", cell: (entry) => entry.person ?? "Nobody known" },
      { name: "Role", least: 860, cell: (entry) => label(entry.role) },
      { name: "Call", cell: (entry) => entry.call },
      { name: "Answer", cell: answer },
      { name: "About", least: 1100, cell: (entry) => entry.object ?? "" },
      { name: "From", least: 1300, cell: (entry) => entry.address },
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
  keys.add(
    [
      ["/", "Whose calls", () => form.elements.person.focus()],
      ["t", "Into the rows; then ↑ ↓ and Enter", () => table.focus()],
      ["r", "Read it anew", () => table.reset()],
    ],
    signal,
    "On the audit log",
  );
  table.reset();
  return {
    actions: [button("Read it anew", () => table.reset())],
    content: [
      form,
      h("section", { class: "card list-card", "aria-label": "Audit log" }, table.node),
    ],
  };
}

function answer({ status }) {
  const words = status < 300 ? "Done" : status === 401 || status === 403 ? "Denied" : "Refused";
  return h("span", { class: status < 300 ? "tag" : "tag is-off" }, `${words}, ${status}`);
}

function openEntry(entry) {
  const panel = openPanel({ title: `Entry ${entry.number}`, isWide: true });
  const [before, after] = [entry.before, entry.after].map((text) => text && JSON.parse(text));
  panel.add(
    facts([
      ["When", moment(entry.at)],
      ["Person", entry.person ?? "Nobody known"],
      ["Role", label(entry.role)],
      ["Call", entry.call],
      ["Answer", answer(entry)],
      ["About", entry.object],
      ["From", entry.address],
      ["Token", entry.token_id],
      ["Request", entry.request_id],
    ]),
    before || after ? changes(before, after) : h("p", { class: "muted" }, "It changed nothing."),
    whole("Before", before),
    whole("After", after),
  );
}

/** The members that differ, side by side. */
function changes(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const words = (object, name) => {
    const value = object?.[name];
    if (value === undefined || value === null) return "–";
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  const rows = names
    .map((name) => [label(name), words(before, name), words(after, name)])
    .filter(([, old, now]) => old !== now);
  return h(
    "section",
    { class: "stack", "aria-label": "What it changed" },
    h("h3", {}, "What it changed"),
    rows.length
      ? smallTable("What it changed", ["What", "Before", "After"], rows)
      : h("p", { class: "muted" }, "Nothing that is shown differs."),
  );
}

function whole(name, object) {
  if (!object) return null;
  return h(
    "details",
    {},
    h("summary", {}, `${name}, all of it`),
    h(
      "pre",
      { class: "scroll mono", tabindex: "0", role: "region", "aria-label": name },
      JSON.stringify(object, null, 2),
    ),
  );
}
