// One batch: how far it is, its sums and terms, its failures, its plots, and all its trades.

import { get, isAbort } from "../api.js";
import { editTerms, openLog, validate } from "../batch-edit.js";
import { errorsCard } from "../batch-errors.js";
import { plots } from "../batch-plots.js";
import { tradesCard } from "../batch-trades.js";
import { notes, progressCard, sumsCard, termsCard, timelineCard } from "../batch-summary.js";
import { coalesced, h, replace, setText } from "../dom.js";
import { keys } from "../keys.js";
import { live } from "../live.js";
import { buttons, ordersFor } from "../orders.js";
import { go, query, setQuery, setTitle } from "../router.js";
import { can } from "../session.js";
import { openTrade } from "../trade.js";
import { isFinal, percent, setChip } from "../words.js";

const READ_AGAIN_MS = 350;

export const title = "Batch";

export async function show(main, { params: { id }, signal }) {
  let batch = null;
  let offered = "";
  let noted = "";
  let filters = { status: [], code: null, ...query(["status"]) };
  const name = h("h1", {}, "…");
  const state = h("span", { class: "chip" });
  const tools = h("div", { class: "page-actions" });
  const said = h("div", { class: "stack" });
  const progress = progressCard(
    (status) =>
      filter({
        status: filters.status.includes(status)
          ? filters.status.filter((one) => one !== status)
          : [...filters.status, status],
      }),
    id,
    signal,
  );
  const sums = sumsCard(),
    terms = termsCard();
  const timeline = timelineCard(() => openLog(batch));
  const errors = errorsCard(
    id,
    { choose: (code) => filter({ code, status: [] }), changed: took },
    signal,
  );
  const drawn = plots(id, signal);
  const trades = tradesCard(id, { filter, took, now: () => ({ batch, filters }) }, signal);
  main.append(
    h("div", { class: "page-head" }, name, state, tools),
    h(
      "div",
      { class: "stack" },
      said,
      progress.node,
      h("div", { class: "batch-grid" }, timeline.node, sums.node, terms.node),
      errors.node,
      drawn.node,
      trades.node,
    ),
  );

  const read = coalesced(
    async () => took(await get(`/api/batches/${id}`, {}, signal)),
    READ_AGAIN_MS,
    signal,
    failed,
  );
  try {
    took(await get(`/api/batches/${id}`, {}, signal));
  } catch (error) {
    failed(error);
    return;
  }
  trades.reset();
  if (filters.trade) openTrade(filters.trade);

  live.on((event) => {
    if (event.batch_id !== id) return;
    if (event.type === "batch.progress") {
      if (event.data.version >= batch.version) showBatch({ ...batch, ...event.data, id });
      if (isFinal(event.data.status) !== isFinal(batch.status)) read();
      return;
    }
    if (event.trade_id !== null) trades.changed(event);
    // Sums change with the trades, and come with the batch.
    read();
  }, signal);
  live.onReset((isFirst) => {
    read();
    if (!isFirst) trades.table.refresh();
  }, signal);
  keys.add(
    [
      ["t", "Into the trades; then ↑ ↓ and Enter", () => trades.table.focus()],
      ["l", "The whole log", () => openLog(batch)],
      [
        "e",
        "Change its terms",
        () => {
          if (can("dealer")) editTerms(batch, took);
        },
      ],
      [
        "v",
        "Validate",
        () => {
          if (can("dealer") && !isFinal(batch.status)) validate(batch);
        },
      ],
      ...["s", "p", "r", "a", "x"].map((key) => [
        key,
        {
          s: "Start",
          p: "Pause or resume",
          r: "Retry what failed",
          a: "Accept the outcome",
          x: "Cancel",
        }[key],
        () =>
          ordersNow()
            .find((order) => order.key === key)
            ?.run(),
      ]),
    ],
    signal,
    "On a batch",
  );

  function failed(error) {
    if (isAbort(error)) return;
    if (error.status === 404)
      replace(
        main,
        h(
          "div",
          { class: "empty" },
          h("h1", {}, "There is no such batch"),
          h("p", {}, "It may have been deleted."),
          h("a", { class: "button", href: "/blotter?view=batches" }, "All batches"),
        ),
      );
    else replace(said, h("p", { class: "notice", data: { kind: "bad" } }, error.message));
  }

  function ordersNow() {
    return ordersFor(batch, { done: took, opened: (made) => go(made ? `/batches/${made}` : "/") });
  }

  function took(told) {
    if (batch && told.version < batch.version) return;
    showBatch({
      trades_per_second: batch?.trades_per_second,
      eta_seconds: batch?.eta_seconds,
      ...told,
    });
  }

  function showBatch(now) {
    const before = batch;
    batch = now;
    setText(name, now.name);
    setTitle(isFinal(now.status) ? now.name : `${percent(now.progress)} ${now.name}`);
    setChip(state, now.status);
    progress.show(now, filters.status);
    sums.show(now);
    terms.show(now);
    timeline.show(now);
    errors.show(now);
    drawn.show(now);
    trades.show(now);
    const key = JSON.stringify([
      now.needs_decision,
      now.rejected_note,
      now.accepted_note,
      now.cancel_requested_at,
      now.completed_at,
    ]);
    if (key !== noted) {
      noted = key;
      replace(said, notes(now));
    }
    const orders = ordersNow();
    const names = orders.map((order) => order.name).join() + isFinal(now.status);
    if (names !== offered) {
      offered = names;
      const own = can("dealer")
        ? [
            isFinal(now.status)
              ? null
              : h(
                  "button",
                  {
                    type: "button",
                    class: "button",
                    data: { order: "validate" },
                    on: { click: () => validate(batch) },
                  },
                  "Validate",
                ),
            h(
              "button",
              {
                type: "button",
                class: "button",
                data: { order: "edit" },
                on: { click: () => editTerms(batch, took) },
              },
              "Change…",
            ),
          ]
        : [];
      const late = orders.map((order) => ({
        ...order,
        run: () =>
          ordersNow()
            .find((one) => one.name === order.name)
            ?.run(),
      }));
      replace(tools, buttons(late), own);
    }
    if (before && !isFinal(before.status) && isFinal(now.status)) {
      drawn.load();
      trades.table.refresh();
    }
  }

  function filter(changes) {
    filters = { ...filters, ...changes };
    setQuery({ status: filters.status, code: filters.code });
    progress.show(batch, filters.status);
    trades.reset();
  }
}
