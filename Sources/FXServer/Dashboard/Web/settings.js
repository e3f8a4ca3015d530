// What this browser remembers for a person: theme, sound, saved views. Nothing of it leaves the browser.
//
//   remembered("sound")   remember("sound", "on")

const PREFIX = "fxbatch.";

export function remembered(name, otherwise = null) {
  try {
    return localStorage.getItem(PREFIX + name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    /* Storage is closed: it holds until the page is left. */
  }
}

/** "light", "dark" or "system". */
export function theme() {
  return remembered("theme", "system");
}

export function useTheme(chosen) {
  remember("theme", chosen === "system" ? null : chosen);
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}
