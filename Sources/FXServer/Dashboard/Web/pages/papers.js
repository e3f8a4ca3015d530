// What leaves the desk on paper, and what is made again and again: margins, comparisons with the bank's
// books, templates.

import { margins } from "../margins.js";
import { reconciliations } from "../reconciliations.js";
import { showPart } from "../tabs.js";
import { templates } from "../templates.js";

const PARTS = [
  { path: "/margins", name: "Margins", show: margins },
  { path: "/reconciliations", name: "Reconciliations", show: reconciliations },
  { path: "/templates", name: "Templates", show: templates },
];

export const title = "Papers";

export function show(main, { params, signal }) {
  showPart(main, "Papers", PARTS, params.tab, signal);
}
