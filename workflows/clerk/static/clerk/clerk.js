/* Keyboard for the lists: J and K move, Enter opens (the browser's own), C claims, / searches. */
"use strict";
(() => {
  const typing = (element) => element instanceof HTMLElement && element.matches("input, textarea, select");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(document.activeElement)) {
      document.activeElement.blur();
      return;
    }
    if (typing(document.activeElement)) return;
    if (event.key === "/") {
      const find = document.querySelector("[data-find]");
      if (find) { event.preventDefault(); find.focus(); find.select(); }
      return;
    }
    const rows = [...document.querySelectorAll("[data-row]")];
    if (rows.length === 0) return;
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      event.preventDefault();
      const wanted = here < 0 ? 0 : here + (key === "j" ? 1 : -1);
      const row = rows[Math.min(rows.length - 1, Math.max(0, wanted))];
      row.querySelector("[data-go]").focus();
      row.scrollIntoView({ block: "nearest" });
    } else if (key === "c" && here >= 0) {
      const claim = rows[here].querySelector("[data-claim]");
      if (claim) { event.preventDefault(); claim.requestSubmit(); }
    }
  });

  /* Adverse steps are never sent by Enter in a field: only by their own button. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    if (event.target.closest("form[data-deliberate]")) event.preventDefault();
  });

  /* A double click must not send twice. The server would refuse the second one anyway. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") {
      form.dataset.sent = "1";
      keep(form);
    }
  });

  /* What is sent after the sign-in expired is not saved. It is put back once the same officer has signed in again;
     until the next page it stays in this tab, without personal numbers and passwords. */
  const KEPT = "clerk-sent";
  const fields = (form) => [...form.elements].filter((field) => field.name && field.autocomplete !== "off"
    && !["hidden", "password", "submit", "button", "file"].includes(field.type));
  const target = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;

  const keep = (form) => {
    const user = document.body.dataset.user;
    if (!user) return;
    const sent = fields(form).map((field) => [field.name, field.value, field.checked === true]);
    try { sessionStorage.setItem(KEPT, JSON.stringify({ user, target: target(form), sent })); } catch { /* no room */ }
  };

  const putBack = (notice, kept) => {
    const form = [...document.forms].find((each) => each.method === "post" && target(each) === kept.target);
    if (!form) return;
    for (const field of fields(form)) {
      const ticked = field.type === "checkbox" || field.type === "radio";
      const old = kept.sent.find(([name, value]) => name === field.name && (!ticked || value === field.value));
      if (old && ticked) field.checked = old[2];
      else if (old) field.value = old[1];
    }
    const folded = form.closest("details");
    if (folded) folded.open = true;
    if (kept.sent.length > 0) notice.querySelector("[data-restored]").hidden = false;
  };

  if (document.body.dataset.user) {
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(KEPT)); sessionStorage.removeItem(KEPT); } catch { /* nothing kept */ }
    const notice = document.querySelector("[data-unsaved]");
    if (notice && kept && kept.user === document.body.dataset.user) putBack(notice, kept);
  }
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();
