// Changing the trades of a batch that is staged: any edit voids an approval, and asks for it anew.

import { patch } from "./api.js";
import { ask, confirm } from "./dialog.js";
import { toast } from "./toasts.js";
import { tradeForm } from "./tradeform.js";
import { count } from "./words.js";

/** @param done called with the batch as it stands then. */
async function change(batch, trades, done) {
  const after = await patch(`/api/batches/${batch.id}`, { trades }, { version: batch.version });
  toast(`${after.name} has ${count(after.counts.total, "trade")} now.`, { kind: "good" });
  done(after);
  return true;
}

export function addTrades(batch, done) {
  return typed({
    title: `Add trades to ${batch.name}`,
    action: "Add",
    submit: (trades) => change(batch, { add: trades }, done),
  });
}

export function changeTrade(batch, trade, done) {
  const { fixed_rate, allowance } = trade;
  return typed({
    title: `Change row ${trade.row}`,
    action: "Save",
    only: trade,
    submit: ([given]) =>
      change(batch, { change: [{ fixed_rate, allowance, ...given, id: trade.id }] }, done),
  });
}

export function removeTrades(batch, ids, done) {
  return confirm({
    title: `Remove ${count(ids.length, "trade")} from ${batch.name}?`,
    action: "Remove",
    isDangerous: true,
    text: "They have never been sent anywhere.",
    act: () => change(batch, { remove: ids }, done),
  });
}

function typed({ title, action, only, submit }) {
  const controller = new AbortController();
  let trades = only ? [only] : null;
  const body = tradeForm(
    (now) => {
      trades = now;
    },
    controller.signal,
    { only },
  );
  return ask({
    title,
    action,
    body,
    isWide: true,
    submit: () => {
      if (trades === null) throw new Error("Give a client and an amount.");
      return submit(trades);
    },
  }).finally(() => controller.abort());
}
