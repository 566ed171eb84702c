/* The card's settings in Studio: saves two names through a handler and tells Studio that it did. */
"use strict";

function KcCaseDeskStudio(runtime, element, args) {
  const wrapper = element.jquery ? element[0] : element;
  const form = wrapper.querySelector("[data-form]");
  const status = form.querySelector("[data-status]");
  const url = runtime.handlerUrl(wrapper, "save_settings");
  const notify = (name, data) => runtime.notify && runtime.notify(name, data);

  form.querySelector("[data-cancel]").addEventListener("click", () => notify("cancel", {}));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    notify("save", { state: "start", message: args.words.saving });
    status.textContent = args.words.saving;
    const token = document.cookie.split("; ").find((part) => part.startsWith(`${args.cookie}=`)) || "=";
    let told = {};
    try {
      const answer = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": decodeURIComponent(token.slice(token.indexOf("=") + 1)) },
        body: JSON.stringify(Object.fromEntries(new FormData(form))),
      });
      told = await answer.json().catch(() => ({ error: { text: args.words.failed } }));
    } catch {
      told = { error: { text: args.words.offline } };
    }
    const fields = (told.error && told.error.fields) || {};
    for (const field of form.querySelectorAll("[data-field]")) {
      const line = field.querySelector("[data-error]");
      line.textContent = fields[field.dataset.field] || "";
      line.hidden = !line.textContent;
      field.classList.toggle("bad", !line.hidden);
    }
    status.textContent = told.error ? told.error.text : told.text;
    if (told.error) notify("error", { title: told.error.text, message: Object.values(fields).join(" ") });
    else notify("save", { state: "end" });
  });
}
