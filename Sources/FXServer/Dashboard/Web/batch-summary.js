// The head of a batch's page: how far it is, what it waits for, its terms, its sums, and its way so far.

import { get, isAbort } from "./api.js";
import { h, replace, setText } from "./dom.js";
import { grouped } from "./money.js";
import { legend, progressBar } from "./progress.js";
import { bothTimes, duration, moment } from "./time.js";
import { label, percent, reasons } from "./words.js";

// What the engine waits for changes without an event.
const WAIT_LOOK_MS = 5_000;

/** @param choose called with a state whose trades are wanted. */
export function progressCard(choose, id, signal) {
  const bar = progressBar();
  bar.node.classList.add("is-large");
  const figure = h("b", { class: "progress-figure num" });
  const pace = h("span", { class: "muted" });
  const waits = h("p", { class: "notice", data: { kind: "warn" }, hidden: true });
  const states = legend(choose);
  const said = h("p", { class: "sr", role: "status" });
  let saidAt = 0;
  let batch = null;
  const look = async () => {
    if (batch?.status !== "running" || document.hidden) return;
    const { waits_for } = await get(`/api/batches/${id}/progress`, {}, signal);
    waits.hidden = !waits_for;
    setText(waits, waits_for ? `The engine waits: ${waits_for}` : "");
  };
  const timer = setInterval(
    () =>
      look().catch((error) => {
        if (!isAbort(error)) waits.hidden = true;
      }),
    WAIT_LOOK_MS,
  );
  signal.addEventListener("abort", () => clearInterval(timer));
  return {
    node: h(
      "section",
      { class: "card card-body stack", "aria-label": "Progress" },
      h("div", { class: "progress-head" }, figure, pace),
      bar.node,
      states.node,
      waits,
      said,
    ),
    show(now, chosen) {
      batch = now;
      const { counts } = now;
      const ended = counts.completed + counts.failed + counts.cancelled;
      setText(figure, percent(now.progress));
      setText(
        pace,
        [
          `${grouped(String(ended))} of ${grouped(String(counts.total))} ended`,
          now.trades_per_second ? `${now.trades_per_second.toFixed(1)} a second` : null,
          now.eta_seconds !== null && now.eta_seconds !== undefined
            ? `about ${duration(now.eta_seconds * 1000)} left`
            : null,
        ]
          .filter(Boolean)
          .join(" · "),
      );
      bar.show(counts);
      states.show(counts, chosen);
      if (now.status !== "running") waits.hidden = true;
      // Read out, but not more often than anybody can listen.
      if (Date.now() - saidAt > 15_000 || ended === counts.total) {
        saidAt = Date.now();
        setText(
          said,
          `${label(now.status)}, ${ended} of ${counts.total} trades ended, ${counts.failed} failed`,
        );
      }
    },
  };
}

/** What a batch waits for a person for, and what people said about it. */
export function notes(batch) {
  const lines = [];
  if (batch.needs_decision.length)
    lines.push(["warn", h("b", {}, `Waits for a decision: ${reasons(batch)}. `)]);
  if (batch.rejected_note)
    lines.push(["bad", `${batch.rejected_by} refused the approval: ${batch.rejected_note}`]);
  if (batch.accepted_note)
    lines.push(["info", `${batch.accepted_by} accepted the outcome: ${batch.accepted_note}`]);
  if (batch.cancel_requested_at && !batch.completed_at)
    lines.push(["warn", "It is being cancelled: what was sent runs to its end."]);
  return lines.map(([kind, words]) => h("p", { class: "notice", data: { kind } }, words));
}

