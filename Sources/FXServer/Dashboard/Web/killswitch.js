// The switch that stops all booking: the strip that tells when it is engaged, and how it is changed.

import { put } from "./api.js";
import { book } from "./book.js";
import { h, replace } from "./dom.js";
import { confirm } from "./dialog.js";
import { can } from "./session.js";
import { moment } from "./time.js";
import { toast } from "./toasts.js";
import { icon } from "./words.js";

/** Over every page while it is engaged. */
export function killStrip(signal) {
  const strip = h("div", { class: "kill-strip", role: "alert", hidden: true });
  let shown = "";
  book.onChange(() => {
    const state = book.killSwitch;
    const now = JSON.stringify(state);
    if (!state || now === shown) return;
    shown = now;
    strip.hidden = !state.engaged;
    if (!state.engaged) return replace(strip);
    replace(
      strip,
      icon("warning"),
      h(
        "span",
        {},
        h("b", {}, "Kill switch engaged. "),
        `No booking leaves any node. ${state.reason ?? ""} (${state.engaged_by ?? "the system"}, `,
        moment(state.engaged_at),
        ")",
        state.silent.length ? ` Not confirmed yet by ${state.silent.join(", ")}.` : "",
        state.reconciliation_due
          ? " The store has lost events: the bank must be asked before it is released."
          : "",
      ),
      can("admin")
        ? h("button", { type: "button", class: "button", on: { click: release } }, "Release…")
        : null,
    );
  }, signal);
  return strip;
}

export function engage() {
  return confirm({
    title: "Engage the kill switch?",
    isDangerous: true,
    action: "Stop all booking",
    reason: "required",
    text: "No booking leaves any node from then on, until an admin releases it. What the bank has already is followed to its end.",
    act: (reason) => change(true, reason),
  });
}

export function release() {
  return confirm({
    title: "Release the kill switch?",
    action: "Let bookings go on",
    isDangerous: true,
    reason: "required",
    text: "Batches that are running go on at once.",
    act: (reason) => change(false, reason),
  });
}

async function change(engaged, reason) {
  const state = await put("/api/kill-switch", { engaged, reason });
  book.refresh();
  if (engaged && state.silent.length)
    toast(`Engaged, but these nodes have not confirmed: ${state.silent.join(", ")}`, {
      kind: "bad",
    });
  else
    toast(engaged ? "The kill switch is engaged on every node." : "The kill switch is released.", {
      kind: "good",
    });
}
