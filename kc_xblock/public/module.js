/* The media-literacy card: sends its forms without leaving the page, and puts the focus where the answer is.
   Without this script the same forms give full pages. What is shown comes from the server, in the reader's language. */
"use strict";

function KcModule(runtime, element, args) {
  const wrapper = element.jquery ? element[0] : element;
  const card = wrapper.matches("[data-module]") ? wrapper : wrapper.querySelector("[data-module]");
  const part = card && card.querySelector("[data-part]");
  if (!part) return;
  const problem = card.querySelector("[data-problem]");
  let sending = false;

  card.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-turn]");
    if (!form) return;
    event.preventDefault();
    if (!sending) send(form, event.submitter);
  });

  async function send(form, button) {
    sending = true;
    if (button) button.setAttribute("aria-disabled", "true");
    let text = "";
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST",
        credentials: "same-origin",
        headers: { [args.part]: "1", "X-CSRFToken": cookie(args.cookie) },
        body: new URLSearchParams(new FormData(form)),
      });
      if (answer.headers.get(args.part)) {
        part.innerHTML = await answer.text();
        const told = part.querySelector("[data-focus]") || part.querySelector("h2");
        told.tabIndex = -1;
        told.focus();
      } else {
        text = answer.redirected || answer.status === 401 || answer.status === 403 ? args.words.gone : args.words.failed;
      }
    } catch {
      text = args.words.offline;
    }
    problem.querySelector("p").textContent = text;
    problem.hidden = !text;
    if (text) problem.focus();
    if (button) button.removeAttribute("aria-disabled");
    sending = false;
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }
}
