// Pictures in the browser: loaded, cropped to a face, and laid over one another by the eyes.

import { make } from "./dom.js";
import { eyes } from "./regions.js";

/** A file or bytes as a picture; `image` is `null` where this browser cannot show it. */
export async function load(blob) {
  const url = URL.createObjectURL(blob);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return { url, image };
  } catch {
    return { url, image: null };
  }
}

/** A canvas of `side` pixels with the face in `box`, in pixels of a picture `width` wide; blank without a picture. */
export function crop(image, width, box, side = 96) {
  const canvas = make("canvas", { width: side, height: side, "aria-hidden": "true" });
  if (!image || !box) return canvas;
  const ratio = image.naturalWidth / width;
  const whole = 1.25 * Math.max(box.width, box.height);
  const [x, y] = [box.x + box.width / 2 - whole / 2, box.y + box.height / 2 - whole / 2].map(v => v * ratio);
  canvas.getContext("2d").drawImage(image, x, y, whole * ratio, whole * ratio, 0, 0, side, side);
  return canvas;
}

/** Where the eyes come to lie in an aligned picture, as shares of its side. */
const [RIGHT, LEFT] = [
  [0.36, 0.42],
  [0.64, 0.42],
];

/** Draws a picture turned, scaled and moved so that the eyes of `outlines` lie at their fixed places. */
export function drawAligned(canvas, image, width, outlines) {
  const side = canvas.width;
  const ratio = image.naturalWidth / width;
  const [a, b] = eyes(outlines).map(p => p.map(v => v * ratio));
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const to = [(LEFT[0] - RIGHT[0]) * side, (LEFT[1] - RIGHT[1]) * side];
  // The similarity that takes a to RIGHT and b to LEFT.
  const square = dx * dx + dy * dy || 1;
  const p = (to[0] * dx + to[1] * dy) / square;
  const q = (to[1] * dx - to[0] * dy) / square;
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, side, side);
  pen.imageSmoothingQuality = "high";
  pen.setTransform(p, q, -q, p, RIGHT[0] * side - p * a[0] + q * a[1], RIGHT[1] * side - q * a[0] - p * a[1]);
  pen.drawImage(image, 0, 0);
  pen.setTransform(1, 0, 0, 1, 0, 0);
}

/** The picture as a data URL of a JPEG with at most `most` pixels to a side. */
export function asData(image, most = 1600) {
  const share = Math.min(1, most / Math.max(image.naturalWidth, image.naturalHeight));
  const [width, height] = [image.naturalWidth, image.naturalHeight].map(v => Math.max(1, Math.round(v * share)));
  const canvas = make("canvas", { width, height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(image, 0, 0, width, height);
  return canvas.toDataURL("image/jpeg", 0.88);
}

/** SHA-256 of a file in hex; `null` where the browser allows no cryptography: beyond this machine without TLS. */
export async function sha256(file) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, "0")).join("");
}
