// The console: a page for enrolling and verifying by hand. It talks only to the server that serves it.
"use strict";

const $ = id => document.getElementById(id);
const words = name => name.replaceAll("_", " ");
const number = (value, digits = 2) => Number(value).toFixed(digits);

/** A measured value with about three significant digits. */
const shown = value => Math.abs(value) >= 100 ? number(value, 0) : Math.abs(value) >= 10 ? number(value, 1) : number(value, 3);

function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "rect", "line", "text", "path", "title"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// ---- the server

async function ask(path, options = {}) {
  const key = $("key").value.trim();
  const headers = { ...options.headers, ...(key && { Authorization: "Bearer " + key }) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("The server does not answer. Check that it is running.");
  }
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return body;
  const problem = new Error(body ? `${body.title} (${body.code}): ${body.detail}` : `The server answered ${answer.status}.`);
  throw Object.assign(problem, { body, status: answer.status });
}

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").className = wrong ? "wrong" : "";
}

/** Runs `work` when `form` is submitted, and disables its button meanwhile. */
function on(form, work) {
  $(form).addEventListener("submit", async event => {
    event.preventDefault();
    const button = $(form).querySelector("button");
    button.disabled = true;
    try {
      await work();
    } catch (problem) {
      say(problem.message, true);
    }
    button.disabled = false;
  });
}

async function greet() {
  try {
    const { status, versions } = await ask("readyz");
    $("server").textContent = `${status} · version ${versions.faceward} · models ${versions.models.slice(0, 12)}`;
  } catch (problem) {
    $("server").textContent = problem.message;
  }
}

async function load() {
  let identities = [];
  try {
    identities = (await ask("v1/identities?limit=500")).identities;
    $("none").textContent = "none yet";
  } catch (problem) {
    // A key with the scope `verify` alone cannot list them; an id can still be typed.
    $("none").textContent = problem.status === 403 ? "This key cannot list identities; type an id." : problem.status === 401 ? "Enter an API key to see them." : problem.message;
  }
  $("none").hidden = identities.length > 0;
  $("known").replaceChildren(...identities.map(i => make("option", { value: i.id }, i.display_name)));
  $("identities").replaceChildren(...identities.map(i => {
    const plural = i.references === 1 ? "1 reference" : `${i.references} references`;
    const end = i.expires_at ? `, until ${i.expires_at.slice(0, 10)}` : "";
    const basis = i.consent_basis ? `, ${i.consent_basis}` : "";
    const button = make("button", { type: "button" }, i.display_name, make("small", {}, `${i.id} · ${plural}${basis}${end}`));
    button.addEventListener("click", () => { $("identity").value = i.id; $("id").value = i.id; $("name").value = i.display_name; });
    return make("li", {}, button);
  }));
}

// ---- verify

let chosen = null;

function choose(file) {
  if (!file) return;
  chosen = file;
  $("dropped").textContent = file.name;
}

on("verify", async () => {
  if (!chosen) throw new Error("Choose a photograph first.");
  const form = new FormData();
  form.append("image", chosen);
  if ($("identity").value.trim()) form.append("identity", $("identity").value.trim());
  say("verifying …");
  const started = performance.now();
  const query = $("stability").checked ? "&stability=true" : "";
  const answer = await ask(`v1/verify?timings=true${query}`, { method: "POST", body: form });
  say("");
  URL.revokeObjectURL($("picture").src);
  $("picture").src = URL.createObjectURL(chosen);
  $("empty").hidden = $("report").hidden = true;
  $("answer").hidden = false;
  $("raw").textContent = JSON.stringify(answer, null, 2);
  timings(answer, performance.now() - started);
  show(answer, answer.deciding_face);
});

/** Shows the answer with the face at `index` selected. */
function show(answer, index) {
  const face = answer.faces[index];
  const subject = face ?? answer;
  $("verdict").textContent = words(subject.verdict);
  $("verdict").className = subject.verdict;
  const deciding = face && index !== answer.deciding_face ? `face ${index + 1}, not the deciding face` : "";
  $("who").textContent = [subject.identity?.display_name, deciding].filter(Boolean).join(" · ");
  $("summary").textContent = subject.explanation.summary;
  $("notes").textContent = notes(answer, face).join(" ");
  gauge(subject.score, face?.thresholds ?? answer.thresholds);
  boxes(answer, index);
  differences(subject.explanation.differences);
  quality(face);
}

/** The limits of a verdict in words, by their kind. */
const LIMITS = {
  quality: limit => `Limited by the ${words(limit.component)} (${number(limit.score, 0)} of 100).`,
  occluded: limit => `Covered, and not measured on their own: ${limit.regions.map(words).join(", ")}.`,
  between_thresholds: () => "The score lies between the thresholds.",
  few_references: limit => limit.references === 1 ? "Only 1 reference is enrolled." : `Only ${limit.references} references are enrolled.`,
  unstable: () => "A degraded copy got the opposite verdict.",
  incomplete_image: () => "Data of the image is missing or damaged.",
  no_colour: () => "The picture is grey or toned: colours are not compared.",
  suspicious_companion: () => "Another face in the picture resembles this person and does not pass as genuine.",
  uncertain_identity: limit => `The face may be a stranger's: the cosine similarity is ${number(limit.similarity)}; at least ${number(limit.least)} is needed for fake.`,
};

