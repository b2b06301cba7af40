/**
 * @import { TracksView } from "../../device-tracks.ts"
 * @import { Fleet } from "../fleet-state.js"
 * @import { SiteMap } from "../map/site-map.js"
 */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { SiteMapView } from "../map/site-map.js";
import { DeviceTable } from "../parts/device-table.js";
import { useLive } from "../parts/use-live.js";
import { MODES } from "../words.js";

const TRACKS_EVERY_MS = 3000;

/** Map and table of all devices; one of them may be chosen, and shows its tracks. @param {{ fleet: Fleet, selected: string | undefined }} props */
export function FleetPage({ fleet, selected }) {
  const { ids, mapId, site, choose } = useSite(fleet, selected);
  const select = (/** @type {string} */ id) => void (location.hash = `#/fleet/${encodeURIComponent(id)}`);
  return html`<div class="fleet">
    <section aria-label="Map" class="map-column">
      ${ids.length > 1 && html`<${MapChoice} ids=${ids} mapId=${mapId} onChoose=${choose} />`}
      <${SiteMapView}
        site=${site}
        fleet=${fleet}
        selected=${selected}
        tracks=${useTracks(fleet, selected)}
        onSelect=${select}
      />
      <${Key} />
    </section>
    <section aria-label="Devices"><${DeviceTable} fleet=${fleet} selected=${selected} /></section>
  </div>`;
}

/** @param {{ ids: readonly string[], mapId: string | undefined, onChoose: (id: string) => void }} props */
function MapChoice({ ids, mapId, onChoose }) {
  const options = ids.map((id) => html`<option key=${id} value=${id}>${id}</option>`);
  const change = (/** @type {any} */ event) => onChoose(event.target.value);
  return html`<p>
    <label
      >Map
      <select value=${mapId} onChange=${change}>
        ${options}
      </select></label
    >
  </p>`;
}

/** The map that somebody has chosen, or else the one that the chosen device, or any, is at work on. @param {Fleet} fleet @param {string | undefined} selected */
function useSite(fleet, selected) {
  const maps = useLive("maps").answer;
  const [chosen, choose] = useState(/** @type {string | undefined} */ (undefined));
  const ids = maps?.ok ? /** @type {string[]} */ (maps.value.items) : [];
  const mapId = chosen ?? mapOf(fleet, selected) ?? ids[0];
  const isKnown = mapId !== undefined && ids.includes(mapId);
  const { answer } = useLive(isKnown ? `maps/${encodeURIComponent(mapId)}` : undefined);
  return { ids, mapId, site: answer?.ok ? /** @type {SiteMap} */ (answer.value) : undefined, choose };
}

/** @param {Fleet} fleet @param {string | undefined} selected */
function useTracks(fleet, selected) {
  const isThere = selected !== undefined && fleet.devices.has(selected);
  const { answer } = useLive(isThere ? `devices/${encodeURIComponent(selected)}/tracks` : undefined, {
    everyMs: TRACKS_EVERY_MS,
    concerns: ({ deviceId }) => deviceId === selected,
  });
  return answer?.ok ? /** @type {TracksView} */ (answer.value) : undefined;
}

function Key() {
  return html`<ul class="key">
    ${Object.values(MODES).map(({ sign, words, meaning }) => html`<li key=${words}><span class="sign" aria-hidden="true">${sign}</span> <b>${words}</b>: ${meaning}</li>`)}
    <li>
      Dashed circle: one standard deviation of where a projected device may be. Dashed line to a diamond: where it was
      believed to be when it came back.
    </li>
    <li>Of the chosen device, dashes are the planned way, the line is the way that it came.</li>
  </ul>`;
}

/** @param {Fleet} fleet @param {string | undefined} selected */
function mapOf(fleet, selected) {
  const own = selected === undefined ? undefined : fleet.devices.get(selected)?.mark.mapId;
  return own ?? [...fleet.devices.values()].find(({ mark }) => mark.mapId !== undefined)?.mark.mapId;
}
