/** @import { Course, Device, Run } from "./run.js" */
import { Costmap } from "./costmap.js";
import { entryAt, lastAt, placeAt, textAt } from "./run.js";

/**
 * @typedef {{ scan: boolean, costmap: boolean, route: boolean, cloud: boolean, track: boolean }} Layers
 * @typedef {{ t: number, layers: Layers, focus: number, zoom: number }} Shown
 */

/** Metres from the middle of a robot to where its name stands. */
const NAME_OFF = 0.15;

/** What moves, drawn on a canvas over the still map. */
export class MapView {
  /** @param {Run} run @param {SVGSVGElement} still @param {HTMLCanvasElement} canvas */
  constructor(run, still, canvas) {
    this.run = run;
    this.still = still;
    this.canvas = canvas;
    const context = canvas.getContext("2d");
    if (!context) throw new TypeError("this browser draws no canvas");
    this.ink = new Ink(context, getComputedStyle(canvas));
    this.costmaps = run.devices.map((device) => new Costmap(run, device));
  }

  /** @param {Shown} shown */
  draw(shown) {
    const window = this.windowOf(shown);
    const { x, y, width, height } = window;
    this.still.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    const sharpness = globalThis.devicePixelRatio || 1;
    const box = this.canvas.getBoundingClientRect();
    this.canvas.width = Math.round(box.width * sharpness);
    this.canvas.height = Math.round(box.height * sharpness);
    const scale = this.canvas.width / width;
    this.ink.context.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
    this.ink.pixel = width / Math.max(1, box.width);
    this.drawAll(shown);
  }

  /**
   * The part of the map that is shown: all of it, or what is around the robot in focus.
   * @param {Shown} shown
   */
  windowOf({ t, focus, zoom }) {
    const { panel } = this.run.view;
    const device = this.run.devices[focus];
    const place = device && placeAt(device.truth, t);
    const [width, height] = [panel.width / zoom, panel.height / zoom];
    const [cx, cy] = place ? this.page(place) : [panel.x + panel.width / 2, panel.y + panel.height / 2];
    const clip = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
      Math.min(Math.max(value, low), high);
    return {
      x: clip(cx - width / 2, panel.x, panel.x + panel.width - width),
      y: clip(cy - height / 2, panel.y, panel.y + panel.height - height),
      width,
      height,
    };
  }

  /** @param {Shown} shown */
  drawAll({ t, layers, focus }) {
    const { devices, doors, movers } = this.run;
    if (layers.costmap) this.drawCostmap(focus, t);
    devices.forEach((device, at) => {
      if (layers.track) this.drawTrack(device, at, t);
      if (layers.route && at === focus) this.drawRoute(device, t);
      if (layers.cloud) this.drawBelief(device, t);
      if (layers.scan) this.drawScan(device, at, t);
    });
    for (const door of doors) this.drawDoor(door, t);
    for (const mover of movers) this.drawMover(mover, t);
    devices.forEach((device, at) => this.drawRobot(device, at, t));
  }

  /**
   * @param {{ x?: number, y?: number }} place in the frame of the map
   * @returns {[number, number]} on the panel
   */
  page({ x = 0, y = 0 }) {
    const { region, panel, pixelsPerMetre } = this.run.view;
    return [panel.x + (x - region.x) * pixelsPerMetre, panel.y + panel.height - (y - region.y) * pixelsPerMetre];
  }

  /** @param {number} focus @param {number} t */
  drawCostmap(focus, t) {
    const [r, g, b] = this.ink.rgb("--cost");
    const picture = this.costmaps[focus]?.pictureAt(
      t,
      (level, closed) => [r, g, b, level === 0 ? 0 : level === closed ? 150 : 18 + level * 18],
      this.ink.colour("--cost"),
    );
    if (!picture) return;
    const { frame, canvas } = picture;
    const [left, top] = this.page({ x: frame.originX, y: frame.originY + frame.height * frame.resolution });
    const pixels = frame.resolution * this.run.view.pixelsPerMetre;
    this.ink.context.imageSmoothingEnabled = false;
    this.ink.context.drawImage(canvas, left, top, frame.width * pixels, frame.height * pixels);
  }

  /** The whole way thinly, what is driven by now thickly. @param {Device} device @param {number} at @param {number} t */
  drawTrack({ truth }, at, t) {
    const points = this.points(truth);
    const driven = points.slice(0, lastAt(truth["t"] ?? [], t) + 1);
    const now = placeAt(truth, t);
    if (now) driven.push(this.page(now));
    this.ink.line(points, { colour: `--robot-${at % 4}`, width: 1, alpha: 0.35 });
    this.ink.line(driven, { colour: `--robot-${at % 4}`, width: 2.5 });
  }

