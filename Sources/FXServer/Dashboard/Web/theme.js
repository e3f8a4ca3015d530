// The person's choice of theme, before anything is painted. "system" is the absence of a choice.
// A plain script of its own: modules run too late, and the page would flash.
(() => {
  try {
    const chosen = localStorage.getItem("fxbatch.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    /* Storage is closed: the system's theme holds. */
  }
})();