function notes(answer, face) {
  const told = [];
  for (const limit of face?.limits ?? []) {
    told.push(LIMITS[limit.kind]?.(limit) ?? `Limited by: ${words(limit.kind)}.`);
  }
  if (face?.copy_of) told.push(`A copy of an enrolled image (${words(face.copy_of.kind)}, ${face.copy_of.distance} of 256 bits differ).`);
  if (face?.stability) told.push(`Degraded copy: ${words(face.stability.verdict)}, score ${number(face.stability.score)}.`);
  if (answer.more_faces) told.push(`There are more faces (${answer.faces_found} were found); only the largest were verified.`);
  told.push(`Faces from ${answer.smallest_face} pixels were looked for.`);
  if (answer.animation) told.push(judgedFrames(answer.animation));
  if (face?.apparent) told.push(`Apparent age ${number(face.apparent.age, 0)}, ${face.apparent.sex}, ${face.apparent.expression}.`);
  return told;
}

/** The frames of an animation that were judged; the faces are those of the deciding one. */
function judgedFrames(animation) {
  const each = animation.frames.map(f => {
    const decides = f.index === animation.deciding_frame ? ", decides" : "";
    return `${f.index + 1} from ${number(f.at_ms / 1000)} s: ${words(f.verdict)}${decides}`;
  });
  return `Frames: ${each.join("; ")}.${animation.all_read ? "" : " Not all frames were read."}`;
}

/** The score between its thresholds. */
function gauge(score, { fake, real }) {
  const x = value => 4 + 392 * value;
  const zone = (from, to, name) => make("rect", { x: x(from), y: 26, width: 392 * (to - from), height: 8, class: `zone-${name}` });
  const label = (at, text, anchor, y = 50) => make("text", { x: x(at), y, "text-anchor": anchor }, text);
  const parts = [zone(0, fake, "fake"), zone(fake, real, "between"), zone(real, 1, "real"),
    label(0, "fake", "start"), label(fake, number(fake), "middle"), label(real, number(real), "middle"), label(1, "real", "end")];
  if (score !== null && score !== undefined) {
    const anchor = score < 0.1 ? "start" : score > 0.9 ? "end" : "middle";
    const text = label(score, `score ${number(score)} of 1`, anchor, 13);
    text.setAttribute("class", "score");
    parts.push(make("path", { d: `M${x(score)} 25l-6 -8h12z`, class: "mark" }), text);
  }
  $("gauge").setAttribute("aria-label", score === null ? "no score" : `score ${number(score)} of 1, ${number(fake)} or less is fake, ${number(real)} or more is real`);
  $("gauge").replaceChildren(...parts);
}

function boxes(answer, index) {
  const { width, height } = answer.image;
  $("boxes").setAttribute("viewBox", `0 0 ${width} ${height}`);
  const name = face => `face ${face.index + 1}: ${words(face.verdict)}${face.identity ? ", " + face.identity.display_name : ""}`;
  $("boxes").replaceChildren(...answer.faces.flatMap(face => {
    const { x, y, width: w, height: h } = face.bbox;
    const active = face.index === index;
    const rect = make("rect", { x, y, width: w, height: h, rx: w / 20, class: active ? `shown ${face.verdict}` : "" }, make("title", {}, name(face)));
    rect.addEventListener("click", () => show(answer, face.index));
    if (answer.faces.length === 1) return [rect];
    const size = Math.max(width, height) / 24;
    return [rect, make("text", { x: x + w / 2, y: y - size / 4, "font-size": size, "text-anchor": "middle" }, face.index + 1)];
  }));
  $("faces").replaceChildren(...(answer.faces.length < 2 ? [] : answer.faces.map(face => {
    const button = make("button", { type: "button", class: face.index === index ? "shown" : "" }, name(face));
    button.addEventListener("click", () => show(answer, face.index));
    return button;
  })));
}

/** A bar from 0 to the deviation, in standard deviations. The usual range ends at two, the axis at six. */
function bar({ deviation, direction }) {
  const x = sd => 50 + 50 * Math.max(-6, Math.min(6, sd)) / 6;
  const [from, to] = deviation < 0 ? [x(deviation), 50] : [50, x(deviation)];
  return make("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", role: "img", "aria-label": `${number(deviation, 1)} standard deviations` },
    make("rect", { x: x(-2), y: 0, width: x(2) - x(-2), height: 12, class: "bar-usual" }),
    make("rect", { x: from, y: 3, width: Math.max(to - from, 0.6), height: 6, class: direction === "within" ? "bar-in" : "bar-out" }),
    make("line", { x1: 50, x2: 50, y1: 0, y2: 12, class: "bar-axis" }));
}

