// The tray of notifications: what happened that this person is to know of, with what is unread.
//
//   notices.begin(signal)   follows them; a batch that ends is told by a toast, and by a sound if wanted
//   notices.onChange(fn, signal), notices.unread, notices.open()   for the bell

import { get, post } from "./api.js";
import { book } from "./book.js";
import { coalesced, h, replace } from "./dom.js";
import { openPanel } from "./dialog.js";
import { live } from "./live.js";
import { setTitlePrefix } from "./router.js";
import { remembered } from "./settings.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { icon, isFinal, label } from "./words.js";

// Notices follow the log a moment later.
const READ_AFTER_MS = 700;
// While the tab is hidden the feed rests, and this looks instead.
const HIDDEN_LOOK_MS = 15_000;

const listeners = new Set();
export let unread = 0;
let newest = null;
let readSoon = () => {};

export function onChange(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener));
}

export function begin(signal) {
  readSoon = coalesced(() => read(signal), READ_AFTER_MS, signal);
  live.on((event) => {
    if (
      event.type === "batch.progress" ||
      (event.type.startsWith("trade.") &&
        event.type !== "trade.in_doubt" &&
        event.type !== "trade.escalated")
    )
      return;
    readSoon();
    // The notice may be written later than this look.
    setTimeout(readSoon, 3 * READ_AFTER_MS);
  }, signal);
  live.onReset(readSoon, signal);
  const timer = setInterval(() => {
    if (!document.hidden) return;
    readSoon();
    book.refresh();
  }, HIDDEN_LOOK_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  book.onChange(showInTitle, signal);
  onChange(showInTitle, signal);
}

async function read(signal) {
  const page = await get("/api/notifications", { limit: 20 }, signal);
  const known = newest;
  newest = page.items[0]?.seq ?? 0;
  unread = page.unread;
  if (known !== null) {
    const fresh = page.items.filter((notice) => notice.seq > known && !notice.read).reverse();
    // How a batch ended says already that somebody has to decide.
    const ended = new Set(
      fresh.filter(({ kind }) => isFinal(kind)).map(({ batch_id }) => batch_id),
    );
    for (const notice of fresh) {
      if (notice.kind !== "needs_decision" || !ended.has(notice.batch_id)) announce(notice);
    }
  }
  for (const listener of [...listeners]) listener();
}

function announce(notice) {
  const isEnd = isFinal(notice.kind);
  const isBad = ["failed", "in_doubt", "needs_decision", "kill_switch"].includes(notice.kind);
  if (notice.kind === "started") return;
  toast(notice.text, {
    kind: isBad ? "warn" : notice.kind === "success" ? "good" : "info",
    link: notice.batch_id ? `/batches/${notice.batch_id}` : null,
  });
  if (isEnd && remembered("sound") === "on") play(notice.kind === "success");
}

/** Two tones: rising for a success, falling for anything else. */
export function play(isGood) {
  const sound = new AudioContext();
  [0, 0.16].forEach((at, place) => {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = (place === 0) === isGood ? 523 : 784;
    volume.gain.setValueAtTime(0.12, sound.currentTime + at);
    volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + at + 0.3);
    tone.connect(volume).connect(sound.destination);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.32);
    if (place === 1) tone.onended = () => sound.close();
  });
}

/** What waits for a decision, and how far everything under way has come. */
function showInTitle() {
  const counts = (book.active ?? []).map((batch) => batch.counts);
  const total = counts.reduce((all, one) => all + one.total, 0);
  const ended = counts.reduce((all, one) => all + one.completed + one.failed + one.cancelled, 0);
  const waiting = book.inbox?.length ?? 0;
  setTitlePrefix(
    (waiting ? `(${waiting}) ` : "") + (total ? `${Math.floor((100 * ended) / total)} % ` : ""),
  );
}

export function open() {
  const list = h("ul", { class: "notices" });
  const more = h("button", { type: "button", class: "button", hidden: true }, "Older ones");
  const all = h("button", { type: "button", class: "button" }, "Mark all as read");
  const panel = openPanel({ title: "Notifications" });
  panel.add(h("div", { class: "panel-tools" }, all), list, more);
  let cursor = null;
  const load = async () => {
    const page = await get("/api/notifications", { limit: 50, cursor });
    list.append(...page.items.map((notice) => item(notice, panel)));
    if (!list.children.length)
      replace(
        list,
        h(
          "li",
          { class: "empty" },
          "Nothing has happened yet. What ends, fails or waits for a decision is told here.",
        ),
      );
    cursor = page.next_cursor;
    more.hidden = cursor === null;
    all.disabled = page.unread === 0;
    if (list.firstElementChild?.dataset.id) all.dataset.upTo = list.firstElementChild.dataset.id;
  };
  more.addEventListener("click", () => load().catch(complain));
  all.addEventListener("click", async () => {
    try {
      await post("/api/notifications/read", { up_to: all.dataset.upTo }, { key: null });
      for (const row of list.children) row.classList.remove("is-unread");
      all.disabled = true;
      readSoon();
    } catch (error) {
      complain(error);
    }
  });
  load().catch(complain);
}

function item(notice, panel) {
  const words = h("span", {}, notice.text);
  return h(
    "li",
    { class: notice.read ? "notice-item" : "notice-item is-unread", data: { id: notice.id } },
    icon(notice.kind),
    h(
      "div",
      {},
      notice.batch_id
        ? h("a", { href: `/batches/${notice.batch_id}`, on: { click: () => panel.close() } }, words)
        : words,
      h(
        "p",
        { class: "muted" },
        label(notice.kind),
        " · ",
        moment(notice.at),
        notice.read ? null : h("span", { class: "sr" }, " (unread)"),
      ),
    ),
  );
}
