// A batch's trades as one bar, a segment for each state; its words are told to screen readers.
//
//   const bar = progressBar(); bar.show(counts); box.append(bar.node)
//   legend(counts)      the same as words with their colours

import { h, setAttribute, setText } from "./dom.js";
import { TRADE_STATES, tradeLabel, icon } from "./words.js";

export function progressBar(name = "Progress") {
  const segments = new Map(
    TRADE_STATES.map((state) => [state, h("span", { class: "segment", data: { state } })]),
  );
  const node = h("div", { class: "bar", role: "img", "aria-label": name }, [...segments.values()]);
  return {
    node,
    show(counts) {
      const words = [];
      for (const [state, segment] of segments) {
        const number = counts[state] ?? 0;
        segment.style.flexGrow = String(number);
        segment.hidden = number === 0;
        segment.title = `${tradeLabel(state)}: ${number}`;
        if (number > 0) words.push(`${number} ${tradeLabel(state).toLowerCase()}`);
      }
      setAttribute(
        node,
        "aria-label",
        `${name}: ${words.join(", ") || "no trades"} of ${counts.total}`,
      );
    },
  };
}

/** Counts by state. `choose(state)` makes each a button, for filters; `show(counts, chosen)` updates. */
export function legend(choose) {
  const parts = new Map();
  const node = h(
    "ul",
    { class: "legend" },
    TRADE_STATES.map((state) => {
      const number = h("b", { class: "num" }, "0");
      const inner = [icon(state), h("span", {}, tradeLabel(state)), number];
      const face = choose
        ? h(
            "button",
            {
              type: "button",
              class: "legend-item",
              data: { state },
              "aria-pressed": "false",
              on: { click: () => choose(state) },
            },
            inner,
          )
        : h("span", { class: "legend-item", data: { state } }, inner);
      const item = h("li", {}, face);
      parts.set(state, { item, number, face });
      return item;
    }),
  );
  return {
    node,
    show(counts, chosen = []) {
      for (const [state, { number, face }] of parts) {
        setText(number, counts[state] ?? 0);
        face.classList.toggle("is-none", !counts[state]);
        if (choose) setAttribute(face, "aria-pressed", String(chosen.includes(state)));
      }
    },
  };
}