function differences(list) {
  const head = ["Region", "What was measured", "Observed", "Usual", "", "Deviation"].map((text, i) => make("th", i > 1 && i !== 4 ? { class: "num" } : {}, text));
  const rows = list.map(d => make("tr", d.weight ? { class: "weighs" } : {},
    make("td", {}, words(d.region)),
    make("td", {}, words(d.attribute), make("small", {}, d.text)),
    make("td", { class: "num" }, `${shown(d.observed)}`, make("small", {}, d.unit)),
    make("td", { class: "num" }, `${shown(d.expected[0])} – ${shown(d.expected[1])}`),
    make("td", {}, bar(d)),
    make("td", { class: "num" }, (d.deviation > 0 ? "+" : "") + number(d.deviation, 1))));
  const none = make("tr", {}, make("td", { colspan: 6, class: "dim" }, "There is nothing to compare."));
  $("differences").replaceChildren(make("tr", {}, ...head), ...(rows.length ? rows : [none]));
}

/** A table row with a bar for `share`, 0 to 1. */
function part(name, share, text) {
  return make("tr", {}, make("td", {}, words(name)),
    make("td", {}, make("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", class: "part", "aria-hidden": "true" },
      make("rect", { x: 0, y: 3, width: 100 * share, height: 6, class: "bar" }))),
    make("td", { class: "num" }, text));
}

function quality(face) {
  const rows = face ? face.quality.components.map(c => part(c.component, c.score / 100, `${number(c.score, 0)} of 100`)) : [];
  $("quality").replaceChildren(...rows);
}

function timings(answer, whole) {
  const list = answer.timings ?? [];
  const longest = Math.max(...list.map(t => t.milliseconds), 1);
  const rows = list.filter(t => t.milliseconds > 0).map(t => part(t.stage, t.milliseconds / longest, `${number(t.milliseconds, 1)} ms`));
  $("timings").replaceChildren(...rows, make("tr", {}, make("td", {}, "total, with the network"), make("td"), make("td", { class: "num" }, `${number(whole, 0)} ms`)));
  const calibrated = answer.calibration ? "your own calibration" : "shipped thresholds";
  $("versions").textContent = `${answer.image.width} × ${answer.image.height} ${answer.image.format} · ${calibrated} · ${answer.versions.engine}`;
}

// ---- enroll

on("enroll", async () => {
  const path = `v1/identities/${encodeURIComponent($("id").value)}`;
  const known = await ask(path).catch(problem => { if (problem.status !== 404) throw problem; });
  const end = $("expires").value;
  // A PUT replaces all fields: those that the form lacks stay as they are.
  const fields = {
    display_name: $("name").value.trim() || known?.display_name || $("id").value,
    consent_basis: $("basis").value.trim() || known?.consent_basis || null,
    expires_at: end ? `${end}T00:00:00Z` : known?.expires_at ?? null,
    target_genuine_called_fake: known?.target_genuine_called_fake ?? null,
    target_fake_called_real: known?.target_fake_called_real ?? null,
  };
  say("enrolling …");
  await ask(path, { method: "PUT", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });
  const files = [...$("references").files];
  let report = null;
  if (files.length) {
    const form = new FormData();
    for (const file of files) form.append("image", file);
    try {
      report = await ask(`${path}/references`, { method: "POST", body: form });
    } catch (problem) {
      report = problem.body?.report;
      if (!report) throw problem;
    }
  }
  say(files.length ? "" : `${fields.display_name} was saved. No photograph was sent.`);
  if (report) outcomes(report);
  $("references").value = "";
  $("identity").value = $("id").value;
  await load();
});

function outcomes(report) {
  const file = entry => make("td", {}, entry.filename ?? `photograph ${entry.index + 1}`);
  const taken = report.accepted.map(a => [a.index, make("tr", {}, file(a), make("td", { class: "real" }, "accepted"),
    make("td", {}, `quality ${number(a.quality, 0)} of 100${a.faces > 1 ? `, one of ${a.faces} faces` : ""}`))]);
  const refused = report.rejected.map(r => [r.index, make("tr", {}, file(r), make("td", { class: "fake" }, words(r.code)), make("td", {}, r.detail))]);
  $("outcomes").replaceChildren(...[...taken, ...refused].sort((a, b) => a[0] - b[0]).map(([, row]) => row));
  const p = report.profile;
  $("profile").textContent = p ? `${p.references === 1 ? "1 reference" : p.references + " references"}, ${p.negatives} negatives: ${p.remark}.` : "No reference yet: nothing can be verified against this identity.";
  const alike = report.look_alikes.map(l => `${l.identity.display_name} (${l.identity.id}, cosine similarity ${number(l.similarity)})`);
  if (alike.length) $("profile").textContent += ` Hard to distinguish from: ${alike.join(", ")}. If it is the same person, keep one identity; a search may answer with either.`;
  $("empty").hidden = $("answer").hidden = true;
  $("report").hidden = false;
}

// ---- the page

$("image").addEventListener("change", () => choose($("image").files[0]));
for (const name of ["dragover", "dragleave", "drop"]) {
  $("drop").addEventListener(name, event => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files[0]);
  });
}
document.addEventListener("paste", event => choose([...event.clipboardData.files].find(file => file.type.startsWith("image/"))));
$("key").addEventListener("change", () => { greet(); load(); });
greet();
load();
