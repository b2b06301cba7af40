/**
 * The part of the map that is shown: its middle and width in metres, and what it is shown on in pixels.
 * @typedef {{ x: number, y: number, width: number, pixels: { width: number, height: number } }} Window
 * @typedef {{ xMin: number, yMin: number, xMax: number, yMax: number }} Box metres
 */

const MARGIN = 1.06;
const WIDTH_MIN = 2;
const WIDTH_MAX = 100_000;

/** A window that shows all of a box. @param {Box} box @param {Window["pixels"]} pixels @returns {Window} */
export function windowOn({ xMin, yMin, xMax, yMax }, pixels) {
  const aspect = pixels.width / Math.max(1, pixels.height);
  const width = Math.max(xMax - xMin, (yMax - yMin) * aspect, WIDTH_MIN) * MARGIN;
  return { x: (xMin + xMax) / 2, y: (yMin + yMax) / 2, width, pixels };
}

/** @param {Window} window */
export function metresPerPixel({ width, pixels }) {
  return width / Math.max(1, pixels.width);
}

/** For an SVG whose y runs down. @param {Window} window */
export function viewBoxOf({ x, y, width, pixels }) {
  const height = (width * pixels.height) / Math.max(1, pixels.width);
  return `${x - width / 2} ${-y - height / 2} ${width} ${height}`;
}

/** The window zoomed, one place of the map kept where it is. @param {Window} window @param {number} factor above 1 shows less @param {readonly [number, number]} [at] @returns {Window} */
export function zoomed(window, factor, at = [window.x, window.y]) {
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, window.width / factor));
  const share = width / window.width;
  return { ...window, width, x: at[0] + (window.x - at[0]) * share, y: at[1] + (window.y - at[1]) * share };
}

/** @param {Window} window @param {number} dx pixels to the right @param {number} dy pixels down @returns {Window} */
export function panned(window, dx, dy) {
  const scale = metresPerPixel(window);
  return { ...window, x: window.x + dx * scale, y: window.y - dy * scale };
}

/** Whether a circle touches what is shown. @param {Window} window @param {readonly [number, number]} place @param {number} radius metres */
export function isInside({ x, y, width, pixels }, [px, py], radius) {
  const height = (width * pixels.height) / Math.max(1, pixels.width);
  return Math.abs(px - x) <= width / 2 + radius && Math.abs(py - y) <= height / 2 + radius;
}

/** The smallest box around some places; a room of 20 m around the origin if there are none. @param {Iterable<readonly [number, number]>} places @returns {Box} */
export function boxAround(places) {
  const all = [...places];
  if (all.length === 0) return { xMin: -10, yMin: -10, xMax: 10, yMax: 10 };
  const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)];
  return { xMin: Math.min(...xs), yMin: Math.min(...ys), xMax: Math.max(...xs), yMax: Math.max(...ys) };
}
