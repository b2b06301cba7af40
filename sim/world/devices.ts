import { unreachable } from "#lib/errors";
import type { DeviceCommand, DeviceDescription, DeviceMessage, DeviceName } from "#drivers/simulated/channel";
import type { Body } from "./base/body.ts";
import { type CleaningHead, HEAD_OFF } from "./cleaning/cleaning-head.ts";
import type { Hand, Outcome, Stance } from "./hand.ts";
import type { Port } from "./port.ts";
import { siteInReach, type Site } from "./sites.ts";
import type { ScannerSpec } from "./world-spec.ts";

type Request = Extract<DeviceCommand, { requestId: number }>;

type LoadRequest = Extract<Request, { type: "pick" | "place" | "verify" | "held" }>;

/** A device that is gone, until when, and why. */
interface Loss {
  readonly reason: string;
  readonly untilMs: number;
}

/** What the devices of a robot act on. */
export interface DeviceParts {
  readonly description: DeviceDescription;
  readonly body: Body;
  readonly hand: Hand | undefined;
  readonly scanner: ScannerSpec | undefined;
  readonly cleaner: CleaningHead | undefined;
  readonly sites: ReadonlyMap<string, Site>;
  /** What the hand and the scanner can tell about now. */
  readonly stance: () => Stance;
}

/** The electronics of a robot: answers drivers on any number of ports, and loses devices when told to. */
export class Devices {
  readonly #parts: DeviceParts;
  readonly #ports = new Set<Port>();
  readonly #lost = new Map<DeviceName, Loss>();
  #reads: { readonly port: Port; readonly requestId: number; readonly untilMs: number }[] = [];

  constructor(parts: DeviceParts) {
    this.#parts = parts;
  }

  attach(port: Port): void {
    this.#ports.add(port);
  }

  /** Forgets a port; what it had asked of the base no longer counts, what the hand began goes on. */
  detach(port: Port): void {
    this.#ports.delete(port);
    if (port.enabled.has("cleaner")) this.#stopCleaning();
    this.#parts.body.release(port.id);
  }

  /** Ends all channels. */
  end(reason: string): void {
    for (const port of this.#ports) {
      this.detach(port);
      port.end(reason);
    }
  }

  isLost(device: DeviceName): boolean {
    return this.#lost.has(device);
  }

  lose(device: DeviceName, reason: string, untilMs: number): void {
    this.#lost.set(device, { reason, untilMs });
    if (device === "cleaner") this.#stopCleaning();
    this.#announce(device, { type: "status", device, state: "down", reason });
  }

