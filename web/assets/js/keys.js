// Keyboard shortcuts. The templates own the map, this file only listens:
//   <a href="/" data-key="g d">             g, then d within a second, follows the link
//   <input type="search" data-key="/">      / puts the cursor there
//   <dialog id="help"> ... </dialog>        ? opens it (Escape closes it, as the browser does for every dialog)
//   <input type="checkbox" data-keys-switch>  people who dictate can turn single keys off (WCAG 2.1.4)
const OFF = "mydia:keys";
const PATIENCE_MS = 1000;
let pending = "";
let timer = 0;

const enabled = () => localStorage.getItem(OFF) !== "off";

function typing(element) {
  return element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName);
}

function fire(keys) {
  if (keys === "?") {
    const help = document.getElementById("help");
    if (!help?.showModal) return false;
    if (!help.open) help.showModal();
    return true;
  }
  const target = document.querySelector(`[data-key="${CSS.escape(keys)}"]`);
  if (!target) return false;
  if (typing(target)) {
    target.focus();
    target.select?.();
  } else {
    target.click();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!enabled() || event.key.length !== 1 || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const keys = pending ? `${pending} ${event.key}` : event.key;
  clearTimeout(timer);
  pending = "";
  if (fire(keys)) {
    event.preventDefault();
  } else if (document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`)) {
    pending = event.key;
    timer = setTimeout(() => { pending = ""; }, PATIENCE_MS);
  }
});

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-keys-switch]")) return;
  if (event.target.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "off");
});

for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = enabled();
