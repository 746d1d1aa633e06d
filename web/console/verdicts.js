// Verdicts, scores and limits in words.

import { number, percent, plural, words } from "./format.js";

export const VERDICTS = {
  real: "Real",
  fake: "Fake",
  different_person: "Different person",
  unknown_person: "Unknown person",
  inconclusive: "Inconclusive",
  no_face: "No face",
};

/** What a verdict says, in one line. */
const MEANING = {
  real: name => `passes as a genuine photograph of ${name}`,
  fake: name => `does not pass as a genuine photograph of ${name}`,
  different_person: name => `does not depict ${name}`,
  unknown_person: () => "depicts nobody who is enrolled",
  inconclusive: name =>
    name === "this person" ? "no decision" : `no decision on whether this is a genuine photograph of ${name}`,
  no_face: () => "no face was found",
};

export const meaning = (verdict, identity) =>
  MEANING[verdict]?.(identity?.display_name ?? "this person") ?? words(verdict);

/** Whether the score had a say: it has none on who somebody is. */
export const hasScore = subject =>
  ["real", "fake", "inconclusive"].includes(subject.verdict) && subject.score !== null && subject.score !== undefined;

/** Limits under which the answer is `inconclusive` whatever the score. */
const OVERRULES = ["incomplete_image", "unstable", "suspicious_companion", "uncertain_identity", "occluded", "quality"];

/** What a score means. */
export function scoreMeaning(face, { real, fake }, calibrated) {
  const score = face.score;
  const share = score < 0.01 ? "fewer than 1" : score > 0.99 ? "more than 99" : `about ${Math.round(100 * score)}`;
  const side =
    score <= fake
      ? "low enough to be called fake"
      : score >= real
        ? "high enough to be called real"
        : "between the two thresholds";
  // The shipped map from evidence to score was fitted with genuine photographs as one half.
  const where = calibrated ? "" : ", if half of all pictures are";
  const overruled =
    face.verdict === "inconclusive" &&
    face.limits?.some(limit => OVERRULES.includes(limit.kind)) &&
    (score <= fake || score >= real);
  return `Of 100 pictures with this score, ${share} are genuine${where}. It is ${side}${overruled ? ", but something else limits the verdict" : ""}.`;
}

/** What the thresholds were fitted to. */
export const thresholdMeaning = t =>
  `A score of ${number(t.fake)} or less is fake, ${number(t.real)} or more is real. The thresholds were fitted so that ` +
  `${percent(t.target_genuine_called_fake)} of genuine photographs are called fake and ${percent(t.target_fake_called_real)} of fakes real.`;

const LIMITS = {
  quality: limit => `The ${words(limit.component)} limits it: ${number(limit.score, 0)} of 100.`,
  occluded: limit => `Covered, and not measured on their own: ${limit.regions.map(words).join(", ")}.`,
  between_thresholds: () => "The score lies between the thresholds.",
  few_references: limit =>
    `Only ${plural(limit.references, "reference is", "references are")} enrolled: this person's own variation is known roughly.`,
  unstable: limit => `A degraded copy got the opposite verdict: ${words(limit.verdict)}, score ${number(limit.score)}.`,
  incomplete_image: () => "Data of the image is missing or damaged: ask for the original file.",
  no_colour: () => "The picture is grey or toned: colours are not compared.",
  suspicious_companion: () => "Another face in the picture resembles this person and does not pass as genuine.",
  uncertain_identity: limit =>
    `The face may be a stranger's: the cosine similarity is ${number(limit.similarity)}; at least ${number(limit.least)} is needed for fake.`,
};

export const limitInWords = limit => LIMITS[limit.kind]?.(limit) ?? `Limited by: ${words(limit.kind)}.`;

/** What a reviewer has to know beside the verdict. */
export function notes(answer, face) {
  const told = (face?.limits ?? []).map(limitInWords);
  if (face?.copy_of) {
    told.push(
      `The picture is a copy of an enrolled image (${words(face.copy_of.kind)}; ${face.copy_of.distance} of 256 bits differ).`,
    );
  }
  if (face?.stability)
    told.push(`Degraded copy: ${words(face.stability.verdict)}, score ${number(face.stability.score)}.`);
  if (answer.more_faces) told.push(`${answer.faces_found} faces were found; only the largest were verified.`);
  if (answer.animation && !answer.animation.all_read) told.push("Not all frames could be read.");
  const profile = answer.image.colour_profile;
  if (profile && !profile.applied) told.push(`The colour profile was not applied: ${profile.reason}.`);
  return told;
}

/** Whom a verdict is about, in few words. */
export function about({ verdict, identity }) {
  if (!identity) return "nobody enrolled";
  return verdict === "different_person" ? `not ${identity.display_name}` : identity.display_name;
}

/** A face's name among several. */
export const faceName = face =>
  `Face ${face.index + 1}: ${words(face.verdict)}${face.identity ? `, ${about(face)}` : ""}`;
