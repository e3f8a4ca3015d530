// Signing in with a token, which the server exchanges for a cookie that no script can read.

import { h, replace, setText } from "./dom.js";
import { banner } from "./frame.js";
import { signIn } from "./session.js";
import { setTitle } from "./router.js";

/** @param then what follows once somebody is signed in. */
export function askForToken(then, words = "") {
  setTitle("Sign in");
  const wrong = h("p", { class: "form-error", role: "alert" }, words);
  const input = h("input", {
    id: "token",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
    "aria-describedby": "token-hint",
  });
  const go = h("button", { type: "submit", class: "button is-primary" }, "Sign in");
  const form = h(
    "form",
    { class: "sign-in card", "aria-labelledby": "sign-in-title" },
    h("h1", { id: "sign-in-title" }, "FX Batch Trader"),
    h(
      "div",
      { class: "field" },
      h("label", { for: "token" }, "Your token"),
      input,
      h(
        "p",
        { class: "hint", id: "token-hint" },
        "It begins with fxb_. An admin gives out tokens; the first admin's lies in a file beside the database, as the server tells at its start.",
      ),
    ),
    wrong,
    go,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    setText(wrong, "");
    try {
      await signIn(input.value.trim());
      input.value = "";
      then();
    } catch (error) {
      setText(
        wrong,
        error.status === 422 || error.status === 401
          ? "This token lets nobody in. Look whether it is whole, and whether it was revoked."
          : error.message,
      );
      go.disabled = false;
      input.focus();
    }
  });
  replace(document.body, banner(), h("main", { id: "main", class: "sign-in-page" }, form));
  input.focus();
}
