// Dialogs: the browser's own, which keep the focus inside and close on Escape.
//
//   await confirm({ title, text, action: "Cancel the batch", isDangerous: true, reason: "required" })
//       → null, or { reason } once the person has agreed
//   await ask({ title, fields: [{ name, label, value, … }], action, submit: async (values) => … })
//       the dialog stays, with what was wrong in it, until `submit` succeeds; → its result, or null
//   openPanel({ title, body, signal })   a drawer at the side; → { close, body, title }

import { add, h, newID, replace, setText } from "./dom.js";
import { icon } from "./words.js";

function show(dialog) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

/** One field of a form. `type` is "text", "textarea", "select", "checkbox" or an input's type. */
export function field({ name, label, value, type = "text", options, hint, required, ...more }) {
  const id = newID(name);
  const hintID = hint ? `${id}-hint` : null;
  const shared = { id, name, required, "aria-describedby": hintID, ...more };
  const input =
    type === "textarea"
      ? h("textarea", { rows: 3, ...shared, value })
      : type === "select"
        ? h(
            "select",
            { ...shared, value },
            options.map(([key, words]) => h("option", { value: key }, words)),
          )
        : type === "checkbox"
          ? h("input", { type, ...shared, checked: Boolean(value) })
          : h("input", { type, autocomplete: "off", ...shared, value });
  const caption = h(
    "label",
    { for: id },
    label,
    required && type !== "checkbox" ? h("span", { class: "muted" }, " (required)") : null,
  );
  return h(
    "div",
    { class: type === "checkbox" ? "field field-check" : "field" },
    type === "checkbox" ? [input, caption] : [caption, input],
    hint ? h("p", { class: "hint", id: hintID }, hint) : null,
  );
}

/** What a form's fields hold, by name; a checkbox is true or false. */
export function valuesOf(form) {
  const values = {};
  for (const input of form.elements) {
    if (input.name)
      values[input.name] = input.type === "checkbox" ? input.checked : input.value.trim();
  }
  return values;
}

export function ask({
  title,
  text,
  fields = [],
  action = "Save",
  isDangerous = false,
  submit = (values) => values,
  body,
  isWide = false,
}) {
  return new Promise((resolve) => {
    const titleID = newID("title");
    const wrong = h("p", { class: "form-error", role: "alert" });
    const go = h(
      "button",
      { type: "submit", class: isDangerous ? "button is-danger" : "button is-primary" },
      action,
    );
    const leave = h(
      "button",
      { type: "button", class: "button", on: { click: () => dialog.close() } },
      "Back",
    );
    let result = null;
    const form = h(
      "form",
      { method: "dialog", novalidate: true },
      h("h2", { id: titleID }, title),
      text ? h("p", {}, text) : null,
      body ?? null,
      fields.map(field),
      wrong,
      h("div", { class: "dialog-actions" }, leave, go),
    );
    const dialog = h(
      "dialog",
      { class: isWide ? "dialog is-wide" : "dialog", "aria-labelledby": titleID },
      form,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const missing = [...form.elements].find((input) => !input.checkValidity());
      if (missing) {
        setText(
          wrong,
          `${form.querySelector(`label[for="${missing.id}"]`)?.firstChild?.textContent ?? "A field"}: ${missing.validationMessage}`,
        );
        missing.focus();
        return;
      }
      go.disabled = true;
      setText(wrong, "");
      try {
        result = (await submit(valuesOf(form))) ?? true;
        dialog.close();
      } catch (error) {
        setText(wrong, error.message);
        go.disabled = false;
      }
    });
    dialog.addEventListener("close", () => resolve(result));
    show(dialog);
  });
}

/** @param reason "required", "optional" or undefined for none.
 * @param act what the agreement does; what it refuses is shown in the dialog. */
export function confirm({ title, text, action, isDangerous, reason, body, act = () => {} }) {
  const fields = reason
    ? [
        {
          name: "reason",
          label: "Reason",
          type: "textarea",
          required: reason === "required",
          maxlength: 2000,
          hint: "Kept for good with who decided and when.",
        },
      ]
    : [];
  return ask({
    title,
    text,
    body,
    action,
    isDangerous,
    fields,
    submit: async (values) => {
      await act(values.reason || null);
      return { reason: values.reason || null };
    },
  });
}

export function openPanel({ title, onClose, isWide }) {
  const titleID = newID("panel");
  const heading = h("h2", { id: titleID }, title);
  const body = h("div", { class: "panel-body" });
  const leave = h(
    "button",
    {
      type: "button",
      class: "button is-quiet",
      "aria-label": "Close",
      on: { click: () => dialog.close() },
    },
    icon("close"),
  );
  const dialog = h(
    "dialog",
    { class: isWide ? "panel is-wide" : "panel", "aria-labelledby": titleID },
    h("div", { class: "panel-head" }, heading, leave),
    body,
  );
  // A click beside the panel closes it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => onClose?.());
  show(dialog);
  return {
    body,
    heading,
    close: () => dialog.close(),
    fill: (...nodes) => replace(body, ...nodes),
    add: (...nodes) => add(body, nodes),
  };
}

/** Something that is shown this once, such as a new token. */
export function showOnce({ title, text, secret }) {
  const input = h("input", { class: "secret", readonly: true, value: secret, "aria-label": title });
  const copy = h(
    "button",
    {
      type: "button",
      class: "button",
      on: {
        click: async () => {
          input.select();
          await navigator.clipboard?.writeText(secret).then(
            () => setText(copy, "Copied"),
            () => {},
          );
        },
      },
    },
    "Copy",
  );
  return ask({
    title,
    text,
    action: "I have kept it",
    body: h("div", { class: "secret-row" }, input, copy),
  });
}
