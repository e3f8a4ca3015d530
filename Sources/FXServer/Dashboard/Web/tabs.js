// A page of several parts, each under an address of its own.
//
//   showPart(main, "Reference data", PARTS, params.tab, signal)
//   a part: { path, name, role?, show: (signal) => ({ actions: […], content: […] }) }
//
// A part that the person may not see is left out; by its address it says what it takes.

import { h } from "./dom.js";
import { setTitle } from "./router.js";
import { can } from "./session.js";
import { label } from "./words.js";

export function showPart(main, name, parts, tab, signal) {
  const part = parts.find(({ path }) => path === `/${tab}`);
  const isOpen = !part.role || can(part.role);
  const { actions = [], content } = isOpen ? part.show(signal) : { content: [refusal(part.role)] };
  setTitle(part.name);
  main.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, part.name),
      h("div", { class: "page-actions" }, actions),
    ),
    h(
      "nav",
      { class: "tabs", "aria-label": name },
      parts
        .filter(({ role }) => !role || can(role))
        .map(({ path, name }) =>
          h("a", { href: path, "aria-current": path === part.path ? "page" : null }, name),
        ),
    ),
    h("div", { class: "stack" }, content),
  );
}

function refusal(role) {
  return h(
    "div",
    { class: "card empty" },
    h(
      "p",
      {},
      `This is shown to whoever has the role ${label(role).toLowerCase()} or a higher one.`,
    ),
    h("p", {}, "Ask an admin for a token that has it."),
  );
}

/** A card with its heading, and tools beside it. */
export function card(name, content, tools = null) {
  return h(
    "section",
    { class: "card", "aria-label": name },
    h("div", { class: "card-head" }, h("h2", {}, name), tools),
    content,
  );
}

export function button(words, click, kind = "") {
  return h("button", { type: "button", class: `button ${kind}`.trim(), on: { click } }, words);
}

/** Names and values beneath each other; values that are null or empty are left out. */
export function facts(rows) {
  const told = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!told.length) return null;
  return h(
    "dl",
    { class: "facts" },
    told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

/** A table of few rows, which scrolls by itself where it is too wide. */
export function smallTable(name, columns, rows) {
  return h(
    "div",
    { class: "scroll small-table", tabindex: "0", role: "group", "aria-label": `${name}, scrolls` },
    h(
      "table",
      { "aria-label": name },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", { scope: "col" }, column)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map(([first, ...cells]) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, first),
            cells.map((cell) => h("td", {}, cell)),
          ),
        ),
      ),
    ),
  );
}
