// What a keyboard and a little script add to pages that work without them.
"use strict";

const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- menus: one at a time, closed by Escape and by a click elsewhere -------------------------
document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open], details.menu-sheet[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// --- asking before what cannot be undone ------------------------------------------------------
document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm || event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) {
    event.preventDefault();
    return;
  }
  const form = event.target;
  // Not form.method: a field of that name would answer.
  if (form.getAttribute("method") === "post") {
    // A second click while the first is on its way would be a second submit.
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.classList.add("is-busy");
    delete form.dataset.dirty;
    setTimeout(() => { delete form.dataset.sent; form.classList.remove("is-busy"); }, 8000);
  }
});
window.addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) { delete form.dataset.sent; form.classList.remove("is-busy"); }
});

// --- lists: filters apply when chosen, rows are walked with j and k ----------------------------
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-filters]");
  if (form && event.target.type !== "search") form.requestSubmit();
});

const rows = () => all("[data-rows] tbody tr").filter((row) => row.querySelector("[data-open]"));
function walk(step) {
  const found = rows();
  if (!found.length) return;
  const now = found.findIndex((row) => row.contains(document.activeElement));
  const next = found[Math.min(found.length - 1, Math.max(0, now + step))] || found[0];
  next.querySelector("[data-open]").focus();
  next.scrollIntoView({ block: "nearest" });
}

// --- keys -------------------------------------------------------------------------------------
let waitingForPlace = 0;
const places = { i: "/inbox", o: "/orders", s: "/start", d: "/dashboard", c: "/customers", h: "/help" };

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const here = document.activeElement;
  if (event.key === "Escape") {
    all("details.menu[open], details.menu-sheet[open]").forEach((menu) => { menu.open = false; });
    if (typing(here)) here.blur();
    return;
  }
  const form = here?.closest?.("form[data-form]");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.querySelector("[data-primary]")?.click();
    return;
  }
  if (event.altKey && event.key.toLowerCase() === "n" && form) {
    event.preventDefault();
    (here.closest(".lines") || form).querySelector("[data-add]")?.click();
    return;
  }
  if (here?.closest?.(".lines tbody") && (event.key === "ArrowUp" || event.key === "ArrowDown") && stepRow(event)) return;
  if (typing(here) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (Date.now() - waitingForPlace < 1200 && places[event.key]) {
    event.preventDefault();
    location.href = places[event.key];
    return;
  }
  const act = {
    "/": () => (document.getElementById("list-find") || document.getElementById("find"))?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
    j: () => walk(1),
    k: () => walk(-1),
    c: () => (here?.closest("tr")?.querySelector("[data-claim]") || document.querySelector('[data-key="c"]'))?.click(),
    g: () => { waitingForPlace = Date.now(); },
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});

// In a table of fields the arrows go to the same field one row up or down.
function stepRow(event) {
  const field = document.activeElement;
  if (field.tagName === "SELECT" || field.tagName === "TEXTAREA" || /^(radio|checkbox|date|datetime-local|time)$/.test(field.type) || field.list) return false;
  const row = field.closest("tr");
  const cell = field.closest("td");
  const other = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  const target = other?.cells[cell.cellIndex]?.querySelector("input:not([type=hidden]), select, textarea");
  if (!target) return false;
  event.preventDefault();
  target.focus();
  target.select?.();
  return true;
}

// --- forms: unsaved work, row buttons, boxes that search ----------------------------------------
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) form.dataset.dirty = "1";
  if (event.target.dataset.choices) searchChoices(event.target);
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-dirty]")) event.preventDefault();
});

