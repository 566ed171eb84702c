// What a page does better with script. Every page works without it; all words come from data- attributes.
"use strict";

const main = document.querySelector("main");

// The first thing to read after a refused form is why.
const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();

// A form is sent once. The server knows too, by the form's key; this only keeps the second click calm.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    unsaved.delete(form);
    const button = event.submitter;
    if (button && main.dataset.sending) {
      button.setAttribute("aria-disabled", "true");
      if (!button.name) button.textContent = main.dataset.sending;
    }
  });
}

// Coming back with the browser's own button finds a form that can be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// Warn before typed words are lost.
const unsaved = new Set();
for (const form of document.querySelectorAll("form[data-guard]")) {
  form.addEventListener("input", () => unsaved.add(form));
}
window.addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});

// Blank screen: when a pupil walks up, nothing stays readable and nothing typed is lost.
const blank = document.getElementById("blank");
if (blank) {
  const title = document.title;
  const toggle = (on) => {
    document.documentElement.classList.toggle("blanked", on);
    blank.hidden = !on;
    document.title = on ? blank.dataset.title : title;
    (on ? blank.querySelector("button") : document.querySelector("[data-blank]")).focus();
  };
  document.querySelector("[data-blank]").addEventListener("click", (event) => {
    event.preventDefault();
    toggle(true);
  });
  blank.querySelector("button").addEventListener("click", () => toggle(false));
}

// A long roster is quicker with a filter; without script the list is simply whole.
for (const filter of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll(`#${filter.dataset.filter} > li`)];
  filter.closest("[hidden]")?.removeAttribute("hidden");
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLocaleLowerCase();
    for (const row of rows) {
      const kept = row.querySelector(":checked") !== null;
      row.hidden = !kept && !row.dataset.name.toLocaleLowerCase().includes(wanted);
    }
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

// Printing is the browser's own; the button only appears where script can press it.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
