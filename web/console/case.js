// One answer: what was decided, why, and where in the picture.

import { showDecisions } from "./decision.js";
import { $, fill, make } from "./dom.js";
import { listEvidence } from "./evidence.js";
import { gauge } from "./gauge.js";
import { showCandidates, showDetails, showQuality } from "./details.js";
import { showFrames } from "./frames.js";
import { showReferences } from "./references.js";
import { showTabs } from "./tabs.js";
import { drawFaces, highlight, showPicture } from "./viewer.js";
import { VERDICTS, hasScore, meaning, notes, scoreMeaning, thresholdMeaning } from "./verdicts.js";

/** The item that is shown, with the face selected; `null` for none. */
let current = null;

export const shownCase = () => current;

function head(item, face) {
  const { answer } = item;
  const subject = face ?? answer;
  const decides = !face || face.index === answer.deciding_face;
  $("case-file").textContent = [
    item.name ?? item.file.name,
    item.claim ? `claimed: ${item.claim}` : "no claim: everybody was searched",
  ].join(" · ");
  $("verdict").textContent = VERDICTS[subject.verdict];
  $("verdict").className = subject.verdict;
  $("meaning").textContent =
    `${face && answer.faces.length > 1 ? `Face ${face.index + 1} ` : ""}${meaning(subject.verdict, subject.identity)}.`;
  $("whole").hidden = decides;
  $("whole").textContent = decides
    ? ""
    : `The verdict on the picture is ${VERDICTS[answer.verdict].toLowerCase()}, by face ${answer.deciding_face + 1}.`;
  // With several faces, the answer's own explanation also tells of the others.
  $("summary").textContent = (decides ? answer : subject).explanation.summary;
  fill(
    $("notes"),
    notes(answer, face).map(text => make("li", {}, text)),
  );
  // Whom the face does depict is the next question.
  $("search-all").hidden = item.stored || !(item.claim && subject.verdict === "different_person");
  const thresholds = face?.thresholds ?? answer.thresholds;
  fill(
    $("score"),
    hasScore(subject) && [
      gauge(subject.score, thresholds),
      make("p", {}, scoreMeaning(subject, thresholds, answer.calibration)),
      make("p", { class: "dim" }, thresholdMeaning(thresholds)),
    ],
  );
}

/** Selects the face at `index`. */
function select(index) {
  const item = current.item;
  const { answer, picture } = item;
  const face = answer.faces[index];
  current = { item, index };
  head(item, face);
  showTabs(answer, picture.image, index, select);
  if (answer.faces.length > 1) $("panel").setAttribute("role", "tabpanel");
  else $("panel").removeAttribute("role");
  drawFaces(answer, index, select);
  listEvidence($("evidence"), face?.explanation.differences ?? [], difference => highlight(difference, face));
  showQuality($("quality"), face);
  showCandidates($("search"), face);
  showDetails($("details"), answer, face, item.took);
  const isStale = () => current?.item !== item || current?.index !== index;
  showReferences(face, { image: picture.image, width: answer.image.width, outlines: face?.review?.outlines, isStale });
}

/** Shows the answer of `item`. */
export function showCase(item) {
  current = { item, index: item.answer.deciding_face ?? 0 };
  $("case").hidden = false;
  showPicture(item.picture.url, item.answer.image, item.name ?? item.file.name);
  showDecisions(item);
  showFrames($("frames"), item.answer.animation, item.frames);
  $("report-note").value = item.note ?? "";
  $("raw").value = JSON.stringify(item.answer, null, 2);
  $("raw").parentElement.open = false;
  select(current.index);
}

export function hideCase() {
  current = null;
  $("case").hidden = true;
}
