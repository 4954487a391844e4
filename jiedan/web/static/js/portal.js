// What a little script adds to customers' links: drawing a signature, copying an address.
"use strict";
for (const pad of document.querySelectorAll("[data-portal-sign]")) {
  const canvas = pad.querySelector("canvas");
  const field = pad.querySelector("[name=_signature]");
  const pen = canvas.getContext("2d");
  let drawing = false;
  const blank = () => { pen.fillStyle = "#fff"; pen.fillRect(0, 0, canvas.width, canvas.height); field.value = ""; };
  const at = (event) => {
    const area = canvas.getBoundingClientRect();
    return [(event.clientX - area.left) * canvas.width / area.width, (event.clientY - area.top) * canvas.height / area.height];
  };
  const lift = () => { if (drawing) { drawing = false; field.value = canvas.toDataURL("image/png"); } };
  blank();
  pad.hidden = false;
  canvas.addEventListener("pointerdown", (event) => {
    drawing = true;
    canvas.setPointerCapture(event.pointerId);
    Object.assign(pen, { strokeStyle: "#1e2024", lineWidth: 4, lineCap: "round", lineJoin: "round" });
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => { if (drawing) { pen.lineTo(...at(event)); pen.stroke(); } });
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  pad.querySelector("[data-sign-clear]").addEventListener("click", blank);
}
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    document.getElementById(button.dataset.said).textContent = button.dataset.done;
  });
}
