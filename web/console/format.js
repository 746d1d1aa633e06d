// Numbers, dates and names as people read them.

export const words = name => String(name).replaceAll("_", " ");

export const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

/** `value` with this number of decimals. Zero has no sign. */
export function number(value, digits = 2) {
  const text = Number(value).toFixed(digits);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** A measured value with about three significant digits. */
export function shown(value) {
  const size = Math.abs(value);
  return number(value, size >= 100 ? 0 : size >= 10 ? 1 : 3);
}

/** `value` with its sign; zero has none. */
export function signed(value, digits = 1) {
  const text = number(value, digits);
  return Number(text) > 0 ? `+${text}` : text;
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** A share, 0 to 1, in percent. */
export const percent = share => `${Number((100 * share).toPrecision(2))} %`;

/** A time of RFC 3339 as day and minute, UTC. */
export const moment = time => `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;

export const day = time => time.slice(0, 10);

export function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  return count < 1024 * 1024 ? `${number(count / 1024, 0)} KiB` : `${number(count / 1024 / 1024, 1)} MiB`;
}
