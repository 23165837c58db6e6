// The one script, deferred. Pages work without it; it adds the live parts and the keyboard.
//   js/htmx.js          htmx, morphing, server-sent events, under the Content-Security-Policy
//   js/live.js          is the stream up, and catching up after it was not
//   js/theme-switch.js  light, dark, or as the system
//   js/keys.js          keyboard shortcuts
// A further behaviour is a further file in js/, imported here. (js/theme.js is its own bundle: it must run first.)
import "./js/htmx.js";
import "./js/live.js";
import "./js/theme-switch.js";
import "./js/keys.js";
