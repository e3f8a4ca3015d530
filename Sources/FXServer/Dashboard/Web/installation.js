// How the server stands: its checks, the kill switch with the nodes that have confirmed it, who holds
// batches, and its own figures. What it was configured with is on its machine, not here.

import { get, getText, post } from "./api.js";
import { book } from "./book.js";
import { coalesced, h, replace } from "./dom.js";
import { confirm } from "./dialog.js";
import { engage, release } from "./killswitch.js";
import { live } from "./live.js";
import { me, can } from "./session.js";
import { button, card, facts, smallTable } from "./tabs.js";
import { duration, moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { count, label } from "./words.js";

const LOOK_EVERY_MS = 10_000;
const MOST_LOCKS = 200;

export function installation(signal) {
  const health = h("div", { class: "card-body stack", role: "status" });
  const figures = h("div", { class: "card-body stack" });
  const locks = h("div", {});
  const look = coalesced(
    async () => {
      const [checks, text, held] = await Promise.all([
        readiness(signal),
        getText("/metrics", signal),
        get("/api/batches/locked", { limit: MOST_LOCKS }, signal),
      ]);
      replace(health, healthNodes(checks));
      replace(figures, figureNodes(readFigures(text)));
      replace(locks, lockNodes(held.items, look));
    },
    50,
    signal,
    complain,
  );
  const timer = setInterval(() => {
    if (!document.hidden && live.state === "live") look();
  }, LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  look();
  return {
    content: [
      h(
        "div",
        { class: "batch-grid" },
        card("This server", health),
        card("Kill switch", killSwitch(signal)),
        card("You", person()),
      ),
      card("Batches that are held", locks),
      card("Figures of this server", figures),
    ],
  };
}

/** A server that is not ready says so with 503, and with the same body. */
async function readiness(signal) {
  try {
    return await get("/health/ready", {}, signal);
  } catch (error) {
    if (error.status !== 503) throw error;
    return error.problem;
  }
}

function healthNodes({ status, checks }) {
  const isReady = status === "ready";
  return [
    h(
      "p",
      { class: "notice", data: { kind: isReady ? "info" : "bad" } },
      isReady ? "It is ready: it takes calls and runs batches." : "It is not ready for work.",
    ),
    facts([
      ...Object.entries(checks ?? {}).map(([name, words]) => [label(name), words]),
      ["Environment", document.documentElement.dataset.environment.toUpperCase()],
      ["Address", location.origin],
      ["Live updates by", live.way],
    ]),
    h(
      "p",
      { class: "row" },
      h("a", { href: "/api/docs", target: "_blank" }, "The API’s documentation"),
      h("a", { href: "/api/openapi.yaml", target: "_blank" }, "OpenAPI"),
      h("a", { href: "/metrics", target: "_blank" }, "Metrics"),
    ),
  ];
}

function person() {
  return h(
    "div",
    { class: "card-body stack" },
    facts([
      ["Name", me.person],
      ["Role", label(me.role)],
      ["Token", h("span", { class: "mono" }, me.token_id ?? "")],
    ]),
    h("p", { class: "muted" }, "Theme and sound are in the menu at your name."),
  );
}

function killSwitch(signal) {
  const box = h("div", { class: "card-body stack" });
  let shown = "";
  const show = () => {
    const state = book.killSwitch;
    if (!state || shown === JSON.stringify(state)) return;
    shown = JSON.stringify(state);
    replace(
      box,
      h(
        "p",
        { class: "notice", data: { kind: state.engaged ? "bad" : "info" } },
        state.engaged
          ? "It is engaged: no booking leaves any node."
          : "It is released: batches book as they are started.",
      ),
      facts([
        ["Reason", state.reason],
        ["Engaged by", state.engaged_by],
        ["Engaged", state.engaged_at ? moment(state.engaged_at) : null],
        ["Nodes that have confirmed", state.confirmed_by.join(", ")],
        ["Nodes that are silent", state.silent.join(", ")],
      ]),
      state.engaged
        ? can("admin")
          ? button("Release…", () => release())
          : null
        : can("dealer")
          ? button("Stop all booking…", () => engage(), "is-bad")
          : null,
    );
  };
  book.onChange(show, signal);
  show();
  return box;
}

function lockNodes(batches, changed) {
  if (!batches.length) {
    return h("p", { class: "empty" }, "No node holds a batch. One does while it runs it.");
  }
  const isOver = (batch) => new Date(batch.lock.expires_at) < Date.now();
  const expired = batches.filter(isOver).length;
  return [
    smallTable(
      "Batches that are held",
      ["Batch", "Held by", "Since", "Until", "Generation"],
      batches.map((batch) => [
        h("a", { href: `/batches/${batch.id}` }, batch.name),
        batch.lock.locked_by,
        moment(batch.lock.locked_at),
        h(
          "span",
          {},
          moment(batch.lock.expires_at),
          isOver(batch) ? h("b", {}, " · has expired") : null,
        ),
        String(batch.lock.generation),
      ]),
    ),
    can("admin")
      ? h(
          "div",
          { class: "card-body" },
          button(`Release expired locks${expired ? ` (${expired})` : ""}…`, () => cleanUp(changed)),
        )
      : null,
  ];
}

function cleanUp(changed) {
  return confirm({
    title: "Release expired locks?",
    text: "Only those whose time is over: their batches are taken up by the next node that is free. A node that still runs one is refused every write from then on.",
    action: "Release",
    act: async () => {
      const told = await post("/api/batches/cleanup-locks");
      toast(`${count(told.released, "lock")} released.`, { kind: "good" });
      changed();
    },
  });
}

// MARK: Figures

/** Samples of Prometheus' text format, without histograms; each with its family's meaning. */
function readFigures(text) {
  const meanings = new Map();
  const samples = [];
  for (const line of text.split("\n")) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    if (help) meanings.set(help[1], help[2]);
    const sample = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample || !meanings.has(sample[1])) continue;
    const labels = Object.fromEntries(
      [...(sample[2] ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    samples.push({ name: sample[1], meaning: meanings.get(sample[1]), labels, value: sample[3] });
  }
  return samples;
}

function figureNodes(samples) {
  const plain = samples.filter(({ labels }) => Object.keys(labels).length === 0);
  const calls = samples.filter(({ name }) => name === "fxbatch_bank_calls_total");
  const byCall = Map.groupBy(calls, ({ labels }) => labels.call);
  return [
    h("h3", {}, "Calls to the bank since it began"),
    byCall.size
      ? smallTable(
          "Calls to the bank",
          ["Call", "Answered", "What else came of them"],
          [...byCall].map(([call, outcomes]) => [
            label(call),
            outcomes.find(({ labels }) => labels.outcome === "success")?.value ?? "0",
            outcomes
              .filter(({ labels }) => labels.outcome !== "success")
              .map(({ labels, value }) => `${label(labels.outcome)}: ${value}`)
              .join(", ") || "–",
          ]),
        )
      : h("p", { class: "muted" }, "None yet."),
    h(
      "details",
      {},
      h("summary", {}, "All figures"),
      smallTable(
        "All figures",
        ["What", "Value"],
        plain.map(({ name, meaning, value }) => [meaning, figure(name, value)]),
      ),
    ),
  ];
}

function figure(name, value) {
  const number = Number(value);
  if (name.endsWith("_seconds") && Number.isFinite(number))
    return number > 1e9 ? moment(new Date(number * 1000).toISOString()) : duration(number * 1000);
  return value;
}
