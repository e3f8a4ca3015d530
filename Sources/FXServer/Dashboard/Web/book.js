// What is under way, read once for everybody who shows it: the active batches, the batches that wait for
// a decision, the kill switch, and how many trades end.
//
//   book.active, book.inbox, book.killSwitch, book.pulse    as they stand; null before the first reading
//   book.onChange(() => …, signal)       after each change
//   book.refresh()                       asks for a new reading, soon

import { get } from "./api.js";
import { coalesced } from "./dom.js";
import { live } from "./live.js";

const READ_AGAIN_MS = 400;
const MOST_BATCHES = 200;
// Of the sparkline: so many buckets of so long.
const BUCKETS = 60;
const BUCKET_MS = 10_000;
const BUCKETS_A_MINUTE = 6;

class Book {
  #listeners = new Set();
  #readSoon = null;
  active = null;
  inbox = null;
  /** Whether more wait than are listed. */
  inboxHasMore = false;
  killSwitch = null;
  /** Why the last reading failed; null when it did not. */
  trouble = null;
  #ended = new Map();
  #since = Math.floor(Date.now() / BUCKET_MS);

  begin(signal) {
    this.#readSoon = coalesced(
      () => this.#read(signal),
      READ_AGAIN_MS,
      signal,
      (error) => {
        this.trouble = error;
        this.#tell();
      },
    );
    // Shown at once; read again when the feed has told where it begins.
    this.#readSoon();
    live.on((event) => this.#take(event), signal);
    live.onReset(() => this.#readSoon(), signal);
    live.onState((state) => {
      if (state === "live" && this.trouble) this.#readSoon();
    }, signal);
  }

  refresh() {
    this.#readSoon?.();
  }

  onChange(listener, signal) {
    this.#listeners.add(listener);
    signal?.addEventListener("abort", () => this.#listeners.delete(listener));
  }

  #tell() {
    for (const listener of [...this.#listeners]) listener();
  }

  async #read(signal) {
    const [active, inbox, killSwitch] = await Promise.all([
      get("/api/batches/active", { limit: MOST_BATCHES }, signal),
      get("/api/batches", { needs_decision: "true", limit: MOST_BATCHES }, signal),
      get("/api/kill-switch", {}, signal),
    ]);
    const before = new Map((this.active ?? []).map((batch) => [batch.id, batch]));
    // The pace comes with the live feed only.
    this.active = active.items.map((batch) => {
      const { trades_per_second = null, eta_seconds = null } = before.get(batch.id) ?? {};
      return { trades_per_second, eta_seconds, ...batch };
    });
    this.inbox = inbox.items;
    this.inboxHasMore = inbox.next_cursor !== null;
    this.killSwitch = killSwitch;
    this.trouble = null;
    this.#tell();
  }

  #take(event) {
    if (event.type === "batch.progress") {
      const batch = this.active?.find(({ id }) => id === event.batch_id);
      if (!batch || event.data.version < batch.version) return;
      const { counts, progress, status, version, trades_per_second, eta_seconds } = event.data;
      Object.assign(batch, { counts, progress, status, version, trades_per_second, eta_seconds });
      this.#tell();
    } else if (event.type === "trade.completed" || event.type === "trade.failed") {
      this.#count(event);
    }
    if (
      !event.type.startsWith("trade.") ||
      event.type === "trade.escalated" ||
      event.type === "trade.in_doubt"
    ) {
      if (event.type !== "batch.progress") this.#readSoon();
    }
  }

  #count(event) {
    const bucket = Math.floor(new Date(event.at) / BUCKET_MS);
    this.#ended.set(bucket, (this.#ended.get(bucket) ?? 0) + 1);
    for (const old of this.#ended.keys()) if (old < bucket - 2 * BUCKETS) this.#ended.delete(old);
  }

  /** Ended trades of the last ten minutes, in buckets of ten seconds, and those of the last minute. */
  get pulse() {
    const now = Math.floor(Date.now() / BUCKET_MS);
    const buckets = Array.from(
      { length: BUCKETS },
      (_, place) => this.#ended.get(now - BUCKETS + 1 + place) ?? 0,
    );
    // Of the last whole buckets that this page has seen, at most a minute of them.
    const seen = Math.min(BUCKETS_A_MINUTE, now - this.#since);
    const ended = buckets.slice(-1 - seen, -1).reduce((all, one) => all + one, 0);
    return { buckets, perMinute: seen ? Math.round((ended * BUCKETS_A_MINUTE) / seen) : ended };
  }
}

export const book = new Book();