  /** @param {Device} device @param {number} t */
  drawRoute({ routes, truth }, t) {
    const route = entryAt(routes, t);
    const now = placeAt(truth, t);
    if (!route || !now) return;
    this.ink.line(this.points(route.way), { colour: "--planned", width: 2, dash: [7, 5] });
  }

  /** Where the cloud believes the robot: a diamond in a circle of one standard deviation. @param {Device} device @param {number} t */
  drawBelief({ projected, modes }, t) {
    if (textAt(modes, t) !== "projected") return;
    const belief = placeAt(projected, t);
    if (!belief) return;
    const centre = this.page(belief);
    this.ink.circle(centre, (belief["sigma"] ?? 0) * this.run.view.pixelsPerMetre, {
      colour: "--projected",
      width: 1,
      fill: 0.08,
    });
    this.ink.diamond(centre, 6, { colour: "--projected", width: 2 });
  }

  /** @param {Device} device @param {number} at @param {number} t */
  drawScan({ scans }, at, t) {
    const index = lastAt(scans.course["t"] ?? [], t);
    const pick = (/** @type {string} */ name) => scans.course[name]?.[index] ?? 0;
    // A sweep that is older than a few others says nothing of now.
    if (index < 0 || t - pick("t") > this.scanPatience(scans.course)) return;
    const dots = [];
    for (let ray = 0; ray < scans.rays; ray++) {
      const range = (scans.ranges[index * scans.rays + ray] ?? 0) * scans.unit;
      if (range === 0) continue;
      const bearing = pick("yaw") + scans.angleMin + ray * scans.angleStep;
      dots.push(this.page({ x: pick("x") + range * Math.cos(bearing), y: pick("y") + range * Math.sin(bearing) }));
    }
    this.ink.dots(dots, 3, `--robot-${at % 4}`);
  }

  /** @param {Course} course */
  scanPatience(course) {
    const times = course["t"] ?? new Float64Array();
    return Math.max(1, (2 * ((times.at(-1) ?? 0) - (times[0] ?? 0))) / Math.max(1, times.length - 1));
  }

  /** @param {Run["movers"][number]} mover @param {number} t */
  drawMover({ kind, shape, course }, t) {
    const place = placeAt(course, t);
    if (!place) return;
    const { x = 0, y = 0, yaw = 0 } = place;
    const look = { colour: "--ink", width: 2, fill: 0.25 };
    if (typeof shape === "number") this.ink.circle(this.page(place), shape * this.run.view.pixelsPerMetre, look);
    else this.ink.line(this.outline(shape, { x, y, yaw }), { ...look, isClosed: true });
    const reach = typeof shape === "number" ? shape : Math.max(...shape.map(([fx, fy]) => Math.hypot(fx, fy)));
    this.ink.text(kind, this.page({ x, y: y - reach - NAME_OFF }), "--ink", "below");
  }

  /** A closed door is a bar over the dashed line of the still map. @param {Run["doors"][number]} door @param {number} t */
  drawDoor({ line, states }, t) {
    const points = line.map(([x, y]) => this.page({ x, y }));
    const isClosed = textAt(states, t) === "closed";
    if (isClosed) this.ink.line(points, { colour: "--ink", width: 4 });
    const [x, y] = /** @type {[number, number]} */ (points[0]);
    this.ink.text(isClosed ? "door, closed" : "door, open", [x, y], "--ink", "below");
  }

