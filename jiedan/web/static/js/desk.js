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
  if (form.method === "post") {
    // A second click while the first is on its way would be a second submit.
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.classList.add("is-busy");
    form.removeAttribute("data-dirty");
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
    c: () => here?.closest("tr")?.querySelector("[data-claim]")?.click(),
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

// After a row was added, the caret goes into it.
let added = null;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  added = button ? button.value : null;
});
document.addEventListener("htmx:after:swap", caretIntoNewRow);
document.addEventListener("htmx:afterSwap", caretIntoNewRow);
function caretIntoNewRow() {
  if (!added) return;
  const button = all("[data-add]").find((one) => one.value === added);
  const last = all("tbody tr", button?.closest(".lines") || document.createElement("div")).pop();
  last?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  added = null;
}

document.querySelector("[data-focus]")?.focus();
