// The preview of a new batch: every row of the file as it is, what the desk makes of it, and every error
// beside its cell.
//
//   const preview = previewCard(); preview.show(text, told); preview.clear(words)
//   `told` is the answer of POST /api/batches/preview; `preview.refused(errors)` adds what storing found

import { records } from "./csv.js";
import { add, h, replace, setText } from "./dom.js";
import { grouped } from "./money.js";
import { count, icon, label } from "./words.js";

const SHOWN_ROWS = 300;
const MORE_ROWS = 700;
/** What the server works out for each row that it can read. */
const MADE = [
  ["Client", (row) => row.client_name ?? "?"],
  ["Deal", (row) => `${label(row.side)} ${row.pair}`],
  ["Value date", (row) => row.value_date ?? "–"],
  ["Spread", (row) => row.spread ?? "–", true],
  [
    "Expected rate",
    (row) =>
      row.expected_rate ? `${row.is_indicative ? "≈ " : ""}${row.expected_rate}` : "at the quote",
    true,
  ],
  [
    "Expected counter amount",
    (row) =>
      row.expected_counter_amount
        ? `${row.is_indicative ? "≈ " : ""}${row.counter_currency} ${grouped(row.expected_counter_amount)}`
        : "–",
    true,
  ],
];

export function previewCard() {
  const heading = h("h2", {}, "Preview");
  const verdict = h("div", { role: "status", class: "row" });
  const onlyBad = h("input", { type: "checkbox", id: "only-bad" });
  const filter = h(
    "span",
    { class: "field field-check", hidden: true },
    onlyBad,
    h("label", { for: "only-bad" }, "Only rows with errors"),
  );
  const box = h("div", {
    class: "scroll preview",
    tabindex: "0",
    role: "region",
    "aria-label": "Rows, scrolls",
  });
  const whole = h("ul", { class: "stack preview-whole" });
  const node = h(
    "section",
    { class: "card", "aria-label": "Preview" },
    h("div", { class: "card-head" }, heading, verdict, filter),
    whole,
    box,
  );
  let text = "",
    told = null,
    most = SHOWN_ROWS;
  onlyBad.addEventListener("change", draw);

  function draw() {
    const byRow = new Map();
    for (const error of told.errors) {
      const key = error.row ?? 0;
      byRow.set(key, [...(byRow.get(key) ?? []), error]);
    }
    filter.hidden = told.errors.length === 0;
    const lines = records(text);
    const header = lines.next().value ?? [];
    const made = new Map(told.rows.map((row) => [row.row, row]));
    replace(
      whole,
      (byRow.get(0) ?? []).map((error) =>
        h(
          "li",
          { class: "notice", data: { kind: "bad" } },
          error.column ? h("b", {}, `${error.column}: `) : null,
          error.detail,
        ),
      ),
      told.warnings.map((warning) =>
        h(
          "li",
          { class: "notice", data: { kind: "warn" } },
          h("b", {}, `${warning.column}: `),
          warning.detail,
        ),
      ),
    );
    const body = h("tbody");
    let number = 0,
      shown = 0,
      isCut = false;
    for (const cells of lines) {
      number += 1;
      const errors = byRow.get(number) ?? [];
      if (onlyBad.checked && !errors.length) continue;
      if (shown >= most) {
        isCut = true;
        break;
      }
      shown += 1;
      body.append(...rowNodes(number, cells, header, errors, made.get(number)));
    }
    replace(
      box,
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col", class: "num" }, "Row"),
            header.map((name) => h("th", { scope: "col" }, name)),
            MADE.map(([name, , isNumber]) =>
              h("th", { scope: "col", class: isNumber ? "made num" : "made" }, name),
            ),
          ),
        ),
        body,
      ),
      isCut
        ? h(
            "div",
            { class: "empty" },
            h(
              "button",
              {
                type: "button",
                class: "button",
                on: {
                  click: () => {
                    most += MORE_ROWS;
                    draw();
                  },
                },
              },
              "Show more rows",
            ),
          )
        : null,
    );
  }

  return {
    node,
    show(newText, answer) {
      text = newText;
      told = answer;
      most = SHOWN_ROWS;
      if (!answer.errors.length) onlyBad.checked = false;
      node.dataset.state = "shown";
      replace(
        verdict,
        answer.is_valid
          ? [
              h(
                "span",
                { class: "chip", data: { state: "success" } },
                icon("success"),
                `${count(answer.readable_rows, "row")}, nothing wrong`,
              ),
            ]
          : [
              h(
                "span",
                { class: "chip", data: { state: "failed" } },
                icon("failed"),
                count(answer.total_errors, "error"),
              ),
            ],
      );
      draw();
    },
    /** What was found when it was to be stored, such as repetitions of stored trades. */
    refused(errors) {
      if (!told) return;
      told = {
        ...told,
        is_valid: false,
        errors: [...told.errors, ...errors.filter((error) => "row" in error)],
        total_errors: told.total_errors + errors.length,
      };
      this.show(text, told);
    },
    clear(words) {
      told = null;
      replace(verdict);
      replace(whole);
      filter.hidden = true;
      delete node.dataset.state;
      replace(box, h("p", { class: "empty" }, words));
    },
  };
}

