// What surrounds every page: the banner of the environment, the kill switch when it is engaged, the
// navigation, the state of the live feed, the bell, and the person's menu.

import { add, h, newID, replace, setAttribute, setText } from "./dom.js";
import { field } from "./dialog.js";
import { keys } from "./keys.js";
import { killStrip } from "./killswitch.js";
import { live } from "./live.js";
import * as notices from "./notices.js";
import { go } from "./router.js";
import { can, me, signOut } from "./session.js";
import { remember, remembered, theme, useTheme } from "./settings.js";
import { ago, everySecond } from "./time.js";
import { complain } from "./toasts.js";
import { icon, label } from "./words.js";

const PAGES = [
  { path: "/", name: "Desk", key: "d" },
  { path: "/new", name: "New batch", key: "n", role: "dealer" },
  { path: "/blotter", name: "Blotter", key: "b" },
  { path: "/doubt", name: "In doubt", key: "i" },
  { path: "/clients", name: "Reference", key: "c", also: ["/accounts", "/rates"] },
  { path: "/margins", name: "Papers", key: "p", also: ["/reconciliations", "/templates"] },
  { path: "/settings", name: "Settings", key: "s", also: ["/tokens", "/webhooks", "/audit"] },
];

/** Which kind of money is dealt with here. */
export function banner() {
  const isTest = document.documentElement.dataset.environment === "test";
  return h(
    "div",
    {
      class: "banner",
      data: { environment: isTest ? "test" : "prod" },
      role: "region",
      "aria-label": "Environment",
    },
    isTest
      ? [h("b", {}, "TEST"), " No real money is moved here."]
      : [h("b", {}, "PRODUCTION"), " Real money is moved here."],
  );
}

/** Builds the frame. @returns the element of pages, and what is to be called once one is shown. */
export function frame(signal, leave) {
  const main = h("main", { id: "main", tabindex: "-1" });
  const announcer = h("div", { class: "sr", role: "status" });
  const links = PAGES.filter(({ role }) => !role || can(role)).map((page) => ({
    ...page,
    node: h("a", { href: page.path }, page.name),
  }));
  replace(
    document.body,
    h("a", { class: "skip", href: "#main" }, "Skip to content"),
    banner(),
    killStrip(signal),
    h(
      "header",
      { class: "top" },
      h("a", { class: "brand", href: "/" }, icon("booking"), h("span", {}, "FX Batch Trader")),
      h(
        "nav",
        { "aria-label": "Pages" },
        h(
          "ul",
          {},
          links.map(({ node }) => h("li", {}, node)),
        ),
      ),
      h(
        "div",
        { class: "top-tools" },
        connection(signal),
        bell(signal),
        h(
          "button",
          {
            type: "button",
            class: "button is-quiet",
            "aria-label": "Keys",
            title: "Keys (?)",
            on: { click: () => keys.showSheet() },
          },
          icon("keys"),
        ),
        personMenu(leave),
      ),
    ),
    announcer,
    main,
  );
  keys.add(
    [
      ["?", "This sheet", () => keys.showSheet()],
      ["!", "Notifications", () => notices.open()],
      [".", "Stop and resume live updates", () => live.togglePause()],
      ...links.map(({ key, name, path }) => [`g ${key}`, `Go to ${name}`, () => go(path)]),
    ],
    signal,
    "Everywhere",
  );
  let isFirst = true;
  const shown = (path, title) => {
    for (const { node, path: own, also } of links) {
      const isHere =
        own === path ||
        also?.includes(path) ||
        (own === "/blotter" && path.startsWith("/batches/"));
      setAttribute(node, "aria-current", isHere ? "page" : null);
      // On narrow windows the pages scroll beside each other.
      if (isHere) node.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    if (!isFirst) {
      setText(announcer, title);
      main.focus({ preventScroll: true });
    }
    isFirst = false;
  };
  return { main, shown };
}

const STATES = {
  connecting: ["Connecting", "Asking the server for the live feed."],
  live: ["Live", "Everything shown is up to date."],
  lost: [
    "Reconnecting",
    "The connection is lost: what is shown may be stale. It resumes by itself.",
  ],
  paused: ["Stopped", "Live updates are stopped. Press to go on where they stopped."],
};

function connection(signal) {
  const word = h("span", {});
  const button = h(
    "button",
    { type: "button", class: "connection", on: { click: () => live.togglePause() } },
    icon("live"),
    word,
  );
  const show = () => {
    const [name, meaning] = STATES[live.state];
    const since =
      live.state === "lost" && live.heardAt
        ? ` · stale ${ago(new Date(live.heardAt).toISOString())}`
        : "";
    button.dataset.state = live.state;
    setText(word, name + since);
    button.title = `${meaning} (${live.way})`;
    setAttribute(
      button,
      "aria-label",
      `Live updates: ${name}. ${live.state === "paused" ? "Resume" : "Stop"}`,
    );
  };
  live.onState(show, signal);
  everySecond(show, signal);
  return h("div", { role: "status" }, button);
}

function bell(signal) {
  const number = h("b", { class: "badge" });
  const button = h(
    "button",
    { type: "button", class: "button is-quiet", on: { click: () => notices.open() } },
    icon("bell"),
    number,
  );
  const show = () => {
    setText(number, notices.unread > 99 ? "99+" : notices.unread || "");
    number.hidden = notices.unread === 0;
    setAttribute(
      button,
      "aria-label",
      notices.unread ? `Notifications, ${notices.unread} unread` : "Notifications",
    );
  };
  notices.onChange(show, signal);
  show();
  return button;
}

function personMenu(leave) {
  const id = newID("menu");
  const look = field({
    name: "theme",
    label: "Theme",
    type: "select",
    value: theme(),
    options: [
      ["system", "As the system"],
      ["light", "Light"],
      ["dark", "Dark"],
    ],
  });
  look.querySelector("select").addEventListener("change", (event) => useTheme(event.target.value));
  const sound = field({
    name: "sound",
    label: "A sound when a batch ends",
    type: "checkbox",
    value: remembered("sound") === "on",
  });
  sound.querySelector("input").addEventListener("change", (event) => {
    remember("sound", event.target.checked ? "on" : null);
    if (event.target.checked) notices.play(true);
  });
  const out = h(
    "button",
    {
      type: "button",
      class: "button",
      on: { click: () => signOut().then(() => leave(), complain) },
    },
    "Sign out",
  );
  const menu = h(
    "div",
    { id, class: "menu", popover: "auto" },
    h(
      "p",
      { class: "menu-person" },
      h("b", {}, me.person),
      h("span", { class: "muted" }, label(me.role)),
    ),
    look,
    sound,
    h("p", {}, h("a", { href: "/api/docs" }, "The API's documentation")),
    out,
  );
  const button = h(
    "button",
    {
      type: "button",
      class: "button is-quiet person",
      popovertarget: id,
      "aria-label": `${me.person}, ${me.role}: menu`,
    },
    icon("person"),
    h("span", {}, me.person),
  );
  return add(h("div", { class: "menu-anchor" }), [button, menu]);
}
