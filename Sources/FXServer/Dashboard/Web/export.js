// What a list shows, as a CSV file made in the browser, page by page.
//
//   await exportShown({ name, columns, load: (cursor, limit) => …, cells: (item) => […] }, signal)

import { isAbort } from "./api.js";
import { write } from "./csv.js";
import { h } from "./dom.js";
import { grouped } from "./money.js";
import { complain, toast } from "./toasts.js";
import { count } from "./words.js";

// More than that is a batch's own export, or a report.
const MOST_EXPORTED = 20_000;
const EXPORT_PAGE = 500;

/** A spreadsheet would take a cell that begins so for a formula. */
const safe = (value) =>
  typeof value === "string" && /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value)
    ? `'${value}`
    : value;

export async function exportShown(list, signal) {
  toast("Reading what is shown…");
  try {
    const rows = [list.columns];
    let cursor = null;
    do {
      const page = await list.load(cursor, EXPORT_PAGE);
      rows.push(...page.items.map((item) => list.cells(item).map(safe)));
      cursor = page.next_cursor;
    } while (cursor !== null && rows.length <= MOST_EXPORTED && !signal.aborted);
    const address = URL.createObjectURL(new Blob([write(rows)], { type: "text/csv" }));
    h("a", { href: address, download: `${list.name}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    toast(
      `${count(rows.length - 1, "row")} exported${cursor === null ? "" : `: the first ${grouped(String(MOST_EXPORTED))}; narrow the filters for the rest`}.`,
      { kind: cursor === null ? "good" : "warn" },
    );
  } catch (error) {
    if (!isAbort(error)) complain(error);
  }
}
