// Closing a trade in doubt on a person's word. The bank is asked first, and what it says is shown before
// the word is kept; what it does not confirm has to be insisted on.

import { get, post } from "./api.js";
import { h } from "./dom.js";
import { ask, confirm } from "./dialog.js";
import { toast } from "./toasts.js";

const VERDICTS = {
  confirms: "The bank confirms it.",
  contradicts: "The bank says otherwise.",
  is_silent: "The bank says nothing about it.",
  could_not_be_asked: "The bank could not be asked.",
};

/** @returns whether it is resolved. */
export async function resolveTrade(trade) {
  const claim = await ask({
    title: `What became of row ${trade.row}?`,
    action: "Ask the bank",
    text: `${trade.client_name}, ${trade.deal_currency} ${trade.deal_amount}. A trade that is called not booked and was booked moves the money all the same.`,
    fields: [
      {
        name: "outcome",
        label: "Outcome",
        type: "select",
        options: [
          ["", "Choose…"],
          ["booked", "It is booked"],
          ["not_booked", "It is not booked"],
        ],
        required: true,
      },
      {
        name: "reference",
        label: "The bank's reference",
        hint: "Where it is booked, as the bank's statement shows it.",
      },
      {
        name: "note",
        label: "How you know",
        type: "textarea",
        required: true,
        maxlength: 2000,
        hint: "Kept for good with your name.",
      },
    ],
    submit: async ({ outcome, reference, note }) => {
      if (outcome === "booked" && !reference)
        throw new Error("Give the bank's reference of the deal.");
      if (outcome === "not_booked" && reference)
        throw new Error("Leave the reference out: what was not booked has none.");
      const word = await get(`/api/trades/${trade.id}/bank-word`, {
        deal_reference: reference || null,
      });
      return { outcome, reference, note, word };
    },
  });
  if (!claim) return false;
  const isConfirmed = claim.word.verdict === "confirms";
  const agreed = await confirm({
    title: claim.outcome === "booked" ? "Close it as booked?" : "Close it as not booked?",
    isDangerous: !isConfirmed,
    action: isConfirmed ? "Close it" : "I insist: close it",
    body: h(
      "p",
      { class: "notice", data: { kind: isConfirmed ? "info" : "bad" } },
      h("b", {}, `${VERDICTS[claim.word.verdict]} `),
      claim.word.sentence,
    ),
    act: () =>
      post(
        `/api/trades/${trade.id}/resolve`,
        {
          outcome: claim.outcome,
          note: claim.note,
          ...(claim.outcome === "booked" ? { deal_reference: claim.reference } : {}),
        },
        { version: trade.version },
      ),
  });
  if (agreed) toast(`Row ${trade.row} is closed.`, { kind: "good" });
  return agreed !== null;
}
