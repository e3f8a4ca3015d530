// CSV for the eye: what a file's cells say, to be shown beside what the server found wrong with them.
// The server reads the file itself; nothing here decides anything.
//
//   for (const cells of records(text)) …      header first; lines without anything are passed over
//   write([["Client CIF", "Amount"], ["CIF1", "5.00"]])

export function* records(text) {
  let cells = [];
  let cell = "";
  let isQuoted = false;
  let place = text.startsWith("\uFEFF") ? 1 : 0;
  const end = () => {
    cells.push(cell);
    cell = "";
    const done = cells;
    cells = [];
    return done;
  };
  for (; place < text.length; place += 1) {
    const sign = text[place];
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[place + 1] === '"') {
        cell += '"';
        place += 1;
      } else isQuoted = false;
    } else if (sign === '"' && cell === "") {
      isQuoted = true;
    } else if (sign === ",") {
      cells.push(cell);
      cell = "";
    } else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[place + 1] === "\n") place += 1;
      const done = end();
      if (done.length > 1 || done[0] !== "") yield done;
    } else {
      cell += sign;
    }
  }
  const last = end();
  if (last.length > 1 || last[0] !== "") yield last;
}

export function write(rows) {
  const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows
    .map((cells) => `${cells.map((cell) => quoted(String(cell ?? ""))).join(",")}\n`)
    .join("");
}
