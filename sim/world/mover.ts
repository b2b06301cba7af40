import type { Pose } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres, Seconds } from "#lib/units";
import { advance, Body } from "./base/body.ts";
import type { Recorder } from "./metrics.ts";
import { Clearing } from "./space/clearing.ts";
import { Contacts, RELEASE_GAP } from "./space/contacts.ts";
import { type Cover, coverOf, leastGap } from "./space/cover.ts";
import type { Scene } from "./space/scene.ts";
import { bodyThing, type Thing } from "./space/shapes.ts";
import { neighboursOf } from "./space/surroundings.ts";
import type { RobotSpec } from "./world-spec.ts";

/** Beyond what is needed so much more is measured exactly, so that the next measurement may wait. */
const LOOK_AHEAD: Metres = 0.05;
/** Farther away nothing is looked for. */
const LOOK_MAX: Metres = 5;

/** A body in its scene: moves where it can, and books what it touches and how near it comes to anything. */
export class Mover {
  readonly body: Body;
  /** Of its footprint in the scene. */
  readonly place: number;
  readonly #spec: RobotSpec;
  readonly #scene: Scene;
  readonly #recorder: Recorder;
  readonly #cover: Cover;
  readonly #clearing: Clearing;
  readonly #contacts = new Contacts();
  #thing: Thing;

  constructor(spec: RobotSpec, pose: Pose, scene: Scene, recorder: Recorder, rng: Rng) {
    this.#spec = spec;
    this.#scene = scene;
    this.#recorder = recorder;
    this.#cover = coverOf(spec.footprint);
    this.body = new Body(spec, pose, rng);
    this.#thing = this.#thingAt(pose);
    this.place = scene.add(this.#thing);
    this.#clearing = new Clearing(scene, this.place);
  }

  /** One step of `dtS` that ends at `nowMs`. */
  step(nowMs: number, dtS: Seconds, canDrive: boolean): void {
    const { body } = this;
    body.accelerate(nowMs, dtS, canDrive);
    const { linear, lateral, angular } = body.velocity;
    const reach = (Math.sqrt(linear * linear + lateral * lateral) + Math.abs(angular) * this.#cover.outer) * dtS;
    const needed = Math.max(RELEASE_GAP, this.#recorder.minClearance);
    if (!this.#isClear(reach, needed)) this.#moveAmong(nowMs, dtS, reach, needed);
    else if (reach > 0) {
      this.#arrive(advance(body.pose, body.velocity, dtS), reach);
      this.#clearing.moved(reach);
    }
    this.#recorder.step(nowMs, this.#thing, body, dtS);
  }

  /** Puts the body elsewhere. */
  carryTo(pose: Pose): void {
    this.body.pose = pose;
    this.#thing = this.#thingAt(pose);
    this.#scene.jump(this.place, this.#thing);
    this.#clearing.measured(0);
  }

  /** Whether the body surely stays farther than `needed` from everything on a movement of `reach`. */
  #isClear(reach: Metres, needed: Metres): boolean {
    if (this.#contacts.areOpen) return false;
    if (this.#clearing.leastAfter(reach) > needed) return true;
    this.#clearing.measured(leastGap(this.#cover, this.body.pose, this.#scene, LOOK_MAX, this.place));
    return this.#clearing.leastAfter(reach) > needed;
  }

  /** Moves where something may be near. */
  #moveAmong(nowMs: number, dtS: Seconds, reach: Metres, needed: Metres): void {
    const { body } = this;
    const { pose: from, velocity } = body;
    const within = needed + LOOK_AHEAD;
    const passage = this.#contacts.judge(
      { from, at: (share) => advance(from, velocity, dtS * share), reach, clear: this.#clearing.leastAfter(0) },
      (pose, range) => neighboursOf(this.#thingAt(pose), this.#scene, range, this.#thing),
      within,
    );
    for (const id of passage.struck) {
      this.#recorder.collide({ atMs: nowMs, with: id, pose: from, speed: velocity.linear });
    }
    this.#recorder.touches += passage.touchedBy.length;
    if (passage.isBlocked) body.halt();
    if (passage.pose !== from) this.#arrive(passage.pose, reach);
    const gap = passage.nearest.reduce((least, near) => Math.min(least, near.gap), within);
    this.#recorder.pass(gap);
    this.#clearing.measured(gap);
  }

  #arrive(pose: Pose, reach: Metres): void {
    this.body.pose = pose;
    this.#thing = this.#thingAt(pose);
    this.#scene.move(this.place, this.#thing, reach);
  }

  #thingAt(pose: Pose): Thing {
    return bodyThing(this.#spec.id, this.#spec.footprint, pose);
  }
}