/** The row, and one below it for what is wrong with it as a whole. */
function rowNodes(number, cells, header, errors, made) {
  const placed = (name) => errors.filter((error) => error.column === name);
  const isKnown = (error) => error.column !== null && header.includes(error.column);
  const loose = errors.filter((error) => !isKnown(error));
  const row = h(
    "tr",
    {},
    h("th", { scope: "row", class: "num" }, number),
    header.map((name, place) => {
      const wrong = placed(name);
      return add(h("td", { class: wrong.length ? "cell-wrong" : "" }), [
        cells[place] ?? "",
        wrong.map(errorNode),
      ]);
    }),
    MADE.map(([, words, isNumber]) =>
      h("td", { class: isNumber ? "made num" : "made" }, made ? words(made) : "–"),
    ),
  );
  if (!loose.length) return [row];
  return [
    row,
    h(
      "tr",
      {},
      h("td", {}),
      h(
        "td",
        { class: "cell-wrong", colspan: header.length + MADE.length },
        h("div", { class: "row-errors" }, loose.map(errorNode)),
      ),
    ),
  ];
}

function errorNode(error) {
  return h("span", { class: "cell-error" }, icon("warning"), error.detail);
}

/** Control totals: what the file comes to, and whether that is what the person says it must be. */
export function totalsCard(changed) {
  const list = h("dl", { class: "facts" });
  const trades = h("input", { id: "control-count", inputmode: "numeric", autocomplete: "off" });
  const amount = h("input", { id: "control-amount", inputmode: "decimal", autocomplete: "off" });
  const words = h("p", { role: "status", class: "hint" });
  let told = null;
  const plain = (text) => text.replace(/[\s,]/g, "");
  const same = (a, b) => {
    const [x, y] = [a, b].map((text) => {
      const [whole, rest = ""] = text.split(".");
      return `${whole.replace(/^0+(?=\d)/, "")}.${rest.replace(/0+$/, "")}`;
    });
    return x === y;
  };
  const check = () => {
    const wrong = [];
    if (told && plain(trades.value) && plain(trades.value) !== String(told.readable_rows))
      wrong.push(`${told.readable_rows} trades, not ${plain(trades.value)}`);
    if (
      told &&
      plain(amount.value) &&
      !(told.totals.length === 1 && same(told.totals[0].amount, plain(amount.value)))
    ) {
      wrong.push(
        told.totals.length === 1
          ? `${grouped(told.totals[0].amount)}, not ${grouped(plain(amount.value))}`
          : "several currencies or sides: no one amount",
      );
    }
    const given = plain(trades.value) || plain(amount.value);
    setText(
      words,
      wrong.length
        ? `The file comes to ${wrong.join(", and to ")}.`
        : given && told
          ? "The file comes to what you expect."
          : "Give what the file must come to, and it is held against it.",
    );
    words.classList.toggle("form-error", wrong.length > 0);
    return wrong.length === 0;
  };
  for (const input of [trades, amount])
    input.addEventListener("input", () => {
      check();
      changed();
    });
  return {
    node: h(
      "section",
      { class: "card", "aria-label": "Control totals" },
      h("div", { class: "card-head" }, h("h2", {}, "Control totals")),
      h(
        "div",
        { class: "card-body stack" },
        list,
        h(
          "div",
          { class: "form-grid" },
          h(
            "div",
            { class: "field" },
            h("label", { for: "control-count" }, "Expected trades"),
            trades,
          ),
          h(
            "div",
            { class: "field" },
            h("label", { for: "control-amount" }, "Expected amount"),
            amount,
          ),
        ),
        words,
      ),
    ),
    show(answer) {
      told = answer;
      replace(
        list,
        [
          ["Trades", answer ? String(answer.readable_rows) : "–"],
          ["Clients", answer ? String(answer.clients) : "–"],
          ...(answer?.totals ?? []).map((total) => [
            `${label(total.side)} ${total.pair}`,
            `${total.currency} ${grouped(total.amount)} in ${count(total.trades, "trade")}`,
          ]),
        ].map(([name, value]) => [h("dt", {}, name), h("dd", { class: "total" }, value)]),
      );
      check();
    },
    get holds() {
      return check();
    },
  };
}
