// Follows an instance: asks whether something has changed, and replaces what shows it.
// Without this script, the page is as it was when it was loaded.

const SHORTEST = 2_000; // milliseconds between two questions, where something is going on
const LONGEST = 30_000; // where nothing happens
const LONGEST_AFTER_FAILURE = 300_000;
// So long after it was read, the page is read again even if nothing has changed: whoever looks at it
// may have got, or lost, a permission.
const OLDEST = 600_000;

const live = document.getElementById("live");
let mark = live.dataset.mark;
let ended = "ended" in live.dataset;
let delay = SHORTEST;
let timer = null;
let read = Date.now();
let asking = false;
// The mark is enough: without cookies, the site looks up neither session nor user.
let credentials = "omit";

async function ask() {
  timer = null;
  if (document.hidden || asking) {
    return; // whoever comes back to this page lets it ask again
  }
  asking = true;
  let goOn = true;
  try {
    if (Date.now() - read > OLDEST || (await hasChanged())) {
      goOn = await update();
    } else {
      delay = Math.min(delay * 1.5, LONGEST);
    }
  } catch {
    delay = Math.min(delay * 2, LONGEST_AFTER_FAILURE);
  }
  asking = false;
  if (goOn) {
    wait();
  }
}

function wait() {
  clearTimeout(timer);
  // Pages that were opened together shall not ask together for ever.
  const next = ended ? Math.max(delay, LONGEST) : delay;
  timer = setTimeout(ask, next * (0.8 + 0.4 * Math.random()));
}

async function hasChanged() {
  const headers = { "If-None-Match": `"${mark}"` };
  const response = await fetch(live.dataset.changes, { headers, credentials, cache: "no-store" });
  if (response.status !== 304 && response.status !== 204) {
    credentials = "same-origin"; // something before the site wants to know who asks
    throw new Error(`${response.status}`);
  }
  return response.status === 204;
}

// Returns whether to go on.
async function update() {
  const response = await fetch(location.href, { cache: "no-store" });
  if (response.status >= 500) {
    throw new Error(`${response.status}`);
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("live");
  if (!response.ok || !fresh) {
    say(live.dataset.lost); // it is gone, or not for this person any more
    return false;
  }
  read = Date.now();
  const changed = mark !== fresh.dataset.mark;
  mark = fresh.dataset.mark;
  ended = "ended" in fresh.dataset;
  const before = new Set(rows().map(state));
  for (const part of document.querySelectorAll("[data-live]")) {
    replace(part, page.getElementById(part.id));
  }
  if (changed) {
    delay = SHORTEST;
    const unseen = rows().filter((row) => !before.has(state(row)));
    // What is open comes first in the list, but what is done is what has happened.
    const newest = unseen.find((row) => !row.classList.contains("open")) ?? unseen[0];
    say(`${live.dataset.updated} ${newest ? summary(newest) : ""}`);
  } else {
    delay = Math.min(delay * 1.5, LONGEST);
  }
  return true;
}

function replace(part, fresh) {
  if (!fresh || part.innerHTML === fresh.innerHTML) {
    return;
  }
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const address = focused?.getAttribute("href") ?? focused?.getAttribute("xlink:href");
  const scroll = [...part.querySelectorAll("[tabindex]")].map((each) => each.scrollLeft);
  part.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  part.querySelectorAll("[tabindex]").forEach((each, index) => {
    each.scrollLeft = scroll[index] ?? 0;
  });
  if (focused) {
    const links = [...part.querySelectorAll("a")];
    const same = links.find((each) => address && each.getAttribute("href") === address);
    (same ?? part.querySelector("[tabindex]") ?? part).focus?.({ preventScroll: true });
  }
}

function rows() {
  return [...document.querySelectorAll("#history tbody tr")];
}

// What tells a row from all others, and from what it was before.
function state(row) {
  return [row.dataset.key, row.className, summary(row)].join(" ");
}

function summary(row) {
  const cells = [...row.querySelectorAll("th, .status, .due, .text")];
  return cells.map((cell) => cell.textContent.trim()).join(", ");
}

function say(text) {
  live.textContent = text;
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    delay = SHORTEST;
    clearTimeout(timer);
    ask();
  }
});

wait();
