/* The card in a lesson: sends its form once, says what came of it, keeps what was typed when it is refused.
   Without this script the card shows a plain link to the full page. All words come with the card. */
"use strict";

function KcCaseDesk(runtime, element, args) {
  const wrapper = element.jquery ? element[0] : element;
  const card = wrapper.matches(".kc-block") ? wrapper : wrapper.querySelector(".kc-block");
  const form = card.querySelector("[data-form]");
  if (!form) return;
  const opener = card.querySelector("[data-opener]");
  const status = card.querySelector("[data-status]");
  const summary = form.querySelector("[data-summary]");
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;
  const url = runtime.handlerUrl(wrapper, args.handler);
  let key = newKey();
  let sending = false;

  card.querySelector("[data-plain]").hidden = true;
  opener.hidden = false;
  watchFilter();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  opener.addEventListener("toggle", () => {
    if (opener.open) status.hidden = true;
  });

  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function answers() {
    const found = {};
    for (const control of form.querySelectorAll("[name]")) {
      if (control.type === "checkbox") {
        if (control.checked) (found[control.name] ??= []).push(control.value);
      } else if (control.type !== "radio" || control.checked) {
        found[control.name] = control.value;
      }
    }
    return found;
  }

  async function send() {
    if (sending) return;
    sending = true;
    button.setAttribute("aria-disabled", "true");
    button.textContent = args.words.sending;
    try {
      const answer = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": cookie(args.cookie) },
        body: JSON.stringify({ key, answers: answers() }),
      });
      const told = await answer.json().catch(() => null);
      if (answer.ok && told) {
        done(told);
      } else if (told && told.error && told.error.text) {
        refused(told.error);
      } else {
        refused({ text: answer.status === 401 || answer.status === 403 || answer.redirected ? args.words.gone : args.words.failed });
      }
    } catch {
      refused({ text: args.words.offline });
    }
    sending = false;
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  }

  function done(told) {
    key = newKey();
    form.reset();
    for (const row of form.querySelectorAll("[data-name]")) row.hidden = false;
    refused({ text: "" });
    opener.open = false;
    status.querySelector("[data-told]").textContent = told.text;
    const link = status.querySelector("[data-link]");
    link.hidden = !told.url;
    link.textContent = told.link;
    if (told.url) link.href = told.url;
    status.hidden = false;
    status.focus();
  }

  function refused(error) {
    const fields = error.fields || {};
    const reasons = error.reasons || [];
    const shown = new Set();
    for (const field of form.querySelectorAll("[data-field]")) {
      const inside = new Set([field.dataset.field, ...Array.from(field.querySelectorAll("[name]"), (control) => control.name)]);
      const text = Object.keys(fields).filter((name) => inside.has(name)).map((name) => (shown.add(name), fields[name])).join(" ");
      const line = field.querySelector("[data-error]");
      line.textContent = text;
      line.hidden = !text;
      field.classList.toggle("bad", Boolean(text));
    }
    const lines = reasons.map((reason) => [reason.text, ...reason.articles].join(" — "));
    for (const name of Object.keys(fields)) {
      if (!lines.some((line) => line.startsWith(fields[name])) && (!shown.has(name) || !reasons.length)) lines.push(fields[name]);
    }
    summary.querySelector("[data-why]").textContent = error.text;
    summary.querySelector("[data-reasons]").replaceChildren(...Array.from(new Set(lines), (line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
    summary.hidden = !error.text;
    if (error.text) summary.focus();
  }

  function watchFilter() {
    const filter = form.querySelector("[data-filter]");
    if (!filter) return;
    const rows = Array.from(form.querySelectorAll("[data-name]"));
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLocaleLowerCase();
      for (const row of rows) {
        row.hidden = !row.querySelector(":checked") && !row.dataset.name.toLocaleLowerCase().includes(wanted);
      }
    });
    filter.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }
}
