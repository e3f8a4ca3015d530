// What a person can order about a batch, with the questions asked before. Each order is offered only to
// whoever may give it, in the states that allow it.
//
//   ordersFor(batch, { done, opened })   → [{ name, words, key, isDangerous, isMain, run }]
//   buttons(orders, most)                the first as buttons
//   `done(batch)` gets the batch as it stands after an order, `opened(id)` one that was made by it

import { post, remove } from "./api.js";
import { h } from "./dom.js";
import { ask, confirm } from "./dialog.js";
import { can, me } from "./session.js";
import { complain, toast } from "./toasts.js";
import { count, isFinal, label } from "./words.js";

const path = (batch, order) => `/api/batches/${batch.id}/${order}`;

/** Orders that a dialog asks about show what is refused there; others as a message. */
async function give(batch, order, body, done) {
  const after = await post(path(batch, order), body);
  toast(`${batch.name}: ${label(after.status).toLowerCase()}.`, { kind: "good" });
  done?.(after);
}

export function ordersFor(batch, { done, opened } = {}) {
  const waitsForApproval = batch.needs_decision.includes("approval");
  const isOpen = ["pending", "running", "paused"].includes(batch.status);
  const isCancelling = batch.cancel_requested_at !== null && !isFinal(batch.status);
  const failures = batch.counts.failed + batch.counts.cancelled;
  const orders = [];
  const offer = (when, role, order) => {
    if (when && can(role)) orders.push(order);
  };

  offer(waitsForApproval && batch.created_by !== me.person, "approver", {
    name: "approve",
    words: "Approve…",
    isMain: true,
    run: () => approve(batch, done),
  });
  offer(waitsForApproval && batch.created_by !== me.person, "approver", {
    name: "reject",
    words: "Reject…",
    isDangerous: true,
    run: () => reject(batch, done),
  });
  offer(
    batch.status === "staged" && !waitsForApproval && !batch.needs_decision.includes("rejected"),
    "dealer",
    {
      name: "start",
      words: "Start",
      key: "s",
      isMain: true,
      run: () => give(batch, "start", null, done).catch(complain),
    },
  );
  offer(["pending", "running"].includes(batch.status) && !isCancelling, "dealer", {
    name: "pause",
    words: "Pause",
    key: "p",
    run: () => give(batch, "pause", null, done).catch(complain),
  });
  offer(batch.status === "paused" && !isCancelling, "dealer", {
    name: "resume",
    words: "Resume",
    key: "p",
    isMain: true,
    run: () => give(batch, "resume", null, done).catch(complain),
  });
  offer(isFinal(batch.status) && failures > 0, "dealer", {
    name: "retry",
    words: "Retry…",
    key: "r",
    run: () => retry(batch, { all: true }, failures, done),
  });
  offer(
    batch.needs_decision.some((reason) => ["partial_success", "failed"].includes(reason)),
    "dealer",
    {
      name: "accept",
      words: "Accept…",
      key: "a",
      run: () => accept(batch, done),
    },
  );
  offer((isOpen || (batch.status === "staged" && can("dealer"))) && !isCancelling, "dealer", {
    name: "cancel",
    words: "Cancel…",
    key: "x",
    isDangerous: true,
    run: () => cancel(batch, done),
  });
  offer(true, "dealer", { name: "clone", words: "Clone", run: () => clone(batch, opened) });
  offer(true, "dealer", {
    name: "template",
    words: "Keep as a template…",
    run: () => keepTemplate(batch),
  });
  offer(batch.counts.completed > 0, "dealer", {
    name: "reverse",
    words: "Reverse…",
    run: () => reverse(batch, opened),
  });
  offer(
    batch.counts.total === batch.counts.pending + batch.counts.cancelled &&
      !["running", "pending"].includes(batch.status),
    "dealer",
    {
      name: "delete",
      words: "Delete…",
      isDangerous: true,
      run: () => erase(batch, opened),
    },
  );
  return orders;
}

export function buttons(orders, most = orders.length) {
  return orders.slice(0, most).map(({ name, words, isDangerous, isMain, run }) =>
    h(
      "button",
      {
        type: "button",
        class: `button${isMain ? " is-primary" : ""}${isDangerous ? " is-bad" : ""}`,
        data: { order: name },
        on: { click: run },
      },
      words,
    ),
  );
}

function approve(batch, done) {
  return confirm({
    title: `Approve ${batch.name}?`,
    action: "Approve",
    text: `${count(batch.counts.total, "trade")}, submitted by ${batch.created_by}. What you release is exactly what is shown now: any edit asks anew.`,
    act: async () => give(batch, "approve", { content_hash: batch.content_hash }, done),
  });
}

