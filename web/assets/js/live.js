// Live pages. <body data-live-url="/live" data-live-after="4711"> says where this page stands; the stream tells which topics moved
// since, and every region that names one (hx-trigger="live:downloads from:body") refetches itself.
//   data-live on the body: absent (no stream yet) | "live" | "lost", and in words in every .live-dot
//   "mydia:back" on the body, once, when something may have been missed (the line was cut): every region refetches itself
// Download bars move by the message itself: [data-download="id"] holds [data-bar] [data-percent] [data-speed] [data-eta].
// A hidden tab hangs up after a while (browsers allow six streams per house, in all tabs together) and catches up when it is seen again.
import htmx from "htmx.org";
import { eta, percent, speed } from "./words.js";

const { body } = document;
const WORDS = { live: "Live", lost: "Reconnecting…" };
const HIDDEN_MS = 20_000;
const SILENCE_MS = 40_000; // the house beats every 15 s
const NOTICE_MS = 8_000;
const AGAIN_MS = 5_000;
let stream;
let seq = body.dataset.liveAfter;
let silence;
let hanging;
let opened = false; // ever
let again = 0; // a timer, while a region shows less than the stream has told

function show(state) {
  if (body.dataset.live === state) return;
  body.dataset.live = state;
  for (const dot of document.querySelectorAll(".live-dot")) dot.textContent = WORDS[state];
}

function listen() {
  stream?.close();
  stream = new EventSource(`${body.dataset.liveUrl}?after=${seq}`);
  // What is told without being kept (a job moved, a download waits) was missed while the line was cut: nothing tells it again.
  stream.addEventListener("open", () => { show("live"); heard(); if (again || opened) catchUp(); opened = true; });
  stream.addEventListener("error", () => {
    show("lost");
    // The browser tries again by itself unless it was answered "no": then ask the house why, by loading the page.
    if (stream.readyState === EventSource.CLOSED) setTimeout(retry, 3000);
  });
  stream.addEventListener("beat", heard);
  stream.addEventListener("bye", () => { show("lost"); });
  stream.addEventListener("live", (event) => { heard(); take(event); });
}

async function retry() {
  const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") location.reload();
  else listen();
}

function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => { show("lost"); listen(); }, SILENCE_MS);
}

// A region whose refetch failed has missed what it was told of: it asks again, at the latest when the line is back.
function catchUp() {
  clearTimeout(again);
  again = 0;
  htmx.trigger(body, "mydia:back");
}

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  body.addEventListener(failure, ({ detail }) => {
    if (!detail.elt.hasAttribute?.("data-region")) return;
    clearTimeout(again);
    again = setTimeout(catchUp, AGAIN_MS);
  });
}

function take(event) {
  seq = event.lastEventId || seq;
  const { topics, progress, notices } = JSON.parse(event.data);
  for (const [id, p] of Object.entries(progress)) move(id, p);
  for (const topic of topics) htmx.trigger(body, topic === "everything" ? "mydia:back" : `live:${topic}`);
  for (const notice of notices) tell(notice);
}

function move(id, { title, progress, speed: rate, eta: seconds }) {
  for (const row of document.querySelectorAll(`[data-download="${CSS.escape(id)}"]`)) {
    const put = (part, text) => { const at = row.querySelector(`[data-${part}]`); if (at && at.textContent !== text) at.textContent = text; };
    const bar = row.querySelector("[data-bar]");
    if (bar) bar.value = progress;
    put("percent", percent(progress));
    put("speed", speed(rate));
    put("eta", eta(seconds));
  }
  if (!title) return;
  for (const bar of document.querySelectorAll(`[data-progress-title="${CSS.escape(title)}"]`)) bar.value = progress;
}

function tell({ text, tone, href }) {
  const place = document.getElementById("notices");
  if (!place) return;
  const notice = document.createElement(href ? "a" : "p");
  if (href) notice.href = href;
  notice.className = `notice notice-${tone}`;
  notice.textContent = text;
  place.append(notice);
  while (place.children.length > 3) place.firstChild.remove();
  setTimeout(() => notice.remove(), NOTICE_MS);
}

if (body.dataset.liveUrl) {
  listen();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hanging);
    if (document.hidden) {
      hanging = setTimeout(() => { clearTimeout(silence); stream.close(); stream = null; }, HIDDEN_MS);
    } else if (!stream) {
      listen();
    }
  });
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  addEventListener("offline", () => show("lost"));
  addEventListener("online", listen);
}
