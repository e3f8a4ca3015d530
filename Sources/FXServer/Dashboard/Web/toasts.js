// Short messages at the edge of the page. They are read out, stay while the pointer or the focus is on
// them, and bad news stays until it is closed.
//
//   toast("Saved")   toast("It failed: …", { kind: "bad" })   toast("Batch x is done", { kind: "good", link })

import { h } from "./dom.js";
import { icon } from "./words.js";

const SHOWN_MS = 6_000;
const MOST = 5;
let box = null;

export function toast(text, { kind = "info", link } = {}) {
  box ??= document.body.appendChild(
    h("div", { class: "toasts", role: "region", "aria-label": "Messages", "aria-live": "polite" }),
  );
  const leave = h(
    "button",
    {
      type: "button",
      class: "button is-quiet",
      "aria-label": "Close this message",
      on: { click: () => node.remove() },
    },
    icon("close"),
  );
  const node = h(
    "div",
    { class: "toast", data: { kind } },
    icon(kind === "bad" ? "warning" : kind === "good" ? "success" : "bell"),
    link ? h("a", { href: link }, text) : h("span", {}, text),
    leave,
  );
  box.append(node);
  while (box.children.length > MOST) box.firstElementChild.remove();
  if (kind === "bad") return;
  const fade = () => {
    if (node.matches(":hover, :focus-within")) setTimeout(fade, SHOWN_MS);
    else node.remove();
  };
  setTimeout(fade, SHOWN_MS);
}

/** For the `catch` of what a person has asked for. */
export function complain(error) {
  if (error?.name !== "AbortError") toast(error.message, { kind: "bad" });
}
