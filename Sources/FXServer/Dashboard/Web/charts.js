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
  const node = svg(
    "svg",
    {
      class: "spark",
      viewBox: `0 0 ${SPARK.width} ${SPARK.height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": name,
    },
    area,
    line,
  );
  return {
    node,
    show(values, words) {
      const top = Math.max(1, ...values);
      const step = SPARK.width / Math.max(1, values.length - 1);
      const points = values.map(
        (value, place) =>
          `${(place * step).toFixed(1)},${(SPARK.height - 2 - (value / top) * (SPARK.height - 4)).toFixed(1)}`,
      );
      setAttribute(line, "d", `M${points.join("L")}`);
      setAttribute(
        area,
        "d",
        `M0,${SPARK.height}L${points.join("L")}L${SPARK.width},${SPARK.height}Z`,
      );
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
      replace(
        node,
        h("figcaption", { class: "chart-name" }, name),
        h(
          "ul",
          { class: "chart-bars" },
          items.map(({ label, value, state }) => {
            const bar = h("span", { class: "chart-bar", data: state ? { state } : {} });
            bar.style.width = `${(100 * value) / top}%`;
            return h(
              "li",
              {},
              h("span", { class: "chart-label" }, label),
              h("span", { class: "chart-track" }, bar),
              h("span", { class: "num" }, words(value)),
            );
          }),
        ),
      );
    },
  };
}

const PLOT = { width: 460, height: 240, left: 70, bottom: 36, top: 10, right: 26 };
const TICKS = 4;

/** Points by two figures, each on a scale of its own; the broken line is where both are equal. The
 * figures are for the eye only. */
export function scatter(name, xName, yName) {
  const node = h("figure", { class: "chart" });
  return {
    node,
    show(points, words) {
      if (points.length)
        replace(
          node,
          h("figcaption", { class: "chart-name" }, name),
          picture(points, `${name}: ${words}`, xName, yName),
        );
      else
        replace(
          node,
          h("figcaption", { class: "chart-name" }, name),
          h("p", { class: "empty" }, "Nothing is quoted yet."),
        );
    },
  };
}

function scale(values, from, to) {
  const low = Math.min(...values),
    high = Math.max(...values);
  const room = (high - low) * 0.08 || Math.abs(high) * 0.001 || 1;
  const start = low - room,
    span = high + room - start;
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(span)) + 1));
  return {
    at: (value) => from + ((value - start) / span) * (to - from),
    ticks: Array.from({ length: TICKS + 1 }, (_, place) => start + (span * place) / TICKS),
    words: (value) => value.toFixed(digits),
    start,
    end: start + span,
  };
}

function picture(points, words, xName, yName) {
  const right = PLOT.width - PLOT.right,
    bottom = PLOT.height - PLOT.bottom;
  const x = scale(
    points.map((point) => point.x),
    PLOT.left,
    right,
  );
  const y = scale(
    points.map((point) => point.y),
    bottom,
    PLOT.top,
  );
  const low = Math.min(x.start, y.start),
    high = Math.max(x.end, y.end);
  return svg(
    "svg",
    {
      viewBox: `0 0 ${PLOT.width} ${PLOT.height}`,
      class: "plot",
      role: "img",
      "aria-label": words,
    },
    x.ticks.map((tick) =>
      svg(
        "g",
        { class: "plot-grid" },
        svg("path", { d: `M${x.at(tick)},${PLOT.top}V${bottom}` }),
        svg("text", { x: x.at(tick), y: bottom + 14, "text-anchor": "middle" }, x.words(tick)),
      ),
    ),
    y.ticks.map((tick) =>
      svg(
        "g",
        { class: "plot-grid" },
        svg("path", { d: `M${PLOT.left},${y.at(tick)}H${right}` }),
        svg("text", { x: PLOT.left - 6, y: y.at(tick) + 3.5, "text-anchor": "end" }, y.words(tick)),
      ),
    ),
    // A drawing within the drawing cuts off what lies outside.
    svg(
      "svg",
      {
        x: PLOT.left,
        y: PLOT.top,
        width: right - PLOT.left,
        height: bottom - PLOT.top,
        viewBox: `${PLOT.left} ${PLOT.top} ${right - PLOT.left} ${bottom - PLOT.top}`,
      },
      svg("path", {
        class: "plot-even",
        d: `M${x.at(low)},${y.at(low)}L${x.at(high)},${y.at(high)}`,
      }),
      points.map((point) =>
        svg(
          "circle",
          {
            cx: x.at(point.x),
            cy: y.at(point.y),
            r: 3.2,
            class: "plot-point",
            "data-state": point.state,
          },
          svg("title", {}, point.title),
        ),
      ),
    ),
    svg("text", { x: (PLOT.left + right) / 2, y: PLOT.height - 4, "text-anchor": "middle" }, xName),
    svg(
      "text",
      {
        x: 11,
        y: (PLOT.top + bottom) / 2,
        "text-anchor": "middle",
        transform: `rotate(-90 11 ${(PLOT.top + bottom) / 2})`,
      },
      yName,
    ),
  );
}
