// The command palette, keys that press buttons, rows chosen for several at once, lists as they were.
"use strict";
{
  // --- Ctrl-K ------------------------------------------------------------------------------------
  const palette = document.getElementById("palette");
  const box = palette?.querySelector("input");
  const list = palette?.querySelector("ul");
  let asked = 0;

  async function ask() {
    const mine = ++asked;
    const answer = await fetch(`${palette.dataset.url}?q=${encodeURIComponent(box.value)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    list.replaceChildren(...(await answer.json()).map((one, place) => {
      const row = document.createElement("li");
      row.id = `go-${place}`;
      row.role = "option";
      row.dataset.url = one.url;
      row.append(part("span", "kind", one.kind), part("span", "", one.label), part("span", "about", one.about));
      return row;
    }));
    choose(0);
  }
  function part(tag, kind, text) {
    const made = document.createElement(tag);
    made.className = kind;
    made.textContent = text;
    return made;
  }
  function choose(place) {
    const rows = [...list.children];
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === place)));
    box.setAttribute("aria-activedescendant", rows[place]?.id || "");
    rows[place]?.scrollIntoView({ block: "nearest" });
  }
  const chosen = () => [...(list?.children || [])].findIndex((row) => row.getAttribute("aria-selected") === "true");
  function openPalette() {
    if (!palette || palette.open) return;
    palette.showModal();
    box.select();
    ask();
  }
  let typedLast = 0;
  box?.addEventListener("input", () => { clearTimeout(typedLast); typedLast = setTimeout(ask, 120); });
  box?.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(Math.min(last, Math.max(0, chosen() + (event.key === "ArrowDown" ? 1 : -1))));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const row = list.children[Math.max(0, chosen())];
      if (row) location.href = row.dataset.url;
    }
  });
  list?.addEventListener("click", (event) => {
    const row = event.target.closest("li");
    if (row) location.href = row.dataset.url;
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette]")) openPalette(); });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  // --- one key presses one button -----------------------------------------------------------------
  const isShown = (one) => one.offsetParent !== null || one.getClientRects().length > 0;
  document.addEventListener("keydown", (event) => {
    const here = document.activeElement;
    const typing = here && (here.isContentEditable || /^(TEXTAREA|SELECT)$/.test(here.tagName) || (here.tagName === "INPUT" && !/^(checkbox|radio)$/.test(here.type)));
    if (event.isComposing || event.defaultPrevented || typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "o" && here?.closest("[data-rows] tr")) return pick(here.closest("tr"), event);
    if (event.key === "*") return pickAll(event);
    if (event.key === "e") {
      const first = document.querySelector("#form :is(input:not([type=hidden]):not(.visually-hidden), select, textarea)");
      if (first) { event.preventDefault(); first.focus(); }
      return;
    }
    if (!/^[a-z]$/.test(event.key)) return;
    const found = [...document.querySelectorAll(`[data-key="${event.key}"]`)];
    const target = found.find(isShown) || found[0];
    if (!target) {
      if (event.key === "a") document.querySelector("#form [name=_outcome]")?.focus();
      return;
    }
    event.preventDefault();
    if (target.tagName === "TEXTAREA") target.focus(); else target.click();
  });

  // --- several rows at once -----------------------------------------------------------------------
  const picks = () => [...document.querySelectorAll("[data-pick]")];
  function pick(row, event) {
    const one = row.querySelector("[data-pick]");
    if (!one) return;
    event.preventDefault();
    one.checked = !one.checked;
    sayPicked();
  }
  function pickAll(event) {
    if (!picks().length) return;
    event.preventDefault();
    const every = picks().every((one) => one.checked);
    picks().forEach((one) => { one.checked = !every; });
    sayPicked();
  }
  function sayPicked() {
    const bar = document.querySelector("[data-bulk]");
    if (!bar) return;
    const number = picks().filter((one) => one.checked).length;
    bar.hidden = number === 0;
    bar.querySelector("[data-bulk-count]").textContent = String(number);
    const all = document.querySelector("[data-bulk-all]");
    if (all) { all.checked = number > 0 && number === picks().length; all.indeterminate = number > 0 && number < picks().length; }
  }
  let lastPicked = null;
  document.addEventListener("click", (event) => {
    const one = event.target.closest("[data-pick]");
    if (one) {
      const every = picks();
      if (event.shiftKey && lastPicked) {
        const [from, to] = [every.indexOf(lastPicked), every.indexOf(one)].sort((a, b) => a - b);
        every.slice(from, to + 1).forEach((other) => { other.checked = one.checked; });
      }
      lastPicked = one;
      sayPicked();
    } else if (event.target.closest("[data-bulk-all]")) {
      const { checked } = event.target;
      picks().forEach((other) => { other.checked = checked; });
      sayPicked();
    } else if (event.target.closest("[data-bulk-none]")) {
      picks().forEach((other) => { other.checked = false; });
      sayPicked();
    }
  });
  document.addEventListener("list:fresh", sayPicked);
  window.addEventListener("pageshow", sayPicked);
  sayPicked();

  // --- a list is found again as it was left --------------------------------------------------------
  const places = document.querySelector("[data-rows]") && `list:${location.pathname}${location.search}`;
  if (places) {
    const kept = JSON.parse(sessionStorage.getItem(places) || "null");
    if (kept) {
      sessionStorage.removeItem(places);
      window.scrollTo(0, kept.y);
      const row = document.getElementById(kept.row) || document.querySelectorAll("[data-rows] tbody tr")[kept.at];
      row?.querySelector("[data-open]")?.focus({ preventScroll: true });
    }
    document.addEventListener("click", (event) => {
      const row = event.target.closest("[data-rows] tbody tr");
      if (!row || !event.target.closest("a, button")) return;
      const at = [...row.parentElement.children].indexOf(row);
      sessionStorage.setItem(places, JSON.stringify({ y: window.scrollY, row: row.id, at }));
    });
  }

  // --- stock phrases --------------------------------------------------------------------------------
  function showPhrases(root) {
    for (const group of root.querySelectorAll("[data-phrases]")) group.hidden = false;
  }
  showPhrases(document);
  document.addEventListener("htmx:afterSwap", () => showPhrases(document));
  document.addEventListener("sheet:filled", () => showPhrases(document));
  document.addEventListener("click", (event) => {
    const phrase = event.target.closest("[data-phrase]");
    if (!phrase) return;
    const field = phrase.closest("form, dialog, main").querySelector(`[id="${phrase.closest("[data-phrases]").dataset.phrases}"]`);
    field.value = field.value ? `${field.value.trimEnd()} ${phrase.textContent}` : phrase.textContent;
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // --- several people in one field -------------------------------------------------------------------
  // What was chosen becomes a chip with a hidden field; what stands in the box is sent as it is.
  document.addEventListener("input", (event) => {
    const field = event.target;
    const people = field.closest?.("[data-people]");
    if (!people || field.type === "hidden" || !field.value) return;
    const options = [...(document.getElementById(field.getAttribute("list"))?.options || [])];
    const match = options.find((option) => option.value === field.value);
    // Typed letter by letter a name may begin another one: only what was chosen from the list counts.
    if (match && (event.inputType === "insertReplacementText" || event.inputType === undefined)) addPerson(people, field, match);
  });
  function addPerson(people, field, match) {
    const chip = part("span", "chip is-accent", match.label || match.value);
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: people.dataset.people, value: match.value });
    const off = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    off.setAttribute("aria-label", people.dataset.remove.replace("%(name)s", match.label || match.value));
    off.addEventListener("click", () => { chip.remove(); field.focus(); });
    chip.append(hidden, off);
    people.insertBefore(chip, field);
    field.value = "";
  }
}