const pending = new WeakMap();
function searchChoices(box) {
  clearTimeout(pending.get(box));
  pending.set(box, setTimeout(async () => {
    const list = document.getElementById(box.getAttribute("list"));
    if (!list || [...list.options].some((option) => option.value === box.value)) {
      sayChosen(box, list);
      return;
    }
    const answer = await fetch(`${box.dataset.choices}?q=${encodeURIComponent(box.value)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    list.replaceChildren(...(await answer.json()).map((one) => new Option(one.label, one.value)));
    sayChosen(box, list);
  }, 180));
}
function sayChosen(box, list) {
  const shown = box.parentElement.querySelector("[data-chosen]");
  const match = list && [...list.options].find((option) => option.value === box.value);
  if (shown) shown.textContent = match ? match.label : "";
}

// --- a form that came back from the server: nothing typed meanwhile is lost -----------------------
// The answer shows the form as it was when it was asked for. What changed since then is put back.
const sentForms = new WeakMap();
let putBack = null;
let added = null;

function filledIn(form) {
  const seen = new Map();
  const found = new Map();
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.type === "file" || field.tagName === "BUTTON") continue;
    const isTick = field.type === "checkbox" || field.type === "radio";
    const base = isTick ? `${field.name}=${field.value}` : field.name;
    const count = seen.get(base) || 0;
    seen.set(base, count + 1);
    found.set(`${base}#${count}`, { field, value: isTick ? field.checked : field.value, isTick });
  }
  return found;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.closest?.("form[data-form]");
  if (form) sentForms.set(form, new Map([...filledIn(form)].map(([key, one]) => [key, one.value])));
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const form = event.detail.target;
  if (!form?.matches?.("form[data-form]")) return;
  const sent = sentForms.get(form);
  const changed = [...filledIn(form)].filter(([key, one]) => sent?.has(key) && sent.get(key) !== one.value);
  putBack = { dirty: form.dataset.dirty, changed: changed.map(([key, one]) => [key, one.value]) };
});
document.addEventListener("htmx:afterSwap", () => {
  const form = document.querySelector("form[data-form]");
  if (!form || !putBack) return;
  if (putBack.dirty) form.dataset.dirty = "1";
  const now = filledIn(form);
  for (const [key, value] of putBack.changed) {
    const one = now.get(key);
    if (!one) continue;
    if (one.isTick) one.field.checked = value; else one.field.value = value;
  }
  putBack = null;
  if (!added) return;
  // After a row was added, the caret goes into it.
  const button = all("[data-add]").find((one) => one.value === added);
  const lines = button?.closest(".lines");
  const last = lines && all("tbody tr, ol > li", lines).pop();
  last?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  added = null;
});
// "all: pass" answers every row of a table that has no answer yet.
const showAll = (root) => all("[data-all]", root).forEach((button) => { button.hidden = false; });
showAll(document);
document.addEventListener("htmx:afterSwap", () => showAll(document));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-all]");
  if (!button) return;
  const rows = new Map();
  if (!button.dataset.all) all("input[type=checkbox]", button.closest(".field")).forEach((one) => { one.checked = true; });
  else for (const one of all(`input[type=radio][name$="].${button.dataset.all}"]`, button.closest(".field"))) {
    rows.set(one.name, [...(rows.get(one.name) || []), one]);
  }
  for (const choices of rows.values()) {
    if (choices.some((one) => one.checked)) continue;
    const wanted = choices.find((one) => one.value === button.dataset.value);
    if (wanted) wanted.checked = true;
  }
  button.closest("form")?.dispatchEvent(new Event("change", { bubbles: true }));
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (button) added = button.value;
});

document.querySelector("[data-focus]")?.focus();

for (const button of all("[data-print]")) { button.hidden = false; button.addEventListener("click", () => window.print()); }

// --- lists that notice new work, while somebody looks at them --------------------------------------
const LOOK_EVERY = 15000;
const live = document.querySelector("[data-live]");
async function lookForNews() {
  if (document.hidden || !live) return;
  const answer = await fetch(live.dataset.live, { headers: { "If-None-Match": `"${live.dataset.etag}"` } }).catch(() => null);
  if (!answer || answer.status !== 200 || answer.redirected) return;
  const rows = await answer.text();
  // Nobody's row moves away under the hand.
  if (live.contains(document.activeElement) && document.activeElement !== document.body) return;
  if (live.querySelector("[data-pick]:checked")) return;
  live.innerHTML = rows;
  document.dispatchEvent(new Event("list:fresh"));
  live.dataset.etag = (answer.headers.get("ETag") || "").replace(/^W\/|"/g, "").replaceAll('"', "");
}
if (live) setInterval(lookForNews, LOOK_EVERY);
document.addEventListener("visibilitychange", lookForNews);
