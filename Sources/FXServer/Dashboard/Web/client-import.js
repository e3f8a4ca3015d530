// A file of clients: its rows are shown before it is sent, and what the server refuses is shown beside
// the cells. The file is taken whole or not at all.

import { postCSV } from "./api.js";
import { records } from "./csv.js";
import { add, h, newID, replace, setText } from "./dom.js";
import { openPanel } from "./dialog.js";
import { button } from "./tabs.js";
import { complain, toast } from "./toasts.js";
import { count, icon } from "./words.js";

const SHOWN_ROWS = 200;
const MOST_BYTES = 16 * 1024 * 1024;

export function importClients(done) {
  const panel = openPanel({ title: "Take in a file of clients", isWide: true });
  const id = newID("clients-file");
  const input = h("input", { type: "file", id, accept: ".csv,text/csv" });
  const said = h("div", { class: "stack", role: "status" });
  const rows = h("div", {
    class: "scroll preview",
    tabindex: "0",
    role: "region",
    "aria-label": "Rows, scrolls",
    hidden: true,
  });
  const send = button("Take in", () => take().catch(complain), "is-primary");
  send.disabled = true;
  let text = "";

  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    text = file.size > MOST_BYTES ? "" : await file.text();
    const number = text ? Math.max(0, [...records(text)].length - 1) : 0;
    send.disabled = number === 0;
    rows.hidden = number === 0;
    setText(send, number ? `Take in ${count(number, "client")}` : "Take in");
    replace(
      said,
      number
        ? null
        : notice(
            file.size > MOST_BYTES
              ? `${file.name} has more than 16 MB: part it.`
              : `${file.name} has no row below its header.`,
          ),
    );
    if (number) replace(rows, fileTable(text, []));
  });

  async function take() {
    send.disabled = true;
    try {
      const told = await postCSV("/api/clients/import", text);
      toast(`${count(told.created, "client")} added, ${told.updated} updated.`, { kind: "good" });
      done();
      if (!told.warnings.length) return panel.close();
      rows.hidden = true;
      replace(
        said,
        told.warnings.map((one) => notice(`${one.column}: ${one.detail}`, "warn")),
      );
    } catch (error) {
      const placed = error.errors?.filter((one) => one.row) ?? [];
      replace(
        said,
        notice(error.problem?.detail ?? error.message),
        error.errors?.filter((one) => !one.row).map((one) => notice(one.detail)),
      );
      if (placed.length) replace(rows, fileTable(text, placed));
      send.disabled = false;
    }
  }

  panel.add(
    h(
      "p",
      {},
      "The columns are Client, Client CIF, Fixed Spread, and where they are known ZAR Account, USD Account and the like. Clients whose CIF is known are updated.",
    ),
    h("div", { class: "field" }, h("label", { for: id }, "File"), input),
    said,
    rows,
    h("div", { class: "panel-tools" }, send),
  );
}

function notice(words, kind = "bad") {
  return h("p", { class: "notice", data: { kind } }, words);
}

/** The first rows of a file; once something is wrong, the rows that are. */
function fileTable(text, errors) {
  const byRow = Map.groupBy(errors, ({ row }) => row);
  const lines = records(text);
  const header = lines.next().value ?? [];
  const body = h("tbody");
  let number = 0;
  for (const cells of lines) {
    number += 1;
    const wrong = byRow.get(number) ?? [];
    if (errors.length && !wrong.length) continue;
    body.append(...rowNodes(number, cells, header, wrong));
    if (body.children.length >= SHOWN_ROWS) break;
  }
  return h(
    "table",
    { "aria-label": errors.length ? "Rows with errors" : "Rows" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col", class: "num" }, "Row"),
        header.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    body,
  );
}

function rowNodes(number, cells, header, wrong) {
  const loose = wrong.filter(({ column }) => !header.includes(column));
  const row = h(
    "tr",
    {},
    h("th", { scope: "row", class: "num" }, number),
    header.map((name, place) => {
      const own = wrong.filter(({ column }) => column === name);
      return add(h("td", { class: own.length ? "cell-wrong" : null }), [
        cells[place] ?? "",
        own.map(errorNode),
      ]);
    }),
  );
  if (!loose.length) return [row];
  const whole = h("td", { class: "cell-wrong", colspan: header.length }, loose.map(errorNode));
  return [row, h("tr", {}, h("td", {}), whole)];
}

function errorNode({ detail }) {
  return h("span", { class: "cell-error" }, icon("warning"), detail);
}
