// The one script, deferred. Pages work without it; it adds the live parts and the keyboard.
//   js/htmx.js          htmx and morphing, under the Content-Security-Policy
//   js/live.js          the stream: which regions refetch themselves, what moves, what is news
//   js/controls.js      menus, dialogs, selects that submit
//   js/theme-switch.js  light, dark, or as the system
//   js/keys.js          keyboard shortcuts
// A further behaviour is a further file in js/, imported here. (js/theme.js is its own bundle: it must run first.)
import "./js/htmx.js";
import "./js/live.js";
import "./js/controls.js";
import "./js/theme-switch.js";
import "./js/keys.js";
