// Asks before something is erased.

import { $ } from "./dom.js";

/** Whether the reader agrees to `text`; `act` names the button. */
export function confirmed(title, text, act) {
  const dialog = $("confirm");
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = act;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(resolve => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