  isWanted(device: DeviceName): boolean {
    if (this.#lost.has(device)) return false;
    for (const port of this.#ports) if (port.opened.has(device)) return true;
    return false;
  }

  /** Sends a message to every port that opened the device, unless the device is gone. */
  publish(device: DeviceName, message: DeviceMessage): void {
    if (!this.#lost.has(device)) this.#announce(device, message);
  }

  /** Brings back devices whose loss is over, and serves waiting scanners. */
  step(nowMs: number): void {
    for (const [device, loss] of this.#lost) {
      if (nowMs < loss.untilMs) continue;
      this.#lost.delete(device);
      this.#announce(device, { type: "status", device, state: "ok" });
    }
    if (this.#reads.length > 0) this.#serveReads(nowMs);
  }

  handle(port: Port, command: DeviceCommand): void {
    if (!this.#ports.has(port)) return;
    if ("device" in command) return this.#operate(port, command);
    switch (command.type) {
      case "drive":
        return this.#drive(port, command);
      case "read-code":
        return this.#readCode(port, command);
      case "clean":
        return this.#clean(port, command);
      case "pick":
      case "place":
      case "verify":
      case "held":
        return this.#handleLoad(port, command);
      default:
        return unreachable(command);
    }
  }

  #operate(port: Port, command: Extract<DeviceCommand, { device: DeviceName }>): void {
    if (command.type !== "close") return this.#switch(port, command);
    this.#switchOff(port, command.device);
    port.opened.delete(command.device);
  }

  #drive(port: Port, { linear, lateral = 0, angular, validForMs }: Extract<DeviceCommand, { type: "drive" }>): void {
    if (!port.enabled.has("base") || this.#lost.has("base")) return;
    this.#parts.body.command(port.id, { linear, lateral, angular }, validForMs, this.#parts.stance().atMs);
  }

  #switch(port: Port, command: Extract<Request, { device: DeviceName }>): void {
    const { type, device, requestId } = command;
    if (type === "disable") this.#switchOff(port, device);
    else if (!this.#parts.description.devices.includes(device)) {
      return fail(port, requestId, "driver.down", `the robot has no ${device}`, false);
    } else if (this.#refuseLost(port, requestId, device)) return;
    else if (type === "open") port.opened.add(device);
    else if (port.opened.has(device)) port.enabled.add(device);
    else return fail(port, requestId, "driver.failed", `${device} is not open`, false);
    port.post({ type: "done", requestId });
  }

  #switchOff(port: Port, device: DeviceName): void {
    port.enabled.delete(device);
    if (device === "base") this.#parts.body.release(port.id);
    if (device === "cleaner") this.#stopCleaning();
  }

  #stopCleaning(): void {
    if (this.#parts.cleaner) this.#parts.cleaner.parts = HEAD_OFF;
  }

  #clean(port: Port, command: Extract<Request, { type: "clean" }>): void {
    const { cleaner } = this.#parts;
    if (!cleaner || !this.#isReady(port, command, "cleaner")) return;
    const { brush, vacuum, water, requestId } = command;
    cleaner.parts = { brush, vacuum, water };
    port.post({ type: "done", requestId });
  }

  /** Whether the request may go on; has answered it if not. Questions need an open device, actions an enabled one. */
  #isReady(port: Port, { type, requestId }: Request, device: DeviceName): boolean {
    const isQuestion = type === "verify" || type === "held";
    const isOn = (isQuestion ? port.opened : port.enabled).has(device);
    if (!isOn) fail(port, requestId, "driver.failed", `${device} is not ${isQuestion ? "open" : "enabled"}`, false);
    return isOn && !this.#refuseLost(port, requestId, device);
  }

  #refuseLost(port: Port, requestId: number, device: DeviceName): boolean {
    const loss = this.#lost.get(device);
    if (loss) fail(port, requestId, "driver.down", loss.reason, true);
    return loss !== undefined;
  }

  #handleLoad(port: Port, command: LoadRequest): void {
    const { hand, stance } = this.#parts;
    if (!hand || !this.#isReady(port, command, "load")) return;
    const { requestId } = command;
    const answer = (message: DeviceMessage): void => {
      if (!this.#refuseLost(port, requestId, "load")) port.post(message);
    };
    const tell = (outcome: Outcome): void => answer(handled(requestId, outcome));
    switch (command.type) {
      case "pick": {
        const { key, sku, quantity, from: site } = command;
        return hand.handle({ kind: "pick", key, sku, quantity, site }, stance(), tell);
      }
      case "place":
        return hand.handle({ kind: "place", key: command.key, site: command.to }, stance(), tell);
      case "verify":
        return hand.verify(command.key, (verdict) => answer({ type: "verified", requestId, verdict }));
      case "held":
        return answer({ type: "holding", requestId, ...(hand.held ? { load: hand.held } : {}) });
      default:
        return unreachable(command);
    }
  }

  #readCode(port: Port, command: Extract<Request, { type: "read-code" }>): void {
    if (!this.#isReady(port, command, "scanner")) return;
    const { requestId, timeoutMs } = command;
    this.#reads.push({ port, requestId, untilMs: this.#parts.stance().atMs + timeoutMs });
  }

  #serveReads(nowMs: number): void {
    const { scanner, sites, stance } = this.#parts;
    const site = scanner && siteInReach(sites, stance().pose, scanner.ahead, () => true);
    this.#reads = this.#reads.filter(({ port, requestId, untilMs }) => {
      if (this.#refuseLost(port, requestId, "scanner")) return false;
      if (site) port.post({ type: "code", requestId, code: site.spec.code ?? site.spec.id });
      else if (nowMs < untilMs) return true;
      else fail(port, requestId, "driver.timeout", "nothing with a code is in front of the scanner", true);
      return false;
    });
  }

  #announce(device: DeviceName, message: DeviceMessage): void {
    for (const port of this.#ports) if (port.opened.has(device)) port.post(message);
  }
}

function handled(requestId: number, outcome: Outcome): DeviceMessage {
  if (outcome.ok) return { type: "handled", requestId, result: outcome.result };
  return {
    type: "failed",
    requestId,
    code: "driver.failed",
    message: outcome.reason,
    retryable: outcome.retryable,
  };
}

function fail(
  port: Port,
  requestId: number,
  code: "driver.failed" | "driver.timeout" | "driver.down",
  message: string,
  retryable: boolean,
): void {
  port.post({ type: "failed", requestId, code, message, retryable });
}
