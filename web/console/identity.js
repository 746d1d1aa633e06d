// One identity: its fields, its references and negatives, and its erasure.

import { confirmed } from "./confirm.js";
import { $, button, facts, fill, make } from "./dom.js";
import { showOutcomes } from "./enroll.js";
import { day, moment, number, percent, plural } from "./format.js";
import { photographsWanted, wantPhotographs } from "./photographs.js";
import { sampleTable } from "./samples.js";
import { ask, erase, pathOf, put, upload } from "./server.js";

let shown = null;
/** Called once something has changed that the list shows. */
let changedList = async () => {};

export const shownIdentity = () => shown;

function say(text, wrong = false) {
  $("identity-status").textContent = text;
  $("identity-status").className = wrong ? "wrong" : "";
}

export function closeIdentity() {
  shown = null;
  $("identity-card").hidden = true;
  $("enroll").hidden = false;
}

function describe(identity) {
  const { profile, thresholds: t } = identity;
  const own = identity.target_genuine_called_fake ?? identity.target_fake_called_real;
  return facts([
    ["Id", make("code", {}, identity.id)],
    ["Consent basis", identity.consent_basis ?? "not given"],
    ["Expires", identity.expires_at ? moment(identity.expires_at) : "never"],
    ["Profile", profile?.remark ?? "no reference: nothing can be verified against this identity"],
    [
      "Thresholds",
      `fake to ${number(t.fake)}, real from ${number(t.real)} (${percent(t.target_genuine_called_fake)} genuine called fake, ${percent(t.target_fake_called_real)} fakes called real${own === null ? "" : "; its own targets"})`,
    ],
    ["Created", moment(identity.created_at)],
    identity.enroll_again ? ["Search", "cannot find this identity until a photograph is enrolled again"] : ["", null],
  ]);
}

/** A form that sends photographs to `path`. */
function adder(label, path, texts, after) {
  const input = make("input", { type: "file", accept: "image/*", multiple: true, required: true });
  const kind =
    texts &&
    make(
      "select",
      {},
      make("option", { value: "not_this_person" }, "somebody else"),
      make("option", { value: "known_fake" }, "a known fake of this person"),
    );
  return make(
    "form",
    {
      class: "add",
      submit: async event => {
        event.preventDefault();
        say("sending …");
        try {
          await after(await upload(path, input.files, kind ? { kind: kind.value } : {}));
        } catch (problem) {
          if (!problem.body?.report) return say(problem.message, true);
          await after(problem.body.report);
        }
      },
    },
    make("label", {}, label, input),
    kind && make("label", {}, "They show", kind),
    make("button", { type: "submit" }, "Add"),
  );
}

/** A form for the fields that a reviewer may correct. A PUT replaces all fields: the others are sent as they are. */
function editor(identity, after) {
  const field = (name, text, more) => [name, make("input", { value: text ?? "", ...more })];
  const [[, name], [, basis], [, end]] = [
    field("name", identity.display_name, { required: true, maxlength: 200 }),
    field("basis", identity.consent_basis, { maxlength: 200 }),
    field("end", identity.expires_at && day(identity.expires_at), { type: "date" }),
  ];
  return make(
    "form",
    {
      submit: async event => {
        event.preventDefault();
        const kept = identity.expires_at && day(identity.expires_at) === end.value ? identity.expires_at : null;
        try {
          await put(pathOf(identity.id), {
            display_name: name.value.trim(),
            consent_basis: basis.value.trim() || null,
            expires_at: kept ?? (end.value ? `${end.value}T00:00:00Z` : null),
            target_genuine_called_fake: identity.target_genuine_called_fake,
            target_fake_called_real: identity.target_fake_called_real,
          });
          await after("Saved.");
        } catch (problem) {
          say(problem.message, true);
        }
      },
    },
    make("label", {}, "Name for reviewers", name),
    make("label", {}, "Consent basis", basis),
    make("label", {}, "Expires on (00:00 UTC)", end),
    make("button", { type: "submit" }, "Save"),
  );
}

async function remove(identity) {
  const all = `${plural(identity.references, "reference")} and ${plural(identity.negatives, "negative")}`;
  const text = `All that is kept of ${identity.display_name} (${identity.id}) is erased: ${all}, and the key that seals them. This cannot be undone.`;
  if (!(await confirmed(`Delete ${identity.display_name}?`, text, "Delete everything"))) return;
  try {
    const number = await erase(pathOf(identity.id));
    const receipt = number && (await ask(`v1/receipts/${encodeURIComponent(number)}`).catch(() => ({ id: number })));
    closeIdentity();
    $("receipt").hidden = false;
    fill(
      $("receipt-facts"),
      facts([
        ["Erased", `${identity.display_name} (${identity.id})`],
        ["Receipt", make("code", {}, receipt.id)],
        ["Pseudonym", receipt.subject && make("code", {}, receipt.subject)],
        ["Images", receipt.samples],
        ["Deleted", receipt.deleted_at && moment(receipt.deleted_at)],
        ["Last bytes gone", receipt.erased_at ? moment(receipt.erased_at) : "pending: ask for the receipt again"],
      ]),
    );
    $("receipt").focus();
    await changedList();
  } catch (problem) {
    say(problem.message, true);
  }
}

/** Shows the identity with this id; `changed` is called after each change. */
export async function openIdentity(id, changed) {
  changedList = changed;
  $("receipt").hidden = true;
  try {
    const path = pathOf(id);
    const [identity, references, negatives] = await Promise.all([
      ask(path),
      ask(`${path}/references`),
      ask(`${path}/negatives`),
    ]);
    const again = async text => {
      await openIdentity(id, changed);
      say(text);
      await changed();
    };
    const outcome = async report => {
      await again("");
      showOutcomes($("identity-outcomes"), report);
    };
    const summary = text => make("summary", {}, text);
    shown = id;
    $("enroll").hidden = true;
    $("identity-card").hidden = false;
    $("identity-name").textContent = identity.display_name;
    say("");
    fill($("identity-outcomes"));
    fill(
      $("identity-body"),
      make(
        "p",
        { class: "actions" },
        button("Use as claim", () => {
          $("identity").value = id;
          location.hash = "review";
        }),
        !photographsWanted() &&
          button(
            "Show photographs",
            () => {
              wantPhotographs();
              openIdentity(id, changed);
            },
            { class: "quiet" },
          ),
        button("Delete identity", () => remove(identity), { class: "danger" }),
      ),
      describe(identity),
      make("h3", {}, "References"),
      sampleTable(references, `${path}/references`, again, say),
      adder("Add photographs of this person", `${path}/references`, false, outcome),
      make("h3", {}, "Negatives"),
      make("p", { class: "dim" }, "Pictures that are not this person, or known fakes."),
      sampleTable(negatives, `${path}/negatives`, again, say),
      adder("Add negatives", `${path}/negatives`, true, outcome),
      make("details", {}, summary("Change name, consent or expiry"), editor(identity, again)),
    );
  } catch (problem) {
    $("identity-card").hidden = false;
    $("identity-name").textContent = id;
    fill($("identity-body"));
    say(problem.message, true);
  }
}
