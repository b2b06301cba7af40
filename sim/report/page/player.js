/** Where the run stands and whether it plays; tells whoever shows it. */
export class Player {
  /** @param {number} duration seconds @param {(t: number) => void} show */
  constructor(duration, show) {
    this.duration = duration;
    this.show = show;
    this.t = 0;
    this.speed = 4;
    /** @type {"paused" | "playing"} */
    this.state = "paused";
    this.lastMs = 0;
    /** @type {(state: "paused" | "playing") => void} */
    this.onState = () => undefined;
  }

  /** @param {number} t */
  seek(t) {
    this.t = Math.min(Math.max(t, 0), this.duration);
    this.show(this.t);
  }

  toggle() {
    if (this.state === "playing") return this.pause();
    if (this.t >= this.duration) this.seek(0);
    this.state = "playing";
    this.lastMs = 0;
    this.onState(this.state);
    requestAnimationFrame((ms) => this.step(ms));
  }

  pause() {
    this.state = "paused";
    this.onState(this.state);
  }

  /** @param {number} ms time of the frame */
  step(ms) {
    if (this.state !== "playing") return;
    // The first frame only says when playing began.
    if (this.lastMs > 0) this.seek(this.t + ((ms - this.lastMs) / 1000) * this.speed);
    this.lastMs = ms;
    if (this.t >= this.duration) this.pause();
    else requestAnimationFrame((next) => this.step(next));
  }
}
