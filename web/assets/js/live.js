// Whether this page hears the house. The SSE extension opens one stream per <body hx-ext="sse" sse-connect="...">;
// this file writes what becomes of it on the body:
//   data-live absent (no stream yet) | "live" | "lost"
// and into every .live-dot, in words. When a lost stream is back it triggers "mydia:back" on the body, once:
// whatever may have missed something refetches itself with hx-trigger="mydia:back from:body".
import htmx from "htmx.org";

const body = document.body;
const WORDS = { live: "Live", lost: "Reconnecting…" };

function tell(state) {
  const before = body.dataset.live;
  if (before === state) return;
  body.dataset.live = state;
  for (const dot of document.querySelectorAll(".live-dot")) dot.textContent = WORDS[state];
  if (before === "lost" && state === "live") htmx.trigger(body, "mydia:back");
}

document.addEventListener("htmx:sseOpen", () => tell("live"));
document.addEventListener("htmx:sseError", () => tell("lost"));
addEventListener("offline", () => tell("lost"));
