// Runs before the first paint (a blocking <script> in the head, the one that is not deferred), so that a person
// who chose dark never sees a white flash. Without a choice, data-theme stays absent and the style sheet follows
// prefers-color-scheme by itself.
//   <html data-theme="mydia-light" | "mydia-dark" | absent>
const chosen = localStorage.getItem("mydia:theme");
if (chosen === "light" || chosen === "dark") {
  document.documentElement.dataset.theme = `mydia-${chosen}`;
}
