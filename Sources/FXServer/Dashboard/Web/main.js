// The beginning: who is signed in, then the frame, the live feed and the page of the address.

import { whenSignedOut } from "./api.js";
import { book } from "./book.js";
import { frame } from "./frame.js";
import { live } from "./live.js";
import * as notices from "./notices.js";
import * as router from "./router.js";
import * as session from "./session.js";
import { askForToken } from "./signin.js";

let running = null;

async function begin() {
  // Comes while the server is asked who this is.
  router.preload();
  let isKnown;
  try {
    isKnown = await session.resume();
  } catch (error) {
    askForToken(begin, error.message);
    return;
  }
  if (!isKnown) {
    askForToken(work);
    return;
  }
  work();
}

function work() {
  running = new AbortController();
  const { signal } = running;
  const { main, shown } = frame(signal, leave);
  book.begin(signal);
  notices.begin(signal);
  // What refuses the feed may be the end of the session: this call is answered with 401 then.
  live.begin(() =>
    session.resume().then(
      (isKnown) => {
        if (!isKnown) leave();
      },
      () => {},
    ),
  );
  router.begin(main, shown);
}

/** The session has ended, by whatever way. */
function leave(words = "You have been signed out.") {
  if (!running) return;
  running.abort();
  running = null;
  router.end();
  live.end();
  session.forget();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  askForToken(() => location.reload(), words);
}

whenSignedOut(() => leave("Your session has ended. Sign in again."));
begin();
