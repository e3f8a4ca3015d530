// What the bank was asked about a trade and what it answered, and what it says now.
//
//   inquiries(evidence)        what it was asked while the trade was in doubt; null where nothing was
//   bankNow(trade)             a button that asks it now, and below it the answers and statement lines

import { get } from "./api.js";
import { h, replace, setText } from "./dom.js";
import { grouped } from "./money.js";
import { button, smallTable } from "./tabs.js";
import { moment } from "./time.js";
import { label } from "./words.js";

const WAYS = {
  deal_transaction_id: "our deal transaction id",
  bank_transaction_id: "the bank’s own id",
};

/** @param told the answer of GET /api/trades/{id}/evidence */
export function inquiries(told) {
  if (!told.inquiries.length) return null;
  return h(
    "section",
    {},
    h("h3", {}, "Questions to the bank"),
    smallTable(
      "Questions to the bank",
      ["Answer", "Times", "First", "Last", "The bank’s clock", "Asked by"],
      told.inquiries.map((one) => [
        label(one.answer),
        String(one.times),
        moment(one.first_asked_at),
        moment(one.last_answered_at),
        moment(one.bank_date),
        h("span", {}, WAYS[one.asked_by] ?? label(one.asked_by), " ", mono(one.asked)),
      ]),
    ),
  );
}

export function bankNow(trade) {
  const box = h("div", { class: "stack", role: "status" });
  const ask = button("Ask the bank now", async () => {
    ask.disabled = true;
    setText(box, "Asking the bank…");
    try {
      const { bank } = await get(`/api/trades/${trade.id}/evidence`, { ask_bank: true });
      replace(box, bank ? answers(bank) : warning("No bank is configured that could be asked."));
    } catch (error) {
      replace(box, warning(error.message));
    }
    ask.disabled = false;
  });
  return h("section", { class: "stack" }, h("h3", {}, "What the bank says now"), ask, box);
}

function answers(bank) {
  return [
    h("p", { class: "muted" }, "Asked ", moment(bank.asked_at), ". Nothing is changed by asking."),
    smallTable(
      "The bank’s answers",
      ["Answer", "The bank’s reference", "Attempt", "Deal transaction id"],
      bank.answers.map((one) => [
        label(one.answer),
        one.deal_reference ?? "–",
        one.attempt === null ? "–" : String(one.attempt),
        mono(one.deal_transaction_id),
      ]),
    ),
    bank.statement_lines.length
      ? smallTable(
          "Lines of the client’s statements",
          ["Date", "Names the deal", "Amount", "Balance", "Type", "Reference", "Account"],
          bank.statement_lines.map((line) => [
            line.date,
            line.names_trade ? h("b", {}, "Yes") : "No",
            h("span", { class: "num" }, grouped(line.amount)),
            h("span", { class: "num" }, grouped(line.balance)),
            line.type,
            line.reference,
            line.account_number,
          ]),
        )
      : h("p", {}, "The client’s statements have no line since the first attempt."),
    bank.more_lines ? h("p", {}, `${bank.more_lines} more lines are not listed.`) : null,
    bank.unread_statements.map((sentence) => warning(sentence)),
  ];
}

const mono = (text) => h("span", { class: "mono" }, text);
const warning = (words) => h("p", { class: "notice", data: { kind: "warn" } }, words);
