// The desk's own rates: each with its age and a field that sets it anew. A jump asks for a confirmation.

import { get, put } from "./api.js";
import { coalesced, h, newID, reconcile, setText } from "./dom.js";
import { ask, confirm } from "./dialog.js";
import { live } from "./live.js";
import { can } from "./session.js";
import { ago, bothTimes, everySecond } from "./time.js";
import { complain, toast } from "./toasts.js";

const OLD_MS = 12 * 3_600_000;
// Rates leave no event in the log.
const LOOK_EVERY_MS = 20_000;

export function ratesList(signal) {
  const list = h("ul", { class: "rates" });
  const empty = h(
    "p",
    { class: "empty", hidden: true },
    "No rate is set yet. Batches priced by the desk's rate need one.",
  );
  const adding = can("dealer")
    ? h(
        "button",
        { type: "button", class: "button is-quiet", on: { click: () => addPair().then(load) } },
        "Add a pair…",
      )
    : null;
  const load = coalesced(
    async () => {
      const { items } = await get("/api/otc-rates", {}, signal);
      empty.hidden = items.length > 0;
      reconcile(
        list,
        items,
        ({ pair }) => pair,
        (rate) => row(rate, load),
        (node, rate) => node.show(rate),
      );
    },
    50,
    signal,
    complain,
  );
  live.onReset(load, signal);
  const timer = setInterval(() => {
    if (live.state === "live") load();
  }, LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  everySecond(() => {
    for (const node of list.children) node.age();
  }, signal);
  load();
  return h("div", { class: "stack" }, list, empty, adding);
}

function row(first, changed) {
  let rate = first;
  const id = newID("rate");
  const value = h("b", { class: "rate-value num" });
  const age = h("span", { class: "muted rate-age" });
  const input = h("input", {
    id,
    inputmode: "decimal",
    autocomplete: "off",
    "aria-label": `New rate of ${first.pair}`,
    placeholder: first.rate,
  });
  const form = h(
    "form",
    { class: "rate-form" },
    input,
    h("button", { type: "submit", class: "button" }, "Set"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    set(rate.pair, input.value.trim(), rate.rate).then((isSet) => {
      if (isSet) input.value = "";
      changed();
    }, complain);
  });
  const node = h(
    "li",
    {},
    h("span", { class: "rate-pair" }, first.pair),
    value,
    age,
    can("dealer") ? form : null,
  );
  node.show = (now) => {
    rate = now;
    setText(value, now.rate);
    input.placeholder = now.rate;
    node.age();
  };
  node.age = () => {
    const isOld = Date.now() - new Date(rate.set_at) > OLD_MS;
    setText(age, `${ago(rate.set_at)} old${isOld ? " ⚠" : ""}, by ${rate.set_by}`);
    age.title = bothTimes(rate.set_at);
    age.classList.toggle("is-old", isOld);
  };
  return node;
}

/** @returns whether it was set; a person may think better of a jump. */
async function set(pair, rate, before) {
  const path = `/api/otc-rates/${pair.replace("/", "-")}`;
  try {
    await put(path, { rate });
  } catch (error) {
    if (error.code !== "rate_jump") throw error;
    const agreed = await confirm({
      title: `Set ${pair} to ${rate}?`,
      text: `It is ${before} now. ${error.message}`,
      action: "Set it all the same",
      isDangerous: true,
      act: () => put(path, { rate, confirm: true }),
    });
    if (!agreed) return false;
  }
  toast(`${pair} is ${rate} from now on.`, { kind: "good" });
  return true;
}

function addPair() {
  return ask({
    title: "A rate for another pair",
    action: "Set",
    fields: [
      {
        name: "pair",
        label: "Pair",
        required: true,
        pattern: "[A-Za-z]{3}/[A-Za-z]{3}",
        hint: "Such as EUR/ZAR: base and quote currency.",
      },
      { name: "rate", label: "Rate", required: true, inputmode: "decimal" },
    ],
    submit: ({ pair, rate }) =>
      put(`/api/otc-rates/${pair.toUpperCase().replace("/", "-")}`, { rate }),
  });
}