  /**
   * @param {readonly (readonly [number, number])[]} footprint
   * @param {{ x: number, y: number, yaw: number }} pose
   */
  outline(footprint, { x, y, yaw }) {
    const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)];
    return footprint.map(([fx, fy]) => this.page({ x: x + cos * fx - sin * fy, y: y + sin * fx + cos * fy }));
  }

  /** @param {Device} device @param {number} at @param {number} t */
  drawRobot({ id, footprint, truth, gate, link }, at, t) {
    const place = placeAt(truth, t);
    if (!place) return;
    const { x = 0, y = 0, yaw = 0 } = place;
    const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)];
    const corners = this.outline(footprint, { x, y, yaw });
    const reach = Math.max(0.3, ...footprint.map(([fx, fy]) => Math.hypot(fx, fy)));
    const isOffline = textAt(link, t) === "offline";
    const look = { colour: `--robot-${at % 4}`, width: 2, fill: 0.35, ...(isOffline && { dash: [4, 3] }) };
    this.ink.line(corners, { ...look, isClosed: true });
    this.ink.line([this.page({ x, y }), this.page({ x: x + cos * reach, y: y + sin * reach })], {
      colour: look.colour,
      width: 2,
    });
    this.ink.text(isOffline ? `${id} (no link)` : id, this.page({ x, y: y + reach + NAME_OFF }), look.colour, "above");
    const verdict = textAt(gate, t) ?? "pass";
    if (verdict === "pass") return;
    const isStop = verdict.startsWith("stop");
    this.ink.circle(this.page({ x, y }), (reach + 0.1) * this.run.view.pixelsPerMetre, {
      colour: "--failed",
      width: isStop ? 4 : 2,
      dash: isStop ? [] : [4, 4],
    });
    this.ink.text(verdict, this.page({ x, y: y - reach - NAME_OFF }), "--failed", "below");
  }

  /** @param {Course} course @returns {[number, number][]} */
  points(course) {
    return Array.from(course["x"] ?? [], (x, at) => this.page({ x, y: course["y"]?.[at] ?? 0 }));
  }
}

/** @typedef {{ colour: string, width: number, dash?: number[], alpha?: number, fill?: number, isClosed?: boolean }} Look */

/** Draws in colours of the style sheet, with widths in pixels of the screen. */
class Ink {
  /** @param {CanvasRenderingContext2D} context @param {CSSStyleDeclaration} style */
  constructor(context, style) {
    this.context = context;
    this.style = style;
    /** Length of a pixel of the screen on the panel. */
    this.pixel = 1;
  }

  /** @param {string} name */
  colour(name) {
    return this.style.getPropertyValue(name).trim();
  }

  /** @param {string} name @returns {[number, number, number]} */
  rgb(name) {
    const hex = this.colour(name).slice(1);
    const at = (/** @type {number} */ from) => Number.parseInt(hex.slice(from, from + 2), 16);
    return [at(0), at(2), at(4)];
  }

  /** @param {[number, number][]} points @param {Look} look */
  line(points, look) {
    this.context.beginPath();
    for (const [x, y] of points) this.context.lineTo(x, y);
    if (look.isClosed) this.context.closePath();
    this.stroke(look);
  }

  /** @param {[number, number]} centre @param {number} radius @param {Look} look */
  circle([x, y], radius, look) {
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.stroke(look);
  }

  /** @param {[number, number]} centre @param {number} reach pixels @param {Look} look */
  diamond([x, y], reach, look) {
    const off = reach * this.pixel;
    const corners = /** @type {[number, number][]} */ ([
      [x, y - off],
      [x + off, y],
      [x, y + off],
      [x - off, y],
    ]);
    this.line(corners, { ...look, isClosed: true });
  }

  /** @param {[number, number][]} points @param {number} size pixels @param {string} colour */
  dots(points, size, colour) {
    const edge = size * this.pixel;
    this.context.fillStyle = this.colour(colour);
    for (const [x, y] of points) this.context.fillRect(x - edge / 2, y - edge / 2, edge, edge);
  }

  /** @param {string} words @param {[number, number]} at @param {string} colour @param {"above" | "below"} side */
  text(words, [x, y], colour, side) {
    this.context.font = `600 ${12 * this.pixel}px system-ui, sans-serif`;
    this.context.textAlign = "center";
    this.context.textBaseline = side === "above" ? "bottom" : "top";
    this.context.lineWidth = 3 * this.pixel;
    this.context.lineJoin = "round";
    this.context.setLineDash([]);
    this.context.strokeStyle = this.colour("--paper");
    this.context.strokeText(words, x, y);
    this.context.fillStyle = this.colour(colour);
    this.context.fillText(words, x, y);
  }

  /** @param {Look} look */
  stroke({ colour, width, dash = [], alpha = 1, fill }) {
    const { context, pixel } = this;
    if (fill !== undefined) {
      context.globalAlpha = fill;
      context.fillStyle = this.colour(colour);
      context.fill();
    }
    context.globalAlpha = alpha;
    context.strokeStyle = this.colour(colour);
    context.lineWidth = width * pixel;
    context.lineJoin = "round";
    context.setLineDash(dash.map((length) => length * pixel));
    context.stroke();
    context.globalAlpha = 1;
  }
}
