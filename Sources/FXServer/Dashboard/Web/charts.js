// Small pictures drawn as SVG, each with its words for screen readers.
//
//   sparkline({ values, label })     .show(values, label) moves it on
//   histogram({ label })             .show([{ label, value }…])
//   scatter({ label, x, y })         .show([{ x, y, state, title }…])    with axes and a line x = y

import { h, replace, setAttribute, svg } from "./dom.js";

const SPARK = { width: 240, height: 36 };

export function sparkline(name) {
  const line = svg("path", { class: "spark-line" });
  const area = svg("path", { class: "spark-area" });
  const node = svg("svg", { class: "spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, preserveAspectRatio: "none", role: "img", "aria-label": name }, area, line);
  return {
    node,
    show(values, words) {
      const top = Math.max(1, ...values);
      const step = SPARK.width / Math.max(1, values.length - 1);
      const points = values.map((value, place) => `${(place * step).toFixed(1)},${(SPARK.height - 2 - (value / top) * (SPARK.height - 4)).toFixed(1)}`);
      setAttribute(line, "d", `M${points.join("L")}`);
      setAttribute(area, "d", `M0,${SPARK.height}L${points.join("L")}L${SPARK.width},${SPARK.height}Z`);
      setAttribute(node, "aria-label", `${name}: ${words}`);
    },
  };
}

/** Bars of equal width with a word below each; values are numbers of milliseconds or counts. */
export function bars(name, words) {
  const node = h("figure", { class: "chart" });
  return {
    node,
    show(items) {
      const top = Math.max(1, ...items.map(({ value }) => value));
      replace(node,
        h("figcaption", { class: "chart-name" }, name),
        h("ul", { class: "chart-bars" }, items.map(({ label, value, state }) => {
          const bar = h("span", { class: "chart-bar", data: state ? { state } : {} });
          bar.style.width = `${(100 * value) / top}%`;
          return h("li", {}, h("span", { class: "chart-label" }, label), h("span", { class: "chart-track" }, bar), h("span", { class: "num" }, words(value)));
        })));
    },
  };
}

const PLOT = { width: 460, height: 240, left: 58, bottom: 34, top: 10, right: 10 };
const TICKS = 4;

/** Points by two figures; the line is where both are equal. The figures are for the eye only. */
export function scatter(name, xName, yName) {
  const node = h("figure", { class: "chart" });
  return {
    node,
    show(points, words) {
      if (!points.length) {
        replace(node, h("figcaption", { class: "chart-name" }, name), h("p", { class: "empty" }, "Nothing is quoted yet."));
        return;
      }
      const all = points.flatMap(({ x, y }) => [x, y]);
      const low = Math.min(...all), high = Math.max(...all);
      const room = (high - low) * 0.06 || high * 0.001 || 1;
      const from = low - room, span = high + room - from;
      const inner = { width: PLOT.width - PLOT.left - PLOT.right, height: PLOT.height - PLOT.top - PLOT.bottom };
      const px = (value) => PLOT.left + ((value - from) / span) * inner.width;
      const py = (value) => PLOT.top + inner.height - ((value - from) / span) * inner.height;
      const ticks = Array.from({ length: TICKS + 1 }, (_, place) => from + (span * place) / TICKS);
      const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(span)) + 2));
      const picture = svg("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, class: "plot", role: "img", "aria-label": `${name}: ${words}` },
        ticks.map((tick) => svg("g", { class: "plot-grid" },
          svg("path", { d: `M${px(tick)},${PLOT.top}V${PLOT.top + inner.height}M${PLOT.left},${py(tick)}H${PLOT.width - PLOT.right}` }),
          svg("text", { x: PLOT.left - 6, y: py(tick) + 3.5, "text-anchor": "end" }, tick.toFixed(digits)),
          svg("text", { x: px(tick), y: PLOT.height - PLOT.bottom + 14, "text-anchor": "middle" }, tick.toFixed(digits)))),
        svg("path", { class: "plot-even", d: `M${px(from)},${py(from)}L${px(from + span)},${py(from + span)}` }),
        points.map(({ x, y, state, title }) => svg("circle", { cx: px(x), cy: py(y), r: 3.2, class: "plot-point", "data-state": state }, svg("title", {}, title))),
        svg("text", { x: PLOT.left + inner.width / 2, y: PLOT.height - 4, "text-anchor": "middle", class: "plot-axis" }, xName),
        svg("text", { x: 12, y: PLOT.top + inner.height / 2, "text-anchor": "middle", class: "plot-axis", transform: `rotate(-90 12 ${PLOT.top + inner.height / 2})` }, yName));
      replace(node, h("figcaption", { class: "chart-name" }, name), picture);
    },
  };
}
