// An animated PNG from still ones of equal size and kind (the APNG chunks of the PNG specification, third edition).

import { crc32 } from "node:zlib";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const FRAME_MS = 500;

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

const numbers = (...values) => {
  const data = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) data.writeUInt32BE(value, 4 * i);
  return data;
};

/** The contents of all chunks of one type, joined. */
function contents(png, type) {
  const found = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === type) found.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return Buffer.concat(found);
}

export function animate(stills) {
  const header = contents(stills[0], "IHDR");
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  let sequence = 0;
  const frames = stills.flatMap((png, i) => {
    const delay = Buffer.alloc(6);
    delay.writeUInt16BE(FRAME_MS, 0);
    delay.writeUInt16BE(1000, 2);
    const control = chunk("fcTL", Buffer.concat([numbers(sequence++, width, height, 0, 0), delay]));
    const pixels = contents(png, "IDAT");
    return [control, i === 0 ? chunk("IDAT", pixels) : chunk("fdAT", Buffer.concat([numbers(sequence++), pixels]))];
  });
  const parts = [chunk("IHDR", header), chunk("acTL", numbers(stills.length, 0)), ...frames];
  return Buffer.concat([SIGNATURE, ...parts, chunk("IEND", Buffer.alloc(0))]);
}
