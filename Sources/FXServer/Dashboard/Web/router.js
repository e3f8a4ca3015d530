// Which page is shown, by the address. A page is a module below pages/ with
//
//   export const title = "Desk";
//   export function show(main, { params, query, signal }) { … }
//
// `signal` ends with the page: pass it to everything that listens. A page that may be changed by filters
// in its address calls `setQuery`, which does not leave it.

import { complain } from "./toasts.js";

const ROUTES = [
  [/^\/$/, "desk"],
  [/^\/new$/, "newbatch"],
  [/^\/batches\/(?<id>[^/]+)$/, "batch"],
  [/^\/blotter$/, "blotter"],
  [/^\/doubt$/, "doubt"],
  [/^\/(?<tab>clients|accounts|rates)$/, "reference"],
  [/^\/(?<tab>margins|reconciliations|templates)$/, "papers"],
  [/^\/(?<tab>settings|tokens|webhooks|audit)$/, "administration"],
];

let leaving = null;
let onPage = () => {};

/** @param listener called with the path of each page that is shown. */
export function begin(main, listener) {
  onPage = listener;
  addEventListener("popstate", () => showPage(main));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (
      !link ||
      event.defaultPrevented ||
      event.button !== 0 ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey
    )
      return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!ROUTES.some(([pattern]) => pattern.test(link.pathname)) || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  showPage(main);
}

/** Fetches the page of the address before it is shown; what fails is told when it is. */
export function preload() {
  const found = ROUTES.find(([pattern]) => pattern.test(location.pathname));
  import(`./pages/${found?.[1] ?? "desk"}.js`).catch(() => {});
}

export function end() {
  leaving?.abort();
}

export function go(address) {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The address's query as an object; names that may be repeated are lists. */
export function query(lists = []) {
  const found = new URLSearchParams(location.search);
  const values = {};
  for (const name of new Set(found.keys()))
    values[name] = lists.includes(name) ? found.getAll(name) : found.get(name);
  return values;
}

/** Changes the address without leaving the page; empty values leave it. */
export function setQuery(values) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of [value].flat()) if (one) pairs.append(name, one);
  }
  const text = pairs.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

async function showPage(main) {
  leaving?.abort();
  const controller = new AbortController();
  leaving = controller;
  const found = ROUTES.map(([pattern, name]) => ({
    name,
    match: pattern.exec(location.pathname),
  })).find(({ match }) => match);
  let page;
  try {
    page = await import(`./pages/${found?.name ?? "desk"}.js`);
  } catch {
    // The server has another version now, whose modules have other addresses.
    if (!sessionStorage.getItem("fxbatch.reloaded")) {
      sessionStorage.setItem("fxbatch.reloaded", "1");
      location.reload();
    } else {
      complain(
        new Error("This page could not be loaded. The server may be away: try again in a moment."),
      );
    }
    return;
  }
  sessionStorage.removeItem("fxbatch.reloaded");
  if (controller.signal.aborted) return;
  main.replaceChildren();
  scrollTo(0, 0);
  setTitle(page.title);
  onPage(location.pathname, page.title);
  await page.show(main, { params: { ...found?.match.groups }, signal: controller.signal });
}

let pageTitle = "";
let titlePrefix = "";

function writeTitle() {
  document.title = `${titlePrefix}${pageTitle ? `${pageTitle} · ` : ""}FX Batch Trader`;
}

export function setTitle(text) {
  pageTitle = text;
  writeTitle();
}

/** What goes before the title in the browser's tab, such as "(2) 64 % ". */
export function setTitlePrefix(text) {
  titlePrefix = text;
  writeTitle();
}
