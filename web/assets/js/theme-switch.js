// The theme switch: <button data-theme-set="light|dark|system" aria-pressed="false">. The choice lives in this
// browser (localStorage "mydia:theme") and reaches every open tab.
const KEY = "mydia:theme";
const root = document.documentElement;

function choice() {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

function show() {
  const now = choice();
  if (now === "system") delete root.dataset.theme;
  else root.dataset.theme = `mydia-${now}`;
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === now));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-theme-set]");
  if (!button) return;
  if (button.dataset.themeSet === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, button.dataset.themeSet);
  show();
});

addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) show();
});

// A swap may bring in a new switch; it must show the choice too.
document.addEventListener("htmx:afterSettle", show);
show();
