// Exact decimals as the API tells them: texts, grouped as texts. No amount ever becomes a number.

/** "1234567.50" → "1,234,567.50"; "" for null. */
export function grouped(text) {
  if (text === null || text === undefined || text === "") return "";
  const [, sign, whole, rest] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [null, "", String(text), ""];
  return (sign ? "−" : "") + whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (rest ?? "");
}

/** "ZAR 1,234.50" */
export function money(currency, text) {
  return text === null || text === undefined ? "" : `${currency} ${grouped(text)}`;
}

/** {"ZAR": "1.00", "USD": "2.00"} → ["ZAR 1.00", "USD 2.00"] */
export function sums(byCurrency) {
  return Object.entries(byCurrency ?? {}).map(([currency, text]) => money(currency, text));
}

/** The sum of exact decimal texts, as a text; by scaled whole numbers of any size. */
export function sum(texts) {
  let scale = 0;
  for (const text of texts) scale = Math.max(scale, (text.split(".")[1] ?? "").length);
  let total = 0n;
  for (const text of texts) {
    const [whole, rest = ""] = text.replace("-", "").split(".");
    const scaled = BigInt(whole + rest.padEnd(scale, "0"));
    total += text.startsWith("-") ? -scaled : scaled;
  }
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return (total < 0n ? "-" : "") + whole + (scale ? `.${digits.slice(-scale)}` : "");
}

/** For a picture's coordinates only, where a pixel is coarser than any rounding. */
export function coordinate(text) {
  return Number(text);
}
