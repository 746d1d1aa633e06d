// A client made by openapi-typescript enrolls and verifies. Its types come from the document, so this file does not
// compile where the document says something else.

import { readFileSync } from "node:fs";
import { env, exit } from "node:process";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Verdict = components["schemas"]["Verdict"];

const client = createClient<paths>({
  baseUrl: env.FACEWARD_URL ?? "",
  headers: { authorization: `Bearer ${env.FACEWARD_TOKEN}` },
});

function photograph(name: string): Blob {
  return new Blob([new Uint8Array(readFileSync(`${env.FACEWARD_DEMO}/${name}`))]);
}

// The types call the bytes of an image a string; the form carries them.
function form(images: Blob[], texts: Record<string, string> = {}): FormData {
  const made = new FormData();
  for (const image of images) made.append("image", image, "photograph.jpg");
  for (const [name, text] of Object.entries(texts)) made.append(name, text);
  return made;
}

function check(holds: boolean, what: string): void {
  if (!holds) {
    console.error(`failed: ${what}`);
    exit(1);
  }
}

const path = { id: "typescript" };
const made = await client.PUT("/v1/identities/{id}", {
  params: { path },
  body: { display_name: "Barack Obama" },
});
check(made.response.status === 201 && made.data?.profile === null, "an identity is created");

const enrolled = await client.POST("/v1/identities/{id}/references", {
  params: { path },
  body: { image: [] },
  bodySerializer: () => form(["obama-2009.jpg", "obama-2010.jpg"].map(photograph)),
});
check(enrolled.data?.accepted.length === 2, "photographs are enrolled");

for (const [name, wanted] of [
  ["obama-2012.jpg", "real"],
  ["collins.jpg", "different_person"],
] satisfies [string, Verdict][]) {
  const answer = await client.POST("/v1/verify", {
    params: { query: { timings: true } },
    body: { image: "" },
    bodySerializer: () => form([photograph(name)], { identity: path.id }),
  });
  check(answer.data?.verdict === wanted, `${name} is ${wanted}`);
  const box = answer.data?.faces[0]?.bbox;
  check(box !== undefined && box.width > 0, "a face has a box");
}

const image = readFileSync(`${env.FACEWARD_DEMO}/obama-2012.jpg`).toString("base64");
const found = await client.POST("/v1/verify", { body: { image }, headers: { "content-type": "application/json" } });
check(found.data?.identity?.id === path.id, "a search finds the person");

const unknown = await client.POST("/v1/verify", { body: { image, identity: "nobody" } });
check(unknown.error?.code === "identity_unknown", "a refusal has its code");

const erased = await client.DELETE("/v1/identities/{id}", { params: { path } });
const receipt = erased.response.headers.get("erasure-receipt") ?? "";
const proof = await client.GET("/v1/receipts/{id}", { params: { path: { id: receipt } } });
check(proof.data?.samples === 2, "a receipt is given");
console.log("a TypeScript client enrolls, verifies and erases");