function reject(batch, done) {
  return confirm({
    title: `Send ${batch.name} back?`,
    action: "Reject",
    isDangerous: true,
    reason: "required",
    text: "It stays staged and is not started until somebody edits it.",
    act: async (note) => give(batch, "reject", { content_hash: batch.content_hash, note }, done),
  });
}

function cancel(batch, done) {
  const { pending, quoting, booking, booked, in_doubt } = batch.counts;
  return confirm({
    title: `Cancel ${batch.name}?`,
    action: "Cancel the batch",
    isDangerous: true,
    reason: "optional",
    text: `${count(pending + quoting, "trade")} will never be sent. ${count(booking + booked + in_doubt, "trade")} past that point run to their end. This cannot be taken back.`,
    act: async (note) => give(batch, "cancel", note ? { note } : null, done),
  });
}

/** @param selection `{ all: true }`, `{ codes }` or `{ trade_ids }`. @param number of trades it takes up. */
export function retry(batch, selection, number, done) {
  return confirm({
    title: `Try ${count(number, "trade")} of ${batch.name} again?`,
    action: "Try again",
    reason: "optional",
    text: "Each gets a new quote and a new attempt. What failed to settle, or was called not booked by a person, is left out: it is tried again singly.",
    act: async (note) => give(batch, "retry", { ...selection, ...(note ? { note } : {}) }, done),
  });
}

function accept(batch, done) {
  return confirm({
    title: `Accept the outcome of ${batch.name}?`,
    action: "Accept",
    reason: "required",
    text: `${batch.counts.completed} of ${count(batch.counts.total, "trade")} are completed, ${batch.counts.failed} failed, ${batch.counts.cancelled} were cancelled. It then needs no decision.`,
    act: async (note) => give(batch, "accept", { note }, done),
  });
}

async function clone(batch, opened) {
  try {
    const made = await post(path(batch, "clone"));
    toast(`${made.name} is staged.`, { kind: "good", link: `/batches/${made.id}` });
    opened?.(made.id);
  } catch (error) {
    complain(error);
  }
}

function reverse(batch, opened) {
  return ask({
    title: `Reverse ${batch.name}?`,
    action: "Make the reversal",
    text: `A new staged batch of the opposites of ${count(batch.counts.completed, "completed trade")}. Nothing is booked until it is started.`,
    fields: [
      {
        name: "name",
        label: "Name",
        value: `${batch.name}, reversed`,
        required: true,
        maxlength: 200,
      },
    ],
    submit: async ({ name }) => {
      const made = await post(path(batch, "reverse"), { name });
      toast(`${made.name} is staged.`, { kind: "good", link: `/batches/${made.id}` });
      opened?.(made.id);
    },
  });
}

/** Keeps how a batch is run, and its rows. */
function keepTemplate(batch) {
  return ask({
    title: "Keep it as a template",
    action: "Keep it",
    text: `How it is run and its ${count(batch.counts.total, "row")}, to be made again with other amounts. Callbacks are not kept.`,
    fields: [{ name: "name", label: "Name", value: batch.name, required: true, maxlength: 200 }],
    submit: async ({ name }) => {
      await post("/api/templates", { batch_id: batch.id, name });
      toast(`The template ${name} is kept.`, { kind: "good", link: "/templates" });
    },
  });
}

function erase(batch, opened) {
  return confirm({
    title: `Delete ${batch.name}?`,
    action: "Delete",
    isDangerous: true,
    text: "It has sent nothing to the bank, so nothing has to be kept. It is gone for good.",
    act: async () => {
      await remove(`/api/batches/${batch.id}`, { version: batch.version });
      toast(`${batch.name} is deleted.`);
      opened?.(null);
    },
  });
}

/** Puts a batch at another place of the queue: among those of the priority of its new neighbour.
 * Positions that would collide are moved on, one call each. @param order the queue as it is wanted. */
export async function moveInQueue(order, moved, priority) {
  const group = order.filter((batch) => batch === moved || batch.priority === priority);
  const place = group.indexOf(moved);
  const next = group[place + 1],
    previous = group[place - 1];
  const wanted = new Map(group.map((batch) => [batch, batch.queue_position]));
  if (next) wanted.set(moved, Math.max(0, next.queue_position - 1));
  else if (previous) wanted.set(moved, previous.queue_position + 1);
  let last = -1;
  for (const batch of group) {
    if (wanted.get(batch) <= last) wanted.set(batch, last + 1);
    last = wanted.get(batch);
  }
  for (const batch of group) {
    if (batch !== moved && wanted.get(batch) === batch.queue_position) continue;
    await post("/api/batches/priority", {
      batch_id: batch.id,
      priority,
      queue_position: wanted.get(batch),
    });
  }
}

export async function setPriority(batch, priority) {
  if (priority < 1 || priority > 10) return;
  await post("/api/batches/priority", { batch_id: batch.id, priority });
}
