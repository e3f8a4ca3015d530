// Views of a list that are wanted again: an address each, under a name, in this browser.

import { ask } from "./dialog.js";
import { remember, remembered } from "./settings.js";

export function savedViews() {
  try {
    const kept = JSON.parse(remembered("views", "[]"));
    return Array.isArray(kept)
      ? kept.filter(
          (view) => typeof view?.name === "string" && view.address?.startsWith("/blotter"),
        )
      : [];
  } catch {
    return [];
  }
}

export const keepViews = (views) => remember("views", JSON.stringify(views));

export async function saveView(isBatches, done) {
  const address = location.pathname + location.search;
  const saved = await ask({
    title: "Save this view",
    text: `The ${isBatches ? "batches" : "trades"} with the filters that are set now, in this browser.`,
    fields: [{ name: "name", label: "Name", required: true, maxlength: 60 }],
    submit: ({ name }) => {
      keepViews([...savedViews().filter((view) => view.name !== name), { name, address }]);
      return true;
    },
  });
  if (saved) done();
}
