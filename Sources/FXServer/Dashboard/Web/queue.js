// The rows of active batches on the desk: what is dealt with now and what waits, in the order in which
// they come. A dealer moves them by dragging, by the arrows, or by keys on a row.

import { book } from "./book.js";
import { h, reconcile, setAttribute, setText } from "./dom.js";
import { buttons, moveInQueue, ordersFor, setPriority } from "./orders.js";
import { progressBar } from "./progress.js";
import { can } from "./session.js";
import { ago, bothTimes, duration, everySecond } from "./time.js";
import { complain } from "./toasts.js";
import { chip, icon, percent, setChip } from "./words.js";

export function queueList(signal) {
  const list = h("ol", {
    class: "queue",
    "aria-label": "Active batches, in the order of the queue",
  });
  let dragged = null;
  const show = () => {
    reconcile(
      list,
      inOrder(book.active ?? []),
      ({ id }) => id,
      row,
      (node, batch) => node.show(batch),
    );
  };
  list.addEventListener("keydown", (event) => keyed(event, list));
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    dragged?.classList.add("is-dragged");
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
    clearMarks(list);
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("li");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    clearMarks(list);
    over.classList.add(isBefore(event, over) ? "drop-before" : "drop-after");
  });
  list.addEventListener("drop", (event) => {
    event.preventDefault();
    const over = event.target.closest("li");
    if (!dragged || !over || over === dragged) return;
    drop(dragged.batch, over.batch, isBefore(event, over));
  });
  book.onChange(show, signal);
  everySecond(() => {
    for (const node of list.children) node.age();
  }, signal);
  if (book.active) show();
  return list;
}

const inOrder = (batches) =>
  [...batches].sort((a, b) => b.priority - a.priority || a.queue_position - b.queue_position);

const isBefore = (event, over) => {
  const box = over.getBoundingClientRect();
  return event.clientY < box.top + box.height / 2;
};

function clearMarks(list) {
  for (const node of list.children) node.classList.remove("drop-before", "drop-after");
}

function drop(moved, target, before) {
  const order = inOrder(book.active).filter((batch) => batch !== moved);
  order.splice(order.indexOf(target) + (before ? 0 : 1), 0, moved);
  moveInQueue(order, moved, target.priority).then(() => book.refresh(), complain);
}

/** One place up or down; past a neighbour of another priority it takes that one's. */
function step(batch, way) {
  const order = inOrder(book.active);
  const target = order[order.indexOf(batch) + way];
  if (target) drop(batch, target, way < 0);
}

function keyed(event, list) {
  const node = event.target.closest("li");
  if (!node || event.target !== node || event.ctrlKey || event.metaKey) return;
  const way =
    event.key === "ArrowUp" || event.key === "k"
      ? -1
      : event.key === "ArrowDown" || event.key === "j"
        ? 1
        : 0;
  if (way && !event.altKey) {
    (way < 0 ? node.previousElementSibling : node.nextElementSibling)?.focus();
  } else if (way && can("dealer")) {
    step(node.batch, way);
  } else if (["+", "-"].includes(event.key) && can("dealer")) {
    setPriority(node.batch, node.batch.priority + (event.key === "+" ? 1 : -1)).then(
      () => book.refresh(),
      complain,
    );
  } else if (event.key === "Enter") {
    node.querySelector("a").click();
  } else if (event.key === "Home" || event.key === "End") {
    (event.key === "Home" ? list.firstElementChild : list.lastElementChild)?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

function row(first) {
  const moves = can("dealer");
  const name = h("a", { class: "queue-name", href: `/batches/${first.id}` });
  const state = chip(first.status);
  const bar = progressBar();
  const done = h("span", { class: "num" });
  const pace = h("span", { class: "num muted queue-pace" });
  const priority = h("span", { class: "queue-priority num", title: "Priority: 10 comes first" });
  const lock = h("span", { class: "queue-lock muted" });
  const lockWords = h("span", {});
  lock.append(icon("lock"), lockWords);
  const tools = h("span", { class: "queue-tools" });
  const node = h(
    "li",
    {
      class: moves ? "queue-row can-move" : "queue-row",
      tabindex: "0",
      draggable: moves ? "true" : null,
    },
    h(
      "span",
      { class: "queue-place" },
      moves ? icon("grip") : null,
      priority,
      moves ? [arrow(-1), arrow(1)] : null,
    ),
    h("span", { class: "queue-title" }, name, state),
    h("span", { class: "queue-bar" }, bar.node),
    h("span", { class: "queue-counts" }, done, pace),
    lock,
    tools,
  );
  function arrow(way) {
    return h(
      "button",
      {
        type: "button",
        class: "button is-quiet queue-arrow",
        "aria-label": way < 0 ? "Move up in the queue" : "Move down in the queue",
        on: { click: () => step(node.batch, way) },
      },
      icon(way < 0 ? "up" : "down"),
    );
  }
  let offered = "";
  node.show = (batch) => {
    node.batch = batch;
    const { counts } = batch;
    setText(name, batch.name);
    setChip(state, batch.status);
    bar.show(counts);
    setText(priority, batch.priority);
    setText(
      done,
      `${counts.completed + counts.failed + counts.cancelled} / ${counts.total} · ${percent(batch.progress)}`,
    );
    setText(pace, paceWords(batch));
    setAttribute(
      node,
      "aria-label",
      `${batch.name}, ${state.textContent}, ${percent(batch.progress)}, priority ${batch.priority}`,
    );
    const orders = ordersFor(batch, { done: () => book.refresh() }).filter(({ name: order }) =>
      ["pause", "resume", "cancel"].includes(order),
    );
    const now = orders.map(({ name: order }) => order).join();
    if (now !== offered) {
      offered = now;
      const live = () => ordersFor(node.batch, { done: () => book.refresh() });
      tools.replaceChildren(
        ...buttons(
          orders.map((order) => ({
            ...order,
            run: () =>
              live()
                .find((one) => one.name === order.name)
                ?.run(),
          })),
        ),
      );
    }
    node.age();
  };
  node.age = () => {
    const held = node.batch.lock;
    setText(
      lockWords,
      held ? `${held.locked_by.split("/")[0]} · ${ago(held.locked_at)}` : "not held",
    );
    lock.title = held
      ? `Held by ${held.locked_by} since ${bothTimes(held.locked_at)}, until ${bothTimes(held.expires_at)} unless renewed`
      : "No node holds it";
  };
  return node;
}

function paceWords(batch) {
  if (batch.status === "paused")
    return batch.pause_cause === "person" ? "paused" : "paused by its policy";
  if (batch.cancel_requested_at) return "being cancelled";
  if (batch.trades_per_second === null || batch.trades_per_second === undefined)
    return batch.status === "running" ? "…" : "waits";
  const rate = `${batch.trades_per_second.toFixed(batch.trades_per_second < 10 ? 1 : 0)} /s`;
  return batch.eta_seconds === null ? rate : `${rate} · ${duration(batch.eta_seconds * 1000)} left`;
}
