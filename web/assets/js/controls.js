// Small controls that plain HTML lacks.
//   <details data-menu>                closes by Escape, by a click elsewhere, and when the focus leaves it
//   <button data-open="help">          opens the dialog of that id
//   <select data-submit>               sends its form when it changes (a <noscript> button stands in without script)
//   <nav class="tabbar">               where its tabs do not fit, it is scrolled to the one that is open
const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  const opener = event.target.closest?.("[data-open]");
  if (!opener) return;
  for (const menu of menus()) menu.open = false;
  document.getElementById(opener.dataset.open)?.showModal();
});

document.addEventListener("focusout", (event) => {
  for (const menu of menus()) if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.querySelector(".tabbar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("change", (event) => {
  if (event.target.matches?.("select[data-submit]")) event.target.form.requestSubmit();
});
