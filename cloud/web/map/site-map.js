/**
 * @import { Landmark, Occupancy, Zone } from "#contract/spatial"
 * @import { TracksView } from "../../device-tracks.ts"
 * @import { Fleet, Shown } from "../fleet-state.js"
 * @import { Window } from "./window.js"
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { placeOf } from "../fleet-state.js";
import { html } from "../html.js";
import { groundOf } from "./ground.js";
import { Robot } from "./robot.js";
import { Hatches, Landmarks, pathOf, Zones } from "./scenery.js";
import { boxAround, isInside, metresPerPixel, panned, viewBoxOf, windowOn, zoomed } from "./window.js";

/** @typedef {{ mapId: string, mapRevision: string, occupancy: Occupancy, zones: Zone[], landmarks: Landmark[] }} SiteMap */

/** More names than these would hide the robots. */
const NAMES_MAX = 40;
const STEP_PX = 60;

/**
 * The site with its robots: zoomed by wheel, `+` and `-`, moved by dragging and the arrow keys, `0` shows all of it.
 * @param {{ site: SiteMap | undefined, fleet: Fleet, selected: string | undefined, tracks: TracksView | undefined,
 *   onSelect: (id: string) => void }} props
 */
export function SiteMapView({ site, fleet, selected, tracks, onSelect }) {
  const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
  const pixels = usePixels(frame);
  const ground = useGround(site);
  const [moved, setMoved] = useState(/** @type {Window | undefined} */ (undefined));
  useEffect(() => setMoved(undefined), [site?.mapId]);
  const shown = useMemo(() => onMap(fleet, site?.mapId), [fleet, site?.mapId]);
  const whole = windowOn(wholeOf(ground, shown), pixels);
  const window = moved ? { ...moved, pixels } : whole;
  const scale = metresPerPixel(window);
  const inside = shown.filter((device) => isShown(device, window));
  const chosen = selected === undefined ? undefined : fleet.devices.get(selected);
  const robot = (/** @type {Shown} */ device) =>
    html`<${Robot}
      key=${device.mark.id}
      shown=${device}
      scale=${scale}
      atMs=${fleet.atMs}
      hasName=${inside.length <= NAMES_MAX}
      isSelected=${device.mark.id === selected}
      onSelect=${onSelect}
    />`;
  return html`<div
    class="map"
    ref=${frame}
    role="application"
    tabindex="0"
    aria-label="Map of the site; the table beside it says the same in words. Plus and minus zoom, arrow keys move, 0 shows all of it."
    onKeyDown=${keysOn(window, setMoved)}
    onWheel=${wheelOn(window, setMoved)}
    onPointerDown=${dragOn(window, setMoved)}
  >
    <svg viewBox=${viewBoxOf(window)} aria-hidden="true">
      <${Hatches} scale=${scale} />
      ${ground && html`<image href=${ground.href} x=${ground.x} y=${-ground.y - ground.height} width=${ground.width} height=${ground.height} preserveAspectRatio="none" />`}
      <${Zones} zones=${site?.zones ?? []} scale=${scale} />
      <${Landmarks} landmarks=${site?.landmarks ?? []} scale=${scale} />
      ${chosen && html`<${Tracks} shown=${chosen} tracks=${tracks} />`}
      ${inside.filter(({ mark }) => mark.mode === "projected").map(ghostTrail)} ${inside.map(robot)}
    </svg>
    <div class="map-controls">
      <button type="button" aria-label="Zoom in" onClick=${() => setMoved(zoomed(window, 1.5))}>+</button>
      <button type="button" aria-label="Zoom out" onClick=${() => setMoved(zoomed(window, 1 / 1.5))}>−</button>
      <button type="button" aria-label="Show all of the map" onClick=${() => setMoved(undefined)}>all</button>
    </div>
  </div>`;
}

/** @param {Shown} device */
function ghostTrail({ mark, ghostTrail }) {
  return html`<path class="track ghost" key=${`trail ${mark.id}`} d=${pathOf(ghostTrail)} />`;
}

