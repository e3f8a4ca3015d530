// A table of any length: pages of the API by their cursors, and in the page only the rows in sight.
//
//   const table = blotter({
//     label: "Trades", signal, keyOf: (trade) => trade.id,
//     columns: [{ name: "Amount", isNumber: true, least: 640, cell: (trade) => … }],   // hidden below `least` px
//     load: (cursor, limit) => get(…),          a page: { items, next_cursor }
//     open: (trade) => …,                       by a click or Enter
//     selectable: (trade) => …,                 with checkboxes, ranges with shift; `onSelect(set)`
//   })
//   page.append(table.node); table.reset(total?)     from the top; `total` where it is known
//   table.patch(id, { status })                      of a row that is at hand; others are left alone
//   table.refresh()                                  the pages in sight anew, rows keep their places

import { coalesced, h, reconcile, replace, setAttribute, setText } from "./dom.js";
import { complain } from "./toasts.js";

const ROW_PX = 31;
const PAGE_ROWS = 200;
const SPARE_ROWS = 8;
// Pages kept on each side of those in sight; others are read again when they come back.
const KEPT_PAGES = 6;
const REFRESH_MS = 700;

export function blotter({
  label,
  columns,
  load,
  keyOf,
  open,
  selectable,
  onSelect,
  signal,
  empty,
}) {
  let pages = [];
  let hasMore = true;
  let total = null;
  let loading = null;
  let generation = 0;
  let current = 0;
  let lastChosen = null;
  const chosen = new Set();

  const head = h(
    "tr",
    { "aria-rowindex": "1" },
    selectable
      ? h("th", { scope: "col", class: "col-choose" }, h("span", { class: "sr" }, "Chosen"))
      : null,
    columns.map((column) => h("th", { scope: "col", class: classOf(column) }, column.name)),
  );
  const above = h("tbody", { "aria-hidden": "true" }, h("tr", {}, h("td", {})));
  const body = h("tbody");
  const below = h("tbody", { "aria-hidden": "true" }, h("tr", {}, h("td", {})));
  const table = h(
    "table",
    { class: "blotter-table", role: "grid", "aria-label": label },
    h("thead", {}, head),
    above,
    body,
    below,
  );
  const note = h("div", { class: "blotter-note", hidden: true });
  const box = h(
    "div",
    { class: "blotter", tabindex: "0", role: "region", "aria-label": `${label}, scrolls` },
    table,
    note,
  );
  for (const spacer of [above, below])
    spacer.firstElementChild.firstElementChild.colSpan = columns.length + 1;

  const known = () => (pages.length ? (pages.length - 1) * PAGE_ROWS + pages.at(-1).count : 0);
  const length = () => (hasMore ? Math.max(total ?? 0, known()) : known());
  const item = (index) => pages[Math.floor(index / PAGE_ROWS)]?.items?.[index % PAGE_ROWS];

  function range() {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(
      length(),
      Math.ceil((box.scrollTop + box.clientHeight) / ROW_PX) + SPARE_ROWS,
    );
    return [first, Math.max(first, last)];
  }

  let frame = null;
  function draw() {
    if (frame !== null) return;
    frame = requestAnimationFrame(() => {
      frame = null;
      if (signal.aborted) return;
      const [first, last] = range();
      const rows = [];
      for (let index = first; index < last; index += 1) rows.push({ index, item: item(index) });
      above.hidden = first === 0;
      below.hidden = last >= length();
      above.firstElementChild.firstElementChild.style.height = `${first * ROW_PX}px`;
      below.firstElementChild.firstElementChild.style.height = `${(length() - last) * ROW_PX}px`;
      setAttribute(table, "aria-rowcount", hasMore && total === null ? -1 : length() + 1);
      reconcile(
        body,
        rows,
        ({ index }) => index,
        makeRow,
        (node, row) => node.show(row),
      );
      fill(first, last);
    });
  }

  /** Reads what is missing in sight: pages that were let go, or the next ones. */
  async function fill(first, last) {
    if (loading) return;
    const from = Math.floor(first / PAGE_ROWS),
      to = Math.floor(Math.max(first, last - 1) / PAGE_ROWS);
    let wanted = null;
    for (let place = from; place <= Math.min(to, pages.length - 1); place += 1) {
      if (!pages[place].items) {
        wanted = place;
        break;
      }
    }
    const isNearEnd = hasMore && last + PAGE_ROWS / 2 >= known();
    if (wanted === null && !isNearEnd) return;
    await readPage(wanted ?? pages.length);
    draw();
  }

  async function readPage(place) {
    const mine = generation;
    const cursor =
      place < pages.length ? pages[place].cursor : pages.length ? pages.at(-1).next : null;
    loading = load(cursor, PAGE_ROWS);
    try {
      const page = await loading;
      if (mine !== generation) return;
      pages[place] = {
        cursor,
        next: page.next_cursor,
        items: page.items,
        count: page.items.length,
      };
      if (place === pages.length - 1) hasMore = page.next_cursor !== null;
      letGo(place);
      showNote();
    } catch (error) {
      if (mine !== generation || signal.aborted) return;
      hasMore = false;
      complain(error);
    } finally {
      if (mine === generation) loading = null;
    }
  }

  function letGo(place) {
    pages.forEach((page, other) => {
      if (Math.abs(other - place) > KEPT_PAGES) page.items = null;
    });
  }

  function showNote() {
    note.hidden = length() > 0 || hasMore;
    if (!note.hidden) replace(note, empty ?? "Nothing is here.");
  }

  function makeRow({ index }) {
    const cells = columns.map((column) =>
      h(column.isHeader ? "th" : "td", {
        class: classOf(column),
        scope: column.isHeader ? "row" : null,
      }),
    );
    const check = selectable ? h("input", { type: "checkbox", tabindex: "-1" }) : null;
    const node = h(
      "tr",
      { "aria-rowindex": index + 2, tabindex: "-1" },
      check ? h("td", { class: "col-choose" }, check) : null,
      cells,
    );
    // Of a row that is still being read there is a sign, too.
    let shown = null;
    check?.addEventListener("click", (event) => choose(index, check.checked, event.shiftKey));
    node.addEventListener("click", (event) => {
      if (event.target.closest("input, a, button, .col-choose")) return;
      if (String(getSelection())) return;
      current = index;
      if (item(index)) open?.(item(index));
    });
    node.show = (row) => {
      setAttribute(node, "tabindex", index === current ? "0" : "-1");
      if (check) {
        const isFree = Boolean(row.item && selectable(row.item));
        check.hidden = !isFree;
        check.checked = isFree && chosen.has(keyOf(row.item));
        setAttribute(
          check,
          "aria-label",
          row.item ? `Choose row ${row.item.row ?? index + 1}` : "Choose",
        );
        setAttribute(node, "aria-selected", isFree ? String(check.checked) : null);
      }
      if (shown === row.item) return;
      shown = row.item;
      columns.forEach((column, place) => {
        const content = row.item ? column.cell(row.item) : place === 0 ? "…" : "";
        if (content instanceof Node) cells[place].replaceChildren(content);
        else setText(cells[place], content);
        if (!(content instanceof Node)) cells[place].title = content ?? "";
      });
    };
    return node;
  }

  function choose(index, isChosen, isRange) {
    const from = isRange && lastChosen !== null ? Math.min(lastChosen, index) : index;
    const to = isRange && lastChosen !== null ? Math.max(lastChosen, index) : index;
    for (let place = from; place <= to; place += 1) {
      const one = item(place);
      if (!one || !selectable(one)) continue;
      if (isChosen) chosen.add(keyOf(one));
      else chosen.delete(keyOf(one));
    }
    lastChosen = index;
    onSelect?.(chosen);
    draw();
  }

  function keyed(event) {
    if (event.target.closest("button, a")) return;
    const visible = Math.max(1, Math.floor(box.clientHeight / ROW_PX) - 2);
    const steps = {
      ArrowDown: 1,
      ArrowUp: -1,
      j: 1,
      k: -1,
      PageDown: visible,
      PageUp: -visible,
      Home: -length(),
      End: length(),
    };
    if (event.key in steps && !event.ctrlKey && !event.metaKey && !event.altKey) {
      move(Math.min(Math.max(0, current + steps[event.key]), Math.max(0, length() - 1)));
    } else if (event.key === "Enter" && item(current)) {
      open?.(item(current));
    } else if (
      (event.key === " " || event.key === "x") &&
      selectable &&
      item(current) &&
      selectable(item(current))
    ) {
      choose(current, !chosen.has(keyOf(item(current))), event.shiftKey);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  function move(index) {
    current = index;
    const top = index * ROW_PX,
      room = box.clientHeight - 2 * ROW_PX;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top > box.scrollTop + room) box.scrollTop = top - room;
    draw();
    // At once where it is there: a key that comes before the next frame must find it, or else the box.
    const row = () => [...body.children].find((node) => node.reconcileKey === index);
    (row() ?? box).focus({ preventScroll: true });
    requestAnimationFrame(() => {
      if (current === index) row()?.focus({ preventScroll: true });
    });
  }

  const refresh = coalesced(
    async () => {
      const mine = generation;
      const [first, last] = range();
      const from = Math.floor(first / PAGE_ROWS),
        to = Math.floor(Math.max(first, last - 1) / PAGE_ROWS);
      for (let place = from; place <= Math.min(to, pages.length - 1); place += 1) {
        const page = await load(pages[place].cursor, PAGE_ROWS);
        if (mine !== generation) return;
        // What is not in sight is read again once it is.
        pages[place] = {
          ...pages[place],
          items: page.items,
          count: page.items.length,
          next: page.next_cursor,
        };
        if (place === pages.length - 1) hasMore = page.next_cursor !== null;
      }
      pages.forEach((page, place) => {
        if (place < from || place > to) page.items = null;
      });
      showNote();
      draw();
    },
    REFRESH_MS,
    signal,
    complain,
  );

  box.addEventListener("scroll", draw, { passive: true });
  box.addEventListener("keydown", keyed);
  const watcher = new ResizeObserver(draw);
  watcher.observe(box);
  signal.addEventListener("abort", () => watcher.disconnect());

  return {
    node: box,
    refresh,
    get chosen() {
      return chosen;
    },
    /** Of the chosen those that are at hand. */
    chosenItems: () =>
      pages.flatMap((page) => (page.items ?? []).filter((one) => chosen.has(keyOf(one)))),
    reset(count = null) {
      generation += 1;
      pages = [];
      hasMore = true;
      loading = null;
      total = count;
      current = 0;
      chosen.clear();
      onSelect?.(chosen);
      box.scrollTop = 0;
      note.hidden = true;
      draw();
    },
    patch(key, changes) {
      for (const page of pages) {
        const place = page.items?.findIndex((one) => keyOf(one) === key) ?? -1;
        if (place < 0) continue;
        page.items[place] = { ...page.items[place], ...changes };
        draw();
        return true;
      }
      return false;
    },
    focus: () => move(current),
  };
}

function classOf({ isNumber, least, name }) {
  return [
    isNumber ? "num" : "",
    least ? `from-${least}` : "",
    `col-${name.toLowerCase().replace(/[^a-z]+/g, "-")}`,
  ]
    .filter(Boolean)
    .join(" ");
}
