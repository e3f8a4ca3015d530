// Keys of the keyboard. A page declares its own, and `?` shows all that hold now.
//
//   keys.add([["p", "Pause the batch", () => …], ["g d", "Go to the desk", …]], signal)
//
// Two keys one after the other are written with a space between. Nothing is taken while somebody writes,
// or while a dialog is open.

import { h } from "./dom.js";
import { openPanel } from "./dialog.js";

const SECOND_KEY_MS = 1_200;

class Keys {
  #groups = new Set();
  #first = null;
  #timer = null;

  constructor() {
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  /** @param title of the group on the sheet. */
  add(keys, signal, title = "On this page") {
    const group = { title, keys };
    this.#groups.add(group);
    signal?.addEventListener("abort", () => this.#groups.delete(group));
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const pressed = this.#first ? `${this.#first} ${event.key}` : event.key;
    const all = [...this.#groups].reverse().flatMap((group) => group.keys);
    const found = all.find(([key]) => key === pressed);
    const isFirst = !found && all.some(([key]) => key.startsWith(`${pressed} `));
    clearTimeout(this.#timer);
    this.#first = isFirst ? pressed : null;
    if (isFirst)
      this.#timer = setTimeout(() => {
        this.#first = null;
      }, SECOND_KEY_MS);
    if (found) {
      event.preventDefault();
      found[2](event);
    }
  }

  showSheet() {
    const panel = openPanel({ title: "Keys" });
    for (const { title, keys } of this.#groups) {
      if (!keys.length) continue;
      panel.add(
        h("h3", {}, title),
        h(
          "dl",
          { class: "keys" },
          keys.map(([key, words]) =>
            h(
              "div",
              {},
              h(
                "dt",
                {},
                key.split(" ").map((one) => h("kbd", {}, one)),
              ),
              h("dd", {}, words),
            ),
          ),
        ),
      );
    }
  }
}

export const keys = new Keys();
