// The page: its two views, the key, and the form of a verification.

import { enterCases, leaveCases, reloadCases, startCases } from "./cases.js";
import { startDecisions } from "./decision.js";
import { $ } from "./dom.js";
import { startEnrolling } from "./enroll.js";
import { plural } from "./format.js";
import { refresh, show, startIdentities } from "./identities.js";
import { clearQueue, enqueue, reselect, searchEveryone, select } from "./queue.js";
import { startReports } from "./report.js";
import { ask, key, setKey } from "./server.js";
import { startViewer } from "./viewer.js";

async function greet() {
  try {
    const { status, versions } = await ask("readyz");
    $("server").textContent = `${status} · version ${versions.faceward}`;
    $("server").className = "up";
  } catch (problem) {
    $("server").textContent = problem.message;
    $("server").className = "down";
  }
}

const VIEWS = ["review", "cases", "identities"];

/** Shows the view that the address names. The one article that shows a case goes with the view. */
function route() {
  const [named, id] = location.hash.slice(1).split("/");
  const view = VIEWS.includes(named) ? named : "review";
  for (const name of VIEWS) {
    $(`view-${name}`).hidden = name !== view;
    if (name === view) $(`to-${name}`).setAttribute("aria-current", "page");
    else $(`to-${name}`).removeAttribute("aria-current");
  }
  if (view === "cases") {
    $("cases-result").append($("case"));
    enterCases(id ?? null);
  } else {
    leaveCases();
    $("review-result").append($("case"));
    reselect();
  }
}

let chosen = [];

/** Takes pictures for the next verification. What was verified before is put away: it is not theirs. */
function choose(files) {
  const pictures = [...files].filter(Boolean);
  if (!pictures.length) return;
  chosen = pictures;
  $("dropped").textContent = pictures.length === 1 ? pictures[0].name : plural(pictures.length, "picture");
  $("verify-status").textContent = "";
  select(null);
}

function startVerifying() {
  $("verify").addEventListener("submit", event => {
    event.preventDefault();
    $("verify-status").textContent = chosen.length ? "" : "Choose a picture first.";
    if (chosen.length) enqueue(chosen, $("identity").value.trim(), $("stability").checked);
  });
  $("image").addEventListener("change", () => choose($("image").files));
  for (const name of ["dragover", "dragleave", "drop"]) {
    $("drop").addEventListener(name, event => {
      event.preventDefault();
      $("drop").classList.toggle("over", name === "dragover");
      if (name === "drop") choose(event.dataTransfer.files);
    });
  }
  document.addEventListener("paste", event =>
    choose([...event.clipboardData.files].filter(file => file.type.startsWith("image/"))),
  );
  $("queue-clear").addEventListener("click", clearQueue);
  $("search-all").addEventListener("click", searchEveryone);
}

$("key").value = key();
$("key").addEventListener("change", () => {
  setKey($("key").value.trim());
  greet();
  refresh();
  if ($("view-cases").hidden) return;
  leaveCases();
  route();
});
addEventListener("hashchange", route);
startViewer();
startCases();
startDecisions(reloadCases);
startReports();
startVerifying();
startIdentities();
startEnrolling(async id => {
  await refresh();
  await show(id);
});
route();
greet();
refresh();
