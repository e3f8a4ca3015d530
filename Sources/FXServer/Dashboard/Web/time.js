// Moments come in UTC; people see their own time, with UTC in the tooltip.
//
//   moment(text)      a <time> element, "14:02:31" today, "3 Mar 14:02" otherwise
//   ago(text)         "12 s", "5 min", "3 h", "2 d"
//   everySecond(work, signal)   for what ages in sight; rests while the tab is hidden

import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const whole = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

export function timeWords(text) {
  const date = new Date(text);
  const isToday = date.toDateString() === new Date().toDateString();
  return (isToday ? clock : day).format(date);
}

export function bothTimes(text) {
  return `${whole.format(new Date(text))} · ${text.replace("T", " ").replace("Z", " UTC")}`;
}

export function moment(text, otherwise = "–") {
  if (!text) return h("span", { class: "muted" }, otherwise);
  return h("time", { datetime: text, title: bothTimes(text) }, timeWords(text));
}

/** A length of time in its largest fitting unit. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function ago(text) {
  return duration(Math.max(1000, Date.now() - new Date(text)));
}

export function everySecond(work, signal) {
  const timer = setInterval(() => {
    if (!document.hidden) work();
  }, 1000);
  signal?.addEventListener("abort", () => clearInterval(timer));
}
