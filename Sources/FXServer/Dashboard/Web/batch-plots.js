// The plots of a batch, from its log and its first trades: quote against client rate, the time that each
// step takes, and how many trades ended over time. For the eye: no figure here is an amount.

import { get, isAbort } from "./api.js";
import { bars, scatter, sparkline } from "./charts.js";
import { coalesced, h, setText } from "./dom.js";
import { coordinate } from "./money.js";
import { duration, timeWords } from "./time.js";
import { complain } from "./toasts.js";
import { count, tradeLabel } from "./words.js";

const POINTS = 500;
const EVENT_PAGES = 4;
const EVENTS = 500;
const BUCKETS = 60;
const READ_AGAIN_MS = 4_000;
/** A trade's steps, by the states between which they lie. */
const STEPS = [
  ["pending", "quoting", "Waiting"],
  ["quoting", "booking", "Quote and check"],
  ["booking", "booked", "Booking"],
  ["booked", "completed", "Settlement"],
];

export function plots(id, signal) {
  const rates = scatter("Quote rate against client rate", "Quote rate", "Client rate");
  const steps = bars("Time per step, the middle of all", duration);
  const slow = bars("Time per step, the slowest tenth begins at", duration);
  const spark = sparkline("Trades that ended");
  const words = h("p", { class: "muted" });
  const node = h(
    "details",
    { class: "card plots" },
    h("summary", {}, h("h2", {}, "Plots")),
    h(
      "div",
      { class: "plots-grid card-body" },
      rates.node,
      h("div", { class: "stack" }, steps.node, slow.node),
      h(
        "figure",
        { class: "chart" },
        h("figcaption", { class: "chart-name" }, "Trades that ended, over time"),
        spark.node,
        words,
      ),
    ),
  );
  const load = coalesced(
    async () => {
      if (!node.open) return;
      const [trades, events] = await Promise.all([
        get(
          `/api/batches/${id}/trades`,
          { limit: POINTS, status: ["completed", "booked", "booking", "in_doubt"] },
          signal,
        ),
        readEvents(id, signal),
      ]);
      showRates(trades.items);
      showSteps(events);
      showPace(events);
    },
    300,
    signal,
    (error) => {
      if (!isAbort(error)) complain(error);
    },
  );

  function showRates(trades) {
    const quoted = trades.filter(
      (trade) => trade.quote_rate !== null && trade.client_rate !== null,
    );
    rates.show(
      quoted.map((trade) => ({
        x: coordinate(trade.quote_rate),
        y: coordinate(trade.client_rate),
        state: trade.status,
        title: `Row ${trade.row}, ${trade.client_name}: quote ${trade.quote_rate}, client ${trade.client_rate}, margin ${trade.margin_pips} pips`,
      })),
      `${count(quoted.length, "trade")}; above the line the desk earns on a buy`,
    );
  }

  function showSteps(events) {
    const at = new Map();
    const spans = new Map(STEPS.map(([, , name]) => [name, []]));
    for (const event of events) {
      if (!event.trade_id || !event.data.to) continue;
      const moment = Date.parse(event.at);
      const last = at.get(event.trade_id);
      const step = STEPS.find(([from, to]) => from === last?.state && to === event.data.to);
      if (step) spans.get(step[2]).push(moment - last.moment);
      at.set(event.trade_id, { state: event.data.to, moment });
    }
    const quantile = (share) =>
      STEPS.map(([, to, name]) => {
        const sorted = spans.get(name).sort((a, b) => a - b);
        return {
          label: name,
          value: sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0,
          state: to,
        };
      }).filter(({ label }) => label !== "Waiting" || spans.get("Waiting").length);
    steps.show(quantile(0.5));
    slow.show(quantile(0.9));
  }

  function showPace(events) {
    const ends = events
      .filter((event) => ["completed", "failed"].includes(event.data.to) && event.trade_id)
      .map((event) => Date.parse(event.at));
    if (!ends.length) {
      setText(
        words,
        `No trade has ended yet; ${tradeLabel("completed").toLowerCase()} and failed ones are counted.`,
      );
      spark.show([0, 0], "none");
      return;
    }
    const from = Math.min(...ends),
      span = Math.max(1000, Math.max(...ends) - from);
    const buckets = Array(BUCKETS).fill(0);
    for (const end of ends)
      buckets[Math.min(BUCKETS - 1, Math.floor(((end - from) / span) * BUCKETS))] += 1;
    const perMinute = Math.round((ends.length * 60_000) / span);
    setText(
      words,
      `${count(ends.length, "trade")} in ${duration(span)}, about ${perMinute} a minute, from ${timeWords(new Date(from).toISOString())}`,
    );
    spark.show(buckets, words.textContent);
  }

  let isLive = false;
  node.addEventListener("toggle", load);
  const timer = setInterval(() => {
    if (!document.hidden && isLive) load();
  }, READ_AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return {
    node,
    show(batch) {
      isLive = batch.status === "running";
    },
    load,
  };
}

async function readEvents(id, signal) {
  const events = [];
  let cursor = null;
  for (let page = 0; page < EVENT_PAGES; page += 1) {
    const found = await get(`/api/batches/${id}/events`, { limit: EVENTS, cursor }, signal);
    events.push(...found.items);
    cursor = found.next_cursor;
    if (cursor === null) break;
  }
  return events;
}
