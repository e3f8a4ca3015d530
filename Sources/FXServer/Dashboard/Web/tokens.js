// Tokens: who may come in as what. A token's text is shown once, where it is made.

import { get, post, remove } from "./api.js";
import { h } from "./dom.js";
import { ask, confirm, showOnce } from "./dialog.js";
import { keys } from "./keys.js";
import { me } from "./session.js";
import { blotter } from "./table.js";
import { button } from "./tabs.js";
import { moment } from "./time.js";
import { complain, toast } from "./toasts.js";
import { label } from "./words.js";

const ROLES = {
  viewer: "Viewer: sees everything but the audit log",
  dealer: "Dealer: takes in and runs batches",
  approver: "Approver: also approves and resolves",
  admin: "Admin: also tokens, webhooks, releases",
};

export function tokens(signal) {
  const table = blotter({
    label: "Tokens",
    signal,
    keyOf: (token) => token.id,
    load: (cursor, limit) => get("/api/tokens", { cursor, limit }, signal),
    empty: "There is no token. Make one for each person and program.",
    columns: [
      { name: "Person", isHeader: true, cell: (token) => token.person },
      { name: "For", least: 640, cell: (token) => token.name },
      { name: "Role", cell: (token) => label(token.role) },
      { name: "State", cell: state },
      { name: "Used last", least: 860, cell: (token) => moment(token.last_used_at, "Never") },
      { name: "Ends", least: 860, cell: (token) => moment(token.expires_at, "Never") },
      { name: "Made", least: 1100, cell: (token) => moment(token.created_at) },
      { name: "Made by", least: 1100, cell: (token) => token.created_by },
      {
        name: "Orders",
        cell: (token) =>
          token.revoked_at
            ? ""
            : h(
                "button",
                {
                  type: "button",
                  class: "row-open is-bad",
                  "aria-label": `Revoke the token ${token.name} of ${token.person}`,
                  on: { click: () => revoke(token, table) },
                },
                "Revoke…",
              ),
      },
    ],
  });
  const make = () => issue().then((made) => made && table.reset(), complain);
  keys.add(
    [
      ["a", "Make a token", make],
      ["t", "Into the rows", () => table.focus()],
    ],
    signal,
    "On the tokens",
  );
  table.reset();
  return {
    actions: [button("Make a token…", make, "is-primary")],
    content: [h("section", { class: "card list-card", "aria-label": "Tokens" }, table.node)],
  };
}

function state(token) {
  if (token.revoked_at)
    return h("span", { class: "tag is-off" }, "Revoked ", moment(token.revoked_at));
  const isOver = token.expires_at && new Date(token.expires_at) < Date.now();
  return h("span", { class: isOver ? "tag is-off" : "tag" }, isOver ? "Has ended" : "Holds");
}

async function issue() {
  const made = await ask({
    title: "Make a token",
    action: "Make it",
    text: "Whoever has it acts as this person: everything that is done with it is recorded under the name.",
    fields: [
      { name: "person", label: "Person", required: true, maxlength: 200 },
      {
        name: "name",
        label: "What for",
        required: true,
        maxlength: 200,
        hint: "Such as a dealing room, or a program.",
      },
      {
        name: "role",
        label: "Role",
        type: "select",
        value: "viewer",
        options: Object.entries(ROLES),
      },
      {
        name: "expires_at",
        label: "Ends",
        type: "datetime-local",
        hint: "In your time. Without, it holds until it is revoked.",
      },
    ],
    submit: ({ expires_at, ...values }) =>
      post("/api/tokens", {
        ...values,
        expires_at: expires_at ? new Date(expires_at).toISOString() : null,
      }),
  });
  if (!made) return false;
  await showOnce({
    title: `The token of ${made.issued.person}`,
    text: "It is shown this once and kept nowhere. Hand it over by a way that nobody else reads.",
    secret: made.token,
  });
  return true;
}

function revoke(token, table) {
  const isOwn = token.id === me.token_id;
  return confirm({
    title: `Revoke the token of ${token.person}?`,
    text: isOwn
      ? "It is the one that you are signed in with: your session ends with it."
      : "Whoever uses it is out at once, on open connections too. It cannot be taken back.",
    action: "Revoke",
    isDangerous: true,
    act: async () => {
      await remove(`/api/tokens/${token.id}`);
      toast(`The token ${token.name} of ${token.person} is revoked.`, { kind: "good" });
      if (!isOwn) table.refresh();
    },
  });
}
