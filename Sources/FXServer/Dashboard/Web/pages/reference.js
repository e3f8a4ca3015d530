// Reference data: the desk's clients, their accounts, and its own rates.

import { accounts } from "../accounts.js";
import { clients } from "../clients.js";
import { h } from "../dom.js";
import { ratesList } from "../rates.js";
import { can } from "../session.js";
import { card, showPart } from "../tabs.js";

const PARTS = [
  { path: "/clients", name: "Clients", show: clients },
  { path: "/accounts", name: "Accounts", show: accounts },
  { path: "/rates", name: "Rates", show: rates },
];

export const title = "Reference";

export function show(main, { params, signal }) {
  showPart(main, "Reference data", PARTS, params.tab, signal);
}

function rates(signal) {
  return {
    content: [
      h(
        "p",
        { class: "notice" },
        "Batches that are priced by the desk's rate add the spread to it, and every quote is held against it. ",
        can("dealer") ? "A jump of more than 3 % asks for a confirmation." : "A dealer sets it.",
      ),
      card("The desk's rates", h("div", { class: "card-body" }, ratesList(signal))),
    ],
  };
}