/** What is known of the ways of the chosen device. @param {{ shown: Shown, tracks: TracksView | undefined }} props */
function Tracks({ shown, tracks }) {
  const recorded = (tracks?.actual ?? []).map(({ x, y }) => /** @type {const} */ ([x, y]));
  return html`<g>
    <path class="track planned" data-points=${tracks?.planned.length ?? 0} d=${pathOf(tracks?.planned ?? [])} />
    <path
      class="track actual"
      data-points=${recorded.length}
      d=${pathOf(recorded.length > 1 ? recorded : shown.trail)}
    />
  </g>`;
}

/** Devices whose contract names no map are shown on each. @param {Fleet} fleet @param {string | undefined} mapId */
function onMap(fleet, mapId) {
  const all = [...fleet.devices.values()];
  return all.filter(({ mark }) => mark.mapId === undefined || mapId === undefined || mark.mapId === mapId);
}

/** @param {Awaited<ReturnType<typeof groundOf>> | undefined} ground @param {readonly Shown[]} shown */
function wholeOf(ground, shown) {
  if (ground) return { xMin: ground.x, yMin: ground.y, xMax: ground.x + ground.width, yMax: ground.y + ground.height };
  return boxAround(shown.map(({ mark }) => placeOf(mark)).filter((place) => place !== undefined));
}

/** @param {Shown} device @param {Window} window */
function isShown({ mark }, window) {
  const place = placeOf(mark);
  return place !== undefined && isInside(window, place, (mark.sigma ?? 0) + 30 * metresPerPixel(window));
}

/** @param {{ current: HTMLDivElement | null }} frame */
function usePixels(frame) {
  const [pixels, setPixels] = useState({ width: 800, height: 600 });
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setPixels({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  return pixels;
}

/** The picture of the map in the colours of the reader's scheme. @param {SiteMap | undefined} site */
function useGround(site) {
  const [ground, setGround] = useState(/** @type {Awaited<ReturnType<typeof groundOf>> | undefined} */ (undefined));
  useEffect(() => {
    setGround(undefined);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const draw = () => {
      const style = getComputedStyle(document.documentElement);
      const colours = { wall: style.getPropertyValue("--wall"), unknown: style.getPropertyValue("--unknown") };
      if (site) void groundOf(site.occupancy, colours).then(setGround);
    };
    draw();
    scheme.addEventListener("change", draw);
    return () => scheme.removeEventListener("change", draw);
  }, [site]);
  return ground;
}

/** @typedef {(window: Window | undefined) => void} SetWindow */

/** @param {Window} window @param {SetWindow} set @returns {(event: KeyboardEvent) => void} */
function keysOn(window, set) {
  /** @type {Record<string, () => Window | undefined>} */
  const keys = {
    "+": () => zoomed(window, 1.5),
    "=": () => zoomed(window, 1.5),
    "-": () => zoomed(window, 1 / 1.5),
    0: () => undefined,
    ArrowLeft: () => panned(window, -STEP_PX, 0),
    ArrowRight: () => panned(window, STEP_PX, 0),
    ArrowUp: () => panned(window, 0, -STEP_PX),
    ArrowDown: () => panned(window, 0, STEP_PX),
  };
  return (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    set(act());
  };
}

/** @param {Window} window @param {SetWindow} set @returns {(event: WheelEvent) => void} */
function wheelOn(window, set) {
  return (event) => {
    event.preventDefault();
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const scale = metresPerPixel(window);
    const x = window.x + (event.clientX - box.left - box.width / 2) * scale;
    const y = window.y - (event.clientY - box.top - box.height / 2) * scale;
    set(zoomed(window, event.deltaY < 0 ? 1.25 : 1 / 1.25, [x, y]));
  };
}

/** @param {Window} window @param {SetWindow} set @returns {(event: PointerEvent) => void} */
function dragOn(window, set) {
  return (down) => {
    if (down.button !== 0 || /** @type {Element} */ (down.target).closest("button")) return;
    const move = (/** @type {PointerEvent} */ event) => {
      const [dx, dy] = [down.clientX - event.clientX, down.clientY - event.clientY];
      if (Math.hypot(dx, dy) > 3) set(panned(window, dx, dy));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  };
}
