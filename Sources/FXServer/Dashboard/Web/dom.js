// The only way that anything gets into the page. Text is always text: there is no markup from strings.
//
//   h("p", { class: "muted", on: { click: go } }, "Hello ", name)     an element
//   svg("path", { d: "…" })                                          one of a drawing
//   replace(box, a, b)      other children, in place of all
//   setText(node, words)    only where it differs, so that nothing moves or is read out again
//   reconcile(box, items, keyOf, create, update)   rows that stay the same nodes while they change

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on` adds listeners, `data` sets dataset, other names are attributes;
 * null, undefined and false leave an attribute out, true gives it without a value. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) {
        if (listener) node.addEventListener(type, listener);
      }
    } else if (name === "data") {
      Object.assign(node.dataset, value);
    } else if (name === "value" && "value" in node) {
      // A select has its options first; see below.
      if (node.localName !== "select") node.value = value ?? "";
    } else {
      setAttribute(node, name, value);
    }
  }
  add(node, children);
  if (node.localName === "select" && props && "value" in props) node.value = props.value ?? "";
  return node;
}

export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    node.removeAttribute(name);
  } else {
    const text = value === true ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

// They turn the writing round, also that of what stands behind them.
const TURNING = /[\u202A-\u202E\u2066-\u2069]/g;

/** A text in which such characters are seen and do nothing. */
const visible = (text) => text.replace(TURNING, "\uFFFD");

/** Appends nodes, texts and numbers; lists are flattened, and null, undefined and false skipped. */
export function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : visible(String(child)));
  }
  return node;
}

export function replace(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

export function setText(node, text) {
  const words = visible(String(text ?? ""));
  if (node.textContent !== words) node.textContent = words;
}

/** Makes the children of `box` those of `items`, by key: nodes are kept, moved only where the order
 * has changed, and told of their new item by `update(node, item)`. */
export function reconcile(box, items, keyOf, create, update) {
  const known = new Map();
  for (const node of box.children)
    if (node.reconcileKey !== undefined) known.set(node.reconcileKey, node);
  let place = box.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let node = known.get(key);
    if (node) {
      known.delete(key);
    } else {
      node = create(item);
      node.reconcileKey = key;
    }
    update?.(node, item);
    if (node === place) {
      place = place.nextElementSibling;
    } else if (node.contains(document.activeElement) && place) {
      // A node that is moved loses the focus: the others move around it.
      while (place && place !== node) {
        const next = place.nextElementSibling;
        box.append(place);
        place = next;
      }
      place = place?.nextElementSibling ?? null;
    } else {
      box.insertBefore(node, place);
    }
  }
  for (const node of known.values()) node.remove();
}

let lastID = 0;

/** An id that nothing else in the page has, for labels. */
export function newID(prefix = "x") {
  lastID += 1;
  return `${prefix}-${lastID}`;
}

/** Calls `work` once for all calls within `wait` ms, the first time at once, never twice at a time, and
 * again where it was called meanwhile. Ends with the signal. Errors go to the `onError` that is given. */
export function coalesced(work, wait, signal, onError = () => {}) {
  let timer = null;
  let running = false;
  let again = false;
  let pause = 0;
  const run = async () => {
    timer = null;
    pause = wait;
    if (signal?.aborted) return;
    running = true;
    again = false;
    try {
      await work();
    } catch (error) {
      if (!signal?.aborted) onError(error);
    }
    running = false;
    if (again) request();
  };
  const request = () => {
    if (running) again = true;
    else if (timer === null) timer = setTimeout(run, pause);
  };
  signal?.addEventListener("abort", () => clearTimeout(timer));
  return request;
}
