// htmx with morphing, held to the Content-Security-Policy: nothing is evaluated (so no hx-on, no hx-vals="js:", no trigger filters
// in [brackets]), nothing inline is injected, and no request leaves this origin.
//   hx-swap="morph:outerHTML"   keeps focus, selection, scroll and what a person has opened while content changes
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph/htmx";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0, // a page from the cache would be stale and might outlive the session; ask the server
  refreshOnHistoryMiss: true,
  attributesToSettle: ["class", "width", "height"], // not "style": the policy refuses it
  // A form's refusal is a page too, and is shown in its place.
  responseHandling: [{ code: "204", swap: false }, { code: "[23]..", swap: true }, { code: "[45]..", swap: true, error: true }],
});

// What the person has opened or typed is theirs; the server's page does not know of it.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (attribute, element) =>
  !(attribute === "open" && /^(details|dialog)$/i.test(element.tagName));
Idiomorph.defaults.ignoreActiveValue = true;

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  // A region keeps what it shows when its refetch fails; a session that ended asks for the door.
  if (target?.hasAttribute?.("data-region") && xhr.status >= 400) event.detail.shouldSwap = false;
  if (xhr.status === 401) location.reload();
});

// A list that refetches itself asks for as much as was scrolled to.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  const list = elt.hasAttribute("data-region") && elt.querySelector("[data-list]");
  if (list) parameters.shown = list.querySelectorAll(":scope > li:not(.more)").length;
});

export default htmx;
