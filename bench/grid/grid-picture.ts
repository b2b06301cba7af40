import type { BenchmarkMap } from "./benchmark-map.ts";
import type { Solved } from "./grid-run.ts";

/** The map with ways over it: the one at any angle thin, the robot's thick. */
export function pictureOf(
  { width, height, free }: BenchmarkMap,
  reference: Solved,
  robot: Solved,
  title: string,
): string {
  const line = ({ points }: Solved, colour: string, thick: number): string =>
    `<polyline points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")}" fill="none" stroke="${colour}" stroke-width="${thick}"/>`;
  const unit = width / 512;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 ${-20 * unit} ${width} ${height + 20 * unit}" width="1024">`,
    `<rect y="${-20 * unit}" width="100%" height="100%" fill="#fff"/>`,
    `<text x="${4 * unit}" y="${-6 * unit}" font-family="sans-serif" font-size="${11 * unit}">${title}</text>`,
    `<path d="${closedRuns(width, height, free)}" fill="#444"/>`,
    line(reference, "#d97706", 1.2 * unit),
    line(robot, "#2563eb", 2.4 * unit),
    ...[robot.points[0], robot.points.at(-1)].map(
      (point) => point && `<circle cx="${point[0]}" cy="${point[1]}" r="${4 * unit}" fill="#2563eb"/>`,
    ),
    "</svg>\n",
  ].join("\n");
}

/** Closed cells, joined along their rows. */
function closedRuns(width: number, height: number, free: Uint8Array): string {
  const runs: string[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (free[row * width + column] !== 0) continue;
      const from = column;
      while (column < width && free[row * width + column] === 0) column++;
      runs.push(`M${from} ${row}h${column - from}v1h${from - column}z`);
    }
  }
  return runs.join("");
}
