// Single frames of an animation, as far as the browser can take it apart (`ImageDecoder`).

import { make } from "./dom.js";

/** The kinds of animations that the server judges, by their first bytes: the type of the file may be wrong. */
const KINDS = [
  ["GIF8", "image/gif"],
  ["RIFF", "image/webp"],
  ["\x89PNG", "image/png"],
];

async function decoder(file) {
  const start = String.fromCharCode(...new Uint8Array(await file.slice(0, 4).arrayBuffer()));
  const type = KINDS.find(([first]) => start.startsWith(first))?.[1];
  if (!type || !globalThis.ImageDecoder || !(await ImageDecoder.isTypeSupported(type))) return null;
  return new ImageDecoder({ data: await file.arrayBuffer(), type });
}

/** The frames with these indices as canvases; fewer or none where the browser cannot decode them. */
export async function framesOf(file, indices) {
  const frames = new Map();
  if (!indices.length) return frames;
  try {
    const reader = await decoder(file);
    if (!reader) return frames;
    for (const frameIndex of indices) {
      const { image } = await reader.decode({ frameIndex });
      const canvas = make("canvas", { width: image.displayWidth, height: image.displayHeight, "aria-hidden": "true" });
      canvas.getContext("2d").drawImage(image, 0, 0);
      image.close();
      frames.set(frameIndex, canvas);
    }
    reader.close();
  } catch {
    // The strip then goes without pictures.
  }
  return frames;
}

/** A canvas as a file. */
export const asBlob = canvas =>
  new Promise(resolve => {
    canvas.toBlob(resolve, "image/png");
  });
