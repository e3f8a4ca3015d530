// The log of events as it grows: a WebSocket, or server-sent events where none can be had.
//
//   live.on((event) => …, signal)        each event once, in order: {seq, type, batch_id, trade_id, data}
//   live.onReset(() => …, signal)        read again what is shown: more was missed than is replayed
//   live.onState((state) => …, signal)   "connecting" | "live" | "lost" | "paused", `live.way`
//
// The first connection asks for a place beyond the log, which is answered with a snapshot and the log's
// end: whatever is read after that is at least as new, so nothing falls between. From then on each
// connection resumes after the last event that was told; what comes twice is dropped by its number.
// `batch.progress` and `snapshot` are passed on too: they tell how things stand and are not counted.

const BEYOND = "999999999999999999";
// The server beats at least every 30 s.
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;
// Attempts at a WebSocket that never opened, before server-sent events are taken.
const SOCKET_TRIES = 2;

class Live {
  #listeners = new Set();
  #resets = new Set();
  #states = new Set();
  #last = null;
  #source = null;
  #timer = null;
  #watch = null;
  #wait = FIRST_WAIT_MS;
  #failedSockets = 0;
  #wanted = false;
  #pausedByPerson = false;
  #checkSession = () => {};

  state = "connecting";
  /** "WebSocket" or "server-sent events". */
  way = "WebSocket";
  /** When the last message came, by this machine's clock. */
  heardAt = null;

  on(listener, signal) {
    this.#enter(this.#listeners, listener, signal);
  }
  onReset(listener, signal) {
    this.#enter(this.#resets, listener, signal);
  }

  onState(listener, signal) {
    this.#enter(this.#states, listener, signal);
    listener(this.state);
  }

  #enter(set, listener, signal) {
    set.add(listener);
    signal?.addEventListener("abort", () => set.delete(listener));
  }

  /** @param checkSession called when a connection was refused: it may be that nobody is signed in. */
  begin(checkSession) {
    this.#checkSession = checkSession;
    this.#wanted = true;
    document.addEventListener("visibilitychange", () => this.#visibility());
    addEventListener("online", () => this.#connectSoon(0));
    this.#connect();
  }

  end() {
    this.#wanted = false;
    this.#close();
    this.#last = null;
  }

  get isPausedByPerson() {
    return this.#pausedByPerson;
  }

  /** Stops and goes on by a person's wish; nothing is lost between. */
  togglePause() {
    this.#pausedByPerson = !this.#pausedByPerson;
    if (this.#pausedByPerson) this.#rest();
    else this.#connectSoon(0);
  }

  // A hidden tab follows nothing; once it is seen, it resumes where it was.
  #visibility() {
    if (!this.#wanted || this.#pausedByPerson) return;
    if (document.hidden) this.#rest();
    else if (!this.#source) this.#connectSoon(0);
  }

  #rest() {
    this.#close();
    this.#tell("paused");
  }

  #tell(state) {
    if (state === "live") this.#wait = FIRST_WAIT_MS;
    if (this.state === state) return;
    this.state = state;
    for (const listener of [...this.#states]) listener(state);
  }

  #connect() {
    if (!this.#wanted || this.#pausedByPerson || document.hidden || this.#source) return;
    if (this.state === "paused") this.#tell("connecting");
    const usesSocket = "WebSocket" in window && this.#failedSockets < SOCKET_TRIES;
    this.way = usesSocket ? "WebSocket" : "server-sent events";
    const place = `?after=${this.#last ?? BEYOND}`;
    if (usesSocket) this.#openSocket(place);
    else this.#openEvents(place);
    this.#beat();
  }

  #openSocket(place) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/api/websocket${place}`);
    let opened = false;
    this.#source = { close: () => socket.close(), is: socket };
    socket.onopen = () => {
      opened = true;
      this.#failedSockets = 0;
    };
    socket.onmessage = (message) => this.#take(message.data, socket);
    socket.onclose = () => {
      if (this.#source?.is !== socket) return;
      if (!opened) this.#failedSockets += 1;
      this.#lost();
    };
  }

  #openEvents(place) {
    const source = new EventSource(`/api/events${place}`);
    this.#source = { close: () => source.close(), is: source };
    source.onmessage = (message) => this.#take(message.data, source);
    source.onerror = () => {
      if (this.#source?.is !== source) return;
      source.close();
      // A WebSocket may be had again after a while.
      this.#failedSockets = 0;
      this.#lost();
    };
  }

  #lost() {
    this.#close();
    this.#tell("lost");
    this.#checkSession();
    this.#connectSoon(this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  #connectSoon(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #close() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    const source = this.#source;
    this.#source = null;
    source?.close();
  }

  #beat() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #take(text, from) {
    if (this.#source?.is !== from) return;
    this.#beat();
    this.heardAt = Date.now();
    const message = JSON.parse(text);
    const isFirst = this.#last === null;
    if (message.type === "snapshot") {
      this.#last = message.seq;
      this.#tell("live");
      for (const listener of [...this.#resets]) listener(isFirst);
      return;
    }
    this.#tell("live");
    if (message.type === "heartbeat") {
      this.#last = Math.max(this.#last ?? 0, message.seq);
      return;
    }
    if (message.type !== "batch.progress") {
      if (this.#last !== null && message.seq <= this.#last) return;
      this.#last = message.seq;
    }
    for (const listener of [...this.#listeners]) listener(message);
  }
}

export const live = new Live();
