/** @import { Occupancy } from "#contract/spatial" */

/**
 * A map's picture in the colours of the page, as a data address: walls dark, unknown ground grey, free ground clear.
 * @param {Occupancy} occupancy
 * @param {{ wall: string, unknown: string }} colours
 * @returns {Promise<{ href: string, x: number, y: number, width: number, height: number }>} the box that it covers, metres
 */
export async function groundOf({ png, resolution, origin, negate, occupied_thresh, free_thresh }, colours) {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new TypeError("this browser draws no canvas");
  context.drawImage(image, 0, 0);
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = picture;
  const [wall, unknown] = [rgbOf(colours.wall), rgbOf(colours.unknown)];
  for (let at = 0; at < data.length; at += 4) {
    const value = (data[at] ?? 0) / 255;
    const occupied = negate === 1 ? value : 1 - value;
    const colour = occupied >= occupied_thresh ? wall : occupied <= free_thresh ? undefined : unknown;
    data.set(colour ? [...colour, 255] : [0, 0, 0, 0], at);
  }
  context.putImageData(picture, 0, 0);
  const [x, y] = origin;
  return {
    href: canvas.toDataURL(),
    x,
    y,
    width: canvas.width * resolution,
    height: canvas.height * resolution,
  };
}

/** @param {string} hex such as `#3a444f` @returns {[number, number, number]} */
function rgbOf(hex) {
  const value = Number.parseInt(hex.trim().slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
