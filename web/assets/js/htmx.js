// htmx with its two extensions, held to the Content-Security-Policy: nothing is evaluated (so no hx-on, no
// hx-vals="js:", no trigger filters in [brackets]), nothing inline is injected, and no request leaves this origin.
//   hx-swap="morph:outerHTML" | "morph:innerHTML"   keep focus, selection and open <details> while content changes
//   hx-ext="sse" sse-connect="/live" sse-swap="..."  server-sent events
import htmx from "htmx.org";
import "idiomorph/htmx";
import "htmx-ext-sse";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0, // a page from the cache would be stale and might outlive the session; ask the server
  refreshOnHistoryMiss: true,
  attributesToSettle: ["class", "width", "height"], // not "style": the policy refuses it
});

export default htmx;
