import type { Cancel, Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Pose } from "#lib/geometry";
import type { VirtualClock } from "#lib/virtual-clock";
import type { HandlingResult, LoadHandler, ToolDrivers, Verdict } from "#drivers/driver";
import type { Control, Drive, Goal, MotionReport } from "../control/control.ts";

const SPEED = 1;
const TICK_MS = 50;
const HANDLING_MS = 4000;
const SCANNING_MS = 2000;

/** A robot that drives straight to its goal and whose hand finishes what it began, whatever becomes of the agent. */
export class TestRobot {
  readonly clock: VirtualClock;
  pose: Pose = { x: 0, y: 0, yaw: 0 };
  driven = 0;
  topSpeed = 0;
  /** Faster than this it does not go, whatever it is allowed. */
  maxSpeed = SPEED;
  drainPerSecond = 0;
  battery = 0.9;
  speed = 0;
  zones: string[] = [];
  /** Stands in the way while it is true; `no-route` says that motion has found out. */
  way: "free" | "blocked" | "no-route" = "free";
  /** Goals that no way leads to. */
  isClosed: (goal: Pose) => boolean = () => false;
  /** A sensor that stopped. */
  lidar: "ok" | "stale" = "ok";
  position: "ok" | "lost" = "ok";
  hand: "ok" | "hangs" | "forgets" | "unplugged" | "gone" = "ok";
  /** How many of the next actions of the hand come to nothing. */
  slips = 0;
  /** How many of the next scans read nothing. */
  misreads = 0;
  /** Whether the station's sensor sees what is placed. */
  conveyor: "ok" | "jammed" = "ok";
  held: { sku: string; quantity: number } | undefined;
  /** What was physically done, in order. */
  readonly movements: string[] = [];
  goal: Goal | undefined;
  readonly #memory = new Map<string, HandlingResult>();
  #acting: Promise<void> = Promise.resolve();

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  /** The motion loop of one life of the agent. */
  control(life: Clock): Control {
    let stop: Cancel = () => undefined;
    const tick = (): void => {
      this.#move();
      stop = life.after(TICK_MS, tick);
    };
    tick();
    return {
      setWorld: () => undefined,
      setGoal: (goal) => {
        this.goal = goal;
      },
      stop: () => {
        this.goal = undefined;
        this.speed = 0;
      },
      report: () => this.#report(),
      [Symbol.asyncDispose]: () => {
        stop();
        return Promise.resolve();
      },
    };
  }

  drivers(): ToolDrivers {
    const driver = {
      open: () => Promise.resolve(),
      enable: () => Promise.resolve(),
      disable: () => Promise.resolve(),
      health: () => ({ state: "ok", errors: 0 }) as const,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const latest = () => ({ atMs: this.clock.nowMs(), charge: this.battery, isCharging: false });
    const scanner = { ...driver, name: "scanner", scan: () => this.#scan() };
    const battery = { ...driver, name: "battery", latest };
    return { battery, scanner, ...(this.hand === "gone" ? {} : { load: this.#loadHandler(driver) }) };
  }

  #loadHandler(driver: Omit<LoadHandler, "name" | "pick" | "place" | "verify" | "held">): LoadHandler {
    return {
      ...driver,
      name: "hand",
      health: () => ({ state: this.hand === "unplugged" ? "down" : "ok", errors: 0 }),
      pick: ({ key, sku, quantity }) => this.#handle(key, () => this.#take(sku, quantity)),
      place: ({ key }) => this.#handle(key, () => this.#put()),
      verify: async (key): Promise<Verdict> => {
        if (this.hand === "unplugged") throw new AgentError("driver.down", "the hand is not there");
        if (this.hand === "forgets") return "unknown";
        await this.#acting;
        return this.#memory.has(key) ? "done" : "not-done";
      },
      held: () => Promise.resolve(this.held),
    };
  }

  async #handle(key: string, effect: () => HandlingResult): Promise<HandlingResult> {
    const known = this.#memory.get(key);
    if (known) return known;
    if (this.hand === "hangs") return new Promise(() => undefined);
    const { promise, resolve, reject } = Promise.withResolvers<HandlingResult>();
    this.#acting = promise.then(
      () => undefined,
      () => undefined,
    );
    this.clock.after(HANDLING_MS, () => {
      if (this.slips > 0) {
        this.slips--;
        reject(new AgentError("driver.failed", "the gripper slipped"));
        return;
      }
      const result = effect();
      this.#memory.set(key, result);
      resolve(result);
    });
    return promise;
  }

  #scan(): Promise<{ code: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: string }>();
    this.movements.push("scan");
    this.clock.after(SCANNING_MS, () => {
      if (this.misreads-- > 0) reject(new AgentError("driver.failed", "no code was read"));
      else resolve({ code: "CODE-1" });
    });
    return promise;
  }

  #take(sku: string, quantity: number): HandlingResult {
    this.held = { sku, quantity };
    this.movements.push(`pick ${quantity} ${sku}`);
    return this.held;
  }

  #put(): HandlingResult {
    const { sku, quantity } = this.held ?? { sku: "", quantity: 0 };
    this.held = undefined;
    this.movements.push(`place ${quantity} ${sku}`);
    return { sku, quantity, handedOver: this.conveyor === "ok" };
  }

  #move(): void {
    const { goal } = this;
    const isMoving = goal && goal.validUntilMs > this.clock.nowMs() && this.way === "free" && !this.isClosed(goal.pose);
    const left = goal ? Math.hypot(goal.pose.x - this.pose.x, goal.pose.y - this.pose.y) : 0;
    this.speed = isMoving && left > 0.01 ? Math.min(this.maxSpeed, goal.maxSpeed) : 0;
    this.battery -= (this.drainPerSecond * TICK_MS) / 1000;
    this.topSpeed = Math.max(this.topSpeed, this.speed);
    if (!goal || this.speed === 0) return;
    const step = Math.min(left, (this.speed * TICK_MS) / 1000);
    const heading = Math.atan2(goal.pose.y - this.pose.y, goal.pose.x - this.pose.x);
    this.driven += step;
    const [x, y] = [this.pose.x + step * Math.cos(heading), this.pose.y + step * Math.sin(heading)];
    this.pose = { x, y, yaw: goal.pose.yaw };
  }

  #report(): MotionReport {
    const { goal, pose } = this;
    return {
      atMs: this.clock.nowMs(),
      pose,
      sigmaXy: 0.02,
      isLocalised: this.position === "ok",
      velocity: { linear: this.speed, angular: 0 },
      drive: this.#drive(),
      gate: { action: "pass" },
      ...(this.lidar === "stale" ? { blind: "scan_stale" } : this.position === "lost" ? { blind: "pose_lost" } : {}),
      driven: this.driven,
      route: goal
        ? [
            [pose.x, pose.y],
            [goal.pose.x, goal.pose.y],
          ]
        : [],
      zones: this.zones,
      counters: { ticks: 0, gateStops: 0, latenessMsMax: 0, latenessMsP99: 0 },
    };
  }

  #drive(): Drive {
    const { goal, pose } = this;
    if (!goal) return { state: "idle" };
    const { goalId } = goal;
    if (this.way === "blocked") return { state: "blocked", goalId, sinceMs: 0 };
    if (this.way === "no-route" || this.isClosed(goal.pose)) return { state: "no-route", goalId, reason: "no_route" };
    const remaining = Math.hypot(goal.pose.x - pose.x, goal.pose.y - pose.y);
    return remaining <= 0.05 ? { state: "arrived", goalId } : { state: "driving", goalId, remaining };
  }
}