export function termsCard() {
  const list = h("dl", { class: "facts card-body" });
  const node = h(
    "section",
    { class: "card", "aria-label": "Terms" },
    h("div", { class: "card-head" }, h("h2", {}, "Terms")),
    list,
  );
  let shown = "";
  return {
    node,
    show(batch) {
      const { policy } = batch;
      const tolerated = [
        policy.tolerated_failures === null ? null : String(policy.tolerated_failures),
        policy.tolerated_failure_percent === null ? null : `${policy.tolerated_failure_percent} %`,
      ].filter(Boolean);
      const rows = [
        ["Pricing", label(batch.pricing)],
        ["Priority", `${batch.priority}, place ${batch.queue_position}`],
        ["At once", `${batch.current_concurrent_trades} of at most ${batch.max_concurrent_trades}`],
        [
          "On a failure",
          label(policy.on_failure) + (tolerated.length ? `, beyond ${tolerated.join(" or ")}` : ""),
        ],
        ["Attempts", `at most ${policy.max_attempts}`],
        ["Least margin", `${policy.min_margin_pips} pips`],
        [
          "Approval",
          policy.approval === "required"
            ? batch.approved_by
              ? `by ${batch.approved_by}`
              : "required"
            : "none",
        ],
        ["Submitted by", batch.created_by],
        ["Held by", batch.lock?.locked_by ?? "nobody"],
        ["Told to", (batch.callbacks ?? []).map(({ url }) => url).join(", ") || "nobody"],
        ["Id", batch.id],
      ];
      const now = JSON.stringify(rows);
      if (now === shown) return;
      shown = now;
      replace(
        list,
        rows.map(([name, value]) => [
          h("dt", {}, name),
          h("dd", { class: name === "Id" ? "mono" : null }, value),
        ]),
      );
    },
  };
}

const SUMS = [
  ["Requested", "requested"],
  ["Dealt", "dealt"],
  ["Countered", "countered"],
  ["Margin", null],
  ["Rounding", "rounding_difference"],
];

export function sumsCard() {
  const box = h("div", {
    class: "scroll",
    tabindex: "0",
    role: "region",
    "aria-label": "Amounts, scrolls",
  });
  let shown = "";
  return {
    node: h(
      "section",
      { class: "card", "aria-label": "Amounts and margin" },
      h("div", { class: "card-head" }, h("h2", {}, "Amounts and margin")),
      box,
    ),
    show(batch) {
      const of = (key) => (key ? batch.amounts[key] : batch.margin);
      const currencies = [...new Set(SUMS.flatMap(([, key]) => Object.keys(of(key))))].sort();
      const now = JSON.stringify([batch.amounts, batch.margin]);
      if (now === shown) return;
      shown = now;
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
              h("th", { scope: "col" }, "Sum of"),
              currencies.map((one) => h("th", { scope: "col", class: "num" }, one)),
            ),
          ),
          h(
            "tbody",
            {},
            SUMS.map(([name, key]) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, name),
                currencies.map((one) => h("td", { class: "num" }, grouped(of(key)[one]) || "–")),
              ),
            ),
          ),
        ),
      );
    },
  };
}

/** The way of a batch from its creation, with the time between two steps. */
export function timelineCard(openLog) {
  const list = h("ol", { class: "timeline" });
  let batch = null;
  const show = () => {
    if (!batch) return;
    const steps = [
      ["Created", batch.created_at, batch.created_by],
      batch.approved_at ? ["Approved", batch.approved_at, batch.approved_by] : null,
      [
        "Queued",
        batch.queued_at,
        batch.last_decision?.what === "started" ? batch.last_decision.by : null,
      ],
      ["Running", batch.started_at],
      batch.cancel_requested_at ? ["Cancel", batch.cancel_requested_at] : null,
      batch.last_decision && !["started", "approved"].includes(batch.last_decision.what)
        ? [label(batch.last_decision.what), batch.last_decision.at, batch.last_decision.by]
        : null,
      [batch.completed_at ? label(batch.status) : "Ends", batch.completed_at],
    ].filter(Boolean);
    const done = steps.filter(([, at]) => at).sort((a, b) => a[1].localeCompare(b[1]));
    const open = steps.filter(([, at]) => !at);
    replace(
      list,
      [...done, ...open].map(([name, at, by], place) => {
        const before = done[place - 1]?.[1];
        const gap = at && before ? duration(new Date(at) - new Date(before)) : null;
        return h(
          "li",
          { class: at ? "is-done" : "", title: at ? bothTimes(at) : null },
          h("b", {}, name),
          at ? moment(at) : h("span", { class: "muted" }, "not yet"),
          h(
            "span",
            { class: "muted" },
            [by ? `by ${by}` : null, gap ? `after ${gap}` : null].filter(Boolean).join(", "),
          ),
        );
      }),
    );
  };
  return {
    node: h(
      "section",
      { class: "card", "aria-label": "Timeline" },
      h(
        "div",
        { class: "card-head" },
        h("h2", {}, "Timeline"),
        h(
          "button",
          { type: "button", class: "button is-quiet", on: { click: openLog } },
          "The whole log…",
        ),
      ),
      list,
    ),
    show(now) {
      const changed =
        !batch || batch.version !== now.version || batch.completed_at !== now.completed_at;
      batch = now;
      if (changed) show();
    },
  };
}
