// One task: verbs in a dialog, the draft that keeps itself, the signature, who took it meanwhile.
"use strict";
{
  // --- forms of verbs and previews in a dialog -----------------------------------------------------
  const sheet = document.getElementById("sheet");
  const title = sheet.querySelector("h2");
  const body = sheet.querySelector(".body");

  async function openSheet(link) {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) { location.href = link.href; return; }
    fill(new DOMParser().parseFromString(await answer.text(), "text/html"));
    title.textContent = link.textContent.trim();
    sheet.setAttribute("aria-label", title.textContent);
    if (!sheet.open) sheet.showModal();
    body.querySelector("[data-focus], input:not([type=hidden]), textarea, select")?.focus();
  }
  function fill(page) {
    const form = page.querySelector("form[data-ask]");
    body.replaceChildren(document.importNode(form, true));
    document.dispatchEvent(new Event("sheet:filled"));
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      link.closest("details")?.removeAttribute("open");
      openSheet(link);
    }
    const close = event.target.closest("#sheet [data-close]");
    if (close) { event.preventDefault(); sheet.close(); }
    const preview = event.target.closest("a[data-preview]");
    if (preview) {
      event.preventDefault();
      const picture = Object.assign(document.createElement("img"), { src: preview.href, alt: preview.textContent.trim() });
      const save = Object.assign(document.createElement("a"), { href: preview.href, textContent: preview.textContent.trim(), download: "" });
      body.replaceChildren(picture, save);
      title.textContent = preview.textContent.trim();
      sheet.showModal();
    }
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("#sheet form[data-ask]");
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok && answer.headers.get("Content-Type")?.includes("json")) {
      document.querySelectorAll("form[data-dirty]").forEach((one) => { delete one.dataset.dirty; });
      location.href = (await answer.json()).url;
      return;
    }
    delete form.dataset.sent;
    if (!answer) { form.submit(); return; }
    fill(new DOMParser().parseFromString(await answer.text(), "text/html"));
    body.querySelector("[data-focus]")?.focus();
  });

  // --- the draft keeps itself -----------------------------------------------------------------------
  const SAVE_AFTER = 15000;
  let timer = 0;
  let saving = null;
  const form = () => document.querySelector("form[data-draft]");
  async function saveDraft() {
    clearTimeout(timer);
    const here = form();
    if (!here?.dataset.dirty || saving) return;
    delete here.dataset.dirty;
    const data = new FormData(here);
    for (const [name, value] of [...data]) if (value instanceof File || name === "_signature") data.delete(name);
    saving = fetch(here.dataset.draft, { method: "POST", body: data, keepalive: true, headers: { Accept: "application/json" } })
      .then(async (answer) => {
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        const { version, said } = await answer.json();
        const now = form();
        now.elements._version.value = version;
        const shown = now.querySelector("[data-saved]");
        if (shown) shown.textContent = said;
      })
      .catch(() => { const now = form(); if (now) now.dataset.dirty = "1"; })
      .finally(() => { saving = null; });
    await saving;
  }
  document.addEventListener("input", (event) => {
    if (!event.target.closest("form[data-draft]")) return;
    clearTimeout(timer);
    timer = setTimeout(saveDraft, SAVE_AFTER);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) saveDraft(); });
  // A draft on its way would make the answer look older than it is: wait for it.
  document.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!saving || !event.target.matches("form[data-draft]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { target, submitter } = event;
    saving.then(() => { delete target.dataset.sent; target.requestSubmit(submitter); });
  }, true);

  // --- somebody else was faster ------------------------------------------------------------------------
  const watch = document.querySelector("[data-watch]");
  async function look() {
    if (!watch || document.hidden || watch.dataset.over) return;
    const answer = await fetch(watch.dataset.watch, { headers: { "If-None-Match": `"${watch.dataset.etag}"` } }).catch(() => null);
    if (!answer || answer.status !== 200 || answer.redirected) return;
    const { etag, open, said } = await answer.json();
    watch.dataset.etag = etag;
    if (open || !said) return;
    watch.querySelector("div").textContent = said;
    watch.hidden = false;
    watch.dataset.over = "1";
    const here = form();
    if (!here) return;
    here.querySelectorAll("[name=_outcome], [data-save]").forEach((one) => { one.disabled = true; });
    delete here.dataset.draft;
    watch.scrollIntoView({ block: "nearest" });
  }
  if (watch) {
    setInterval(look, 5000);
    document.addEventListener("visibilitychange", look);
  }

  // --- the diagram, when somebody wants it ----------------------------------------------------------------
  for (const late of document.querySelectorAll("[data-late-diagram]")) {
    late.addEventListener("toggle", () => {
      const host = late.querySelector("[data-later]");
      if (!late.open || !host) return;
      host.dataset.diagram = host.dataset.later;
      delete host.dataset.later;
      if (late.dataset.style) document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: late.dataset.style }));
      document.body.append(Object.assign(document.createElement("script"), { type: "module", src: late.dataset.lateDiagram }));
    });
  }

  // --- the signature ------------------------------------------------------------------------------------------
  const INK = "#1e2024";
  function prepare(pad) {
    const canvas = pad.querySelector("canvas");
    const field = pad.querySelector("[name=_signature]");
    const name = pad.querySelector("[data-sign-name]");
    const pen = canvas.getContext("2d");
    let drawing = false;
    const blank = () => { pen.fillStyle = "#fff"; pen.fillRect(0, 0, canvas.width, canvas.height); };
    const at = (event) => {
      const area = canvas.getBoundingClientRect();
      return [(event.clientX - area.left) * canvas.width / area.width, (event.clientY - area.top) * canvas.height / area.height];
    };
    const keep = () => { field.value = canvas.toDataURL("image/png"); canvas.closest("form").dataset.dirty = "1"; };
    blank();
    canvas.addEventListener("pointerdown", (event) => {
      drawing = true;
      canvas.setPointerCapture(event.pointerId);
      pen.strokeStyle = INK;
      pen.lineWidth = 3.5;
      pen.lineCap = pen.lineJoin = "round";
      pen.beginPath();
      pen.moveTo(...at(event));
    });
    canvas.addEventListener("pointermove", (event) => { if (drawing) { pen.lineTo(...at(event)); pen.stroke(); } });
    canvas.addEventListener("pointerup", () => { if (drawing) { drawing = false; keep(); } });
    pad.querySelector("[data-sign-clear]").addEventListener("click", () => { blank(); field.value = ""; name.value = ""; });
    name.addEventListener("input", (event) => {
      event.stopPropagation();
      blank();
      field.value = "";
      if (!name.value.trim()) return;
      pen.fillStyle = INK;
      pen.font = "64px KaiTi, STKaiti, 'Segoe Script', cursive, sans-serif";
      pen.textBaseline = "middle";
      pen.fillText(name.value.trim(), 30, canvas.height / 2, canvas.width - 60);
      keep();
    });
  }
  const prepareAll = () => { for (const pad of document.querySelectorAll("[data-sign]:not([data-ready])")) { pad.dataset.ready = "1"; prepare(pad); } };
  prepareAll();
  document.addEventListener("htmx:afterSwap", prepareAll);
}
