// A new batch: a CSV file or typed trades, how they are to be run, and a preview of every row before
// anything is stored.

import { isAbort, newKey, postCSV } from "../api.js";
import { coalesced, h, replace, setText } from "../dom.js";
import { field, showOnce, valuesOf } from "../dialog.js";
import { keys } from "../keys.js";
import { previewCard, totalsCard } from "../preview.js";
import { go } from "../router.js";
import { can } from "../session.js";
import { complain, toast } from "../toasts.js";
import { tradeFile, tradeForm } from "../tradeform.js";
import { icon } from "../words.js";

const PREVIEW_AFTER_MS = 350;
// What one request may hold, as the server is configured at first.
const MOST_BYTES = 64 * 2 ** 20;
const NOTHING =
  "Drop a CSV file above, or type trades. Every row is shown here with what is wrong with it; nothing is stored before you say so.";

export const title = "New batch";

export function show(main, { signal }) {
  if (!can("dealer")) {
    main.append(
      h(
        "div",
        { class: "empty" },
        h("h1", {}, "New batch"),
        h("p", {}, "This takes the role of a dealer."),
      ),
    );
    return;
  }
  // What is shown, and what is sent: a file goes out byte by byte as it is.
  let text = null;
  let body = null;
  let requestKeys = {};
  let asked = 0;
  const preview = previewCard();
  const totals = totalsCard(offer);
  const options = optionsForm();
  const wrong = h("p", { class: "form-error", role: "alert" });
  const stage = h(
    "button",
    { type: "button", class: "button", disabled: true, on: { click: () => store(false) } },
    "Stage",
  );
  const start = h(
    "button",
    {
      type: "button",
      class: "button is-primary",
      disabled: true,
      on: { click: () => store(true) },
    },
    "Stage and start",
  );
  let isValid = false;
  preview.clear(NOTHING);
  totals.show(null);
  main.append(
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "New batch"),
      h("div", { class: "page-actions" }, stage, start),
    ),
    wrong,
    h(
      "div",
      { class: "stack" },
      h("div", { class: "new-grid" }, source(take, signal), options, totals.node),
      preview.node,
    ),
  );
  keys.add(
    [
      ["s", "Stage", () => stage.click()],
      ["o", "Choose a file", () => main.querySelector("input[type=file]").click()],
    ],
    signal,
    "On a new batch",
  );

  const look = coalesced(
    async () => {
      if (text === null) return;
      const mine = ++asked;
      const sent = text;
      try {
        const told = await postCSV("/api/batches/preview", body, runOptions(options), {
          key: null,
          signal,
        });
        if (mine !== asked || text !== sent) return;
        setText(wrong, "");
        isValid = told.is_valid;
        preview.show(sent, told);
        totals.show(told);
      } catch (error) {
        if (isAbort(error)) return;
        isValid = false;
        setText(wrong, error.message);
      }
      offer();
    },
    PREVIEW_AFTER_MS,
    signal,
    complain,
  );

  options.addEventListener("input", () => {
    requestKeys = {};
    offer();
    look();
  });
  options.addEventListener("submit", (event) => event.preventDefault());

  function take(newText, name, bytes = newText) {
    text = newText;
    body = bytes;
    requestKeys = {};
    isValid = false;
    offer();
    if (name) {
      const input = options.elements.name;
      if (!input.value) input.value = name.replace(/\.csv$/i, "").slice(0, 200);
    }
    if (text === null) {
      asked += 1;
      preview.clear(NOTHING);
      totals.show(null);
    } else {
      look();
    }
  }

  function offer() {
    const isReady = isValid && totals.holds && options.checkValidity();
    stage.disabled = !isReady;
    start.disabled = !isReady || options.elements.approval.value === "required";
  }

  async function store(starts) {
    stage.disabled = start.disabled = true;
    setText(wrong, "");
    try {
      const { callback } = valuesOf(options);
      const query = { ...runOptions(options), callback, start: starts ? "true" : "false" };
      // A second try of the same, after an answer that was lost, takes nothing in twice.
      requestKeys[starts] ??= newKey();
      const batch = await postCSV("/api/batches", body, query, {
        key: requestKeys[starts],
        signal,
      });
      const secret = batch.callbacks?.find((one) => one.secret)?.secret;
      if (secret) {
        await showOnce({
          title: "The callback's secret",
          text: "Its messages are signed with it. It is shown this once.",
          secret,
        });
      }
      toast(`${batch.name} is ${batch.status === "staged" ? "staged" : "in the queue"}.`, {
        kind: "good",
      });
      go(`/batches/${batch.id}`);
    } catch (error) {
      if (isAbort(error)) return;
      setText(wrong, error.message);
      preview.refused(error.errors);
      offer();
    }
  }
}

function runOptions(form) {
  const values = valuesOf(form);
  return {
    name: values.name,
    pricing: values.pricing,
    priority: values.priority,
    max_concurrent_trades: values.max_concurrent_trades,
    on_failure: values.on_failure,
    tolerated_failures: values.tolerated_failures,
    max_attempts: values.max_attempts,
    min_margin_pips: values.min_margin_pips,
    approval: values.approval,
    allow_duplicates: values.allow_duplicates ? "true" : null,
  };
}

function optionsForm() {
  const more = [
    {
      name: "on_failure",
      label: "On a failure",
      type: "select",
      value: "continue",
      options: [
        ["continue", "Continue"],
        ["pause", "Pause"],
        ["cancel", "Cancel the rest"],
      ],
    },
    {
      name: "tolerated_failures",
      label: "Tolerated failures",
      type: "number",
      min: 0,
      max: 300000,
      hint: "More pause the batch.",
    },
    {
      name: "max_attempts",
      label: "Attempts of a trade",
      type: "number",
      min: 1,
      max: 100,
      value: 3,
    },
    { name: "min_margin_pips", label: "Least margin, in pips", inputmode: "decimal", value: "0" },
    {
      name: "approval",
      label: "Approval by another person",
      type: "select",
      value: "none",
      options: [
        ["none", "As configured"],
        ["required", "Required"],
      ],
    },
    {
      name: "callback",
      label: "Tell this address how it ends",
      type: "url",
      maxlength: 2000,
      hint: "An https URL; its secret is shown once.",
    },
    { name: "allow_duplicates", label: "Repeated trades are wanted", type: "checkbox" },
  ];
  return h(
    "form",
    { class: "card", "aria-label": "How it is run" },
    h("div", { class: "card-head" }, h("h2", {}, "How it is run")),
    h(
      "div",
      { class: "card-body stack" },
      field({
        name: "name",
        label: "Name",
        maxlength: 200,
        placeholder: "the file's, or the time",
      }),
      h(
        "div",
        { class: "form-grid" },
        field({
          name: "pricing",
          label: "Priced by",
          type: "select",
          value: "bank",
          options: [
            ["bank", "The bank's rate"],
            ["otc", "The desk's OTC rate"],
            ["fixed", "The rates of the file"],
          ],
        }),
        field({
          name: "priority",
          label: "Priority",
          type: "number",
          min: 1,
          max: 10,
          value: 5,
          hint: "10 comes first.",
        }),
        field({
          name: "max_concurrent_trades",
          label: "Trades at once",
          type: "number",
          min: 1,
          max: 100,
          value: 5,
        }),
      ),
      h(
        "details",
        {},
        h("summary", {}, "Failures, margin, approval"),
        h("div", { class: "form-grid" }, more.map(field)),
      ),
    ),
  );
}

/** @param take called with the text of a file and its name, or null. */
function source(take, signal) {
  const pick = h("input", { type: "file", accept: ".csv,text/csv", class: "sr", id: "file" });
  const name = h("p", { class: "muted", role: "status" });
  const drop = h(
    "label",
    { class: "drop", for: "file" },
    icon("upload"),
    h("b", {}, "Drop a CSV file here, or choose one"),
    h(
      "span",
      { class: "muted" },
      "Client CIF and Amount ZAR (or Amount and Currency); optionally CurPair, Side, Deal Type, External Ref, Fix Rate?, Fixed Rate, Spread, Reference",
    ),
  );
  const typed = h("details", {}, h("summary", {}, "Or type trades"));
  const read = async (file) => {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      complain(new Error(`${file.name} is too large: ${MOST_BYTES >> 20} MB is the most.`));
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    setText(name, `${file.name}, ${Math.max(1, Math.round(file.size / 1024))} KB`);
    typed.open = false;
    take(new TextDecoder("utf-8").decode(bytes), file.name, bytes);
  };
  pick.addEventListener("change", () => {
    read(pick.files[0]).catch(complain);
    pick.value = "";
  });
  const over = (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  };
  drop.addEventListener("dragover", over);
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    read(event.dataTransfer.files[0]).catch(complain);
  });
  // A file that is dropped beside the field must not take the page away.
  addEventListener("dragover", (event) => event.preventDefault(), { signal });
  addEventListener("drop", (event) => event.preventDefault(), { signal });
  typed.addEventListener("toggle", () => {
    if (typed.open && typed.children.length === 1) {
      typed.append(
        tradeForm((trades) => {
          setText(name, trades === null ? "" : "Typed trades");
          take(trades === null ? null : tradeFile(trades), null);
        }, signal),
      );
    }
  });
  const reset = h(
    "button",
    {
      type: "button",
      class: "button is-quiet",
      on: {
        click: () => {
          setText(name, "");
          typed.open = false;
          replace(typed, h("summary", {}, "Or type trades"));
          take(null);
        },
      },
    },
    "Start anew",
  );
  return h(
    "section",
    { class: "card new-source", "aria-label": "Trades" },
    h("div", { class: "card-head" }, h("h2", {}, "Trades"), reset),
    h("div", { class: "card-body stack" }, pick, drop, name, typed),
  );
}
