// Rollouts for WebAssembly, in AssemblyScript: four samples side by side in the lanes of a vector. `rollouts.ts` is the same in JavaScript, operation by
// operation, and says what it means; `npm run generate` compiles this file into `rollout-wasm.ts`.

const SIXTH: f32 = <f32>(1.0 / 6.0);
const TWENTY_FOURTH: f32 = <f32>(1.0 / 24.0);
const STEEPEST: f32 = 0.1;
const LOOK_STRIDE: i32 = 8;

@inline function number(base: usize, at: i32): f32 {
  return load<f32>(base + (<usize>at << 2));
}

@inline function everywhere(base: usize, at: i32): v128 {
  return v128.load_splat<f32>(base + (<usize>at << 2));
}

@inline function lanes(base: usize, at: i32): v128 {
  return v128.load(base + (<usize>at << 2));
}

@inline function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

@inline function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

@inline function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}

@inline function clip(value: v128, low: v128, high: v128): v128 {
  return f32x4.min(f32x4.max(value, low), high);
}

@inline function gather(base: usize, cells: v128): v128 {
  let found = v128.load_zero<u32>(base + (<usize>i32x4.extract_lane(cells, 0) << 2));
  found = v128.load_lane<u32>(base + (<usize>i32x4.extract_lane(cells, 1) << 2), found, 1);
  found = v128.load_lane<u32>(base + (<usize>i32x4.extract_lane(cells, 2) << 2), found, 2);
  return v128.load_lane<u32>(base + (<usize>i32x4.extract_lane(cells, 3) << 2), found, 3);
}

@inline function cellOf(x: v128, y: v128, cells: i32, edge: v128): v128 {
  const none = f32x4.splat(0);
  const row = i32x4.trunc_sat_f32x4_s(clip(y, none, edge));
  const column = i32x4.trunc_sat_f32x4_s(clip(x, none, edge));
  return i32x4.add(i32x4.mul(row, i32x4.splat(cells)), column);
}

@inline function smooth(field: usize, cells: i32, x: v128, y: v128): v128 {
  const none = f32x4.splat(0);
  const half = f32x4.splat(0.5);
  const last = f32x4.splat(<f32>(cells - 2));
  const across = clip(sub(x, half), none, last);
  const up = clip(sub(y, half), none, last);
  const column = i32x4.trunc_sat_f32x4_s(across);
  const row = i32x4.trunc_sat_f32x4_s(up);
  const partX = sub(across, f32x4.convert_i32x4_s(column));
  const partY = sub(up, f32x4.convert_i32x4_s(row));
  const cell = i32x4.add(i32x4.mul(row, i32x4.splat(cells)), column);
  const a = gather(field, cell);
  const b = gather(field + 4, cell);
  const c = gather(field + (<usize>cells << 2), cell);
  const d = gather(field + (<usize>cells << 2) + 4, cell);
  const low = add(a, mul(sub(b, a), partX));
  const high = add(c, mul(sub(d, c), partX));
  return add(low, mul(sub(high, low), partY));
}

@inline function restOfWay(field: usize, cells: i32, x: v128, y: v128, cos: v128, sin: v128, ahead: v128): v128 {
  const here = smooth(field, cells, x, y);
  const there = smooth(field, cells, add(x, mul(cos, ahead)), add(y, mul(sin, ahead)));
  return f32x4.min(there, add(here, mul(ahead, f32x4.splat(STEEPEST))));
}

/** Rolls out the first `count` of `samples` samples; all addresses are those of 32-bit floats in the imported memory. */
export function rollOut(
  parameters: usize,
  discs: usize,
  mean: usize,
  keep: usize,
  noise: usize,
  costs: usize,
  distances: usize,
  costToGo: usize,
  slowness: usize,
  count: i32,
  samples: i32,
  steps: i32,
  cells: i32,
): void {
  const none = f32x4.splat(0);
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const sixth = f32x4.splat(SIXTH);
  const twentyFourth = f32x4.splat(TWENTY_FOURTH);
  const edge = f32x4.splat(<f32>(cells - 1));
  const cellsPerSpeed = everywhere(parameters, 6);
  const halfStep = everywhere(parameters, 7);
  const slowest = everywhere(parameters, 8);
  const fastest = everywhere(parameters, 9);
  const turnMost = everywhere(parameters, 10);
  const turnLeast = f32x4.neg(turnMost);
  const speedUp = everywhere(parameters, 11);
  const slowDown = everywhere(parameters, 12);
  const turnUp = everywhere(parameters, 13);
  const circumscribed = everywhere(parameters, 14);
  const discCount = <i32>number(parameters, 15);
  const roomy = everywhere(parameters, 16);
  const perRoomy = everywhere(parameters, 17);
  const touching = everywhere(parameters, 18);
  const crowding = everywhere(parameters, 19);
  const hurrying = everywhere(parameters, 20);
  const hurrySpeed = everywhere(parameters, 21);
  const hurryPerRoom = everywhere(parameters, 22);
  const turning = everywhere(parameters, 23);
  const reversing = everywhere(parameters, 24);
  const jerking = everywhere(parameters, 25);
  const swerving = everywhere(parameters, 26);
  const progress = everywhere(parameters, 27);
  const ending = everywhere(parameters, 28);
  const collision = everywhere(parameters, 29);
  const collisionPerStep = everywhere(parameters, 30);
  const ahead = everywhere(parameters, 31);
  const pressing = everywhere(parameters, 32);
  const pressed = everywhere(parameters, 33);
  const perPressed = everywhere(parameters, 34);
  const traversing = everywhere(parameters, 35);
  for (let sample = 0; sample < count; sample += 4) {
    let x = everywhere(parameters, 0);
    let y = everywhere(parameters, 1);
    let cos = everywhere(parameters, 2);
    let sin = everywhere(parameters, 3);
    let linear = everywhere(parameters, 4);
    let angular = everywhere(parameters, 5);
    const share = lanes(keep, sample);
    let alive = i32x4.splat(-1);
    let cost = none;
    for (let step = 0; step < steps; step++) {
      const at = step * samples + sample;
      const askedSpeed = clip(add(mul(share, everywhere(mean, step)), lanes(noise, at)), slowest, fastest);
      const speed = clip(askedSpeed, sub(linear, slowDown), add(linear, speedUp));
      const askedTurn = clip(
        add(mul(share, everywhere(mean, steps + step)), lanes(noise, steps * samples + at)),
        turnLeast,
        turnMost,
      );
      const turn = clip(askedTurn, sub(angular, turnUp), add(angular, turnUp));
      const jerk = sub(speed, linear);
      const swerve = sub(turn, angular);
      linear = speed;
      angular = turn;
      const angle = mul(turn, halfStep);
      const square = mul(angle, angle);
      const halfSin = mul(angle, sub(one, mul(square, sixth)));
      const halfCos = add(sub(one, mul(square, half)), mul(mul(square, square), twentyFourth));
      const midCos = sub(mul(cos, halfCos), mul(sin, halfSin));
      const midSin = add(mul(sin, halfCos), mul(cos, halfSin));
      const way = mul(speed, cellsPerSpeed);
      x = v128.bitselect(add(x, mul(midCos, way)), x, alive);
      y = v128.bitselect(add(y, mul(midSin, way)), y, alive);
      cos = v128.bitselect(sub(mul(midCos, halfCos), mul(midSin, halfSin)), cos, alive);
      sin = v128.bitselect(add(mul(midSin, halfCos), mul(midCos, halfSin)), sin, alive);
      const cell = cellOf(x, y, cells, edge);
      const around = sub(gather(distances, cell), circumscribed);
      const near = f32x4.lt(around, roomy);
      let room = roomy;
      let touched = i32x4.splat(0);
      if (v128.any_true(v128.and(near, alive))) {
        for (let disc = 0; disc < discCount; disc++) {
          const discAhead = everywhere(discs, 4 * disc);
          const discLeft = everywhere(discs, 4 * disc + 1);
          const discX = add(x, sub(mul(cos, discAhead), mul(sin, discLeft)));
          const discY = add(y, add(mul(sin, discAhead), mul(cos, discLeft)));
          const radius = everywhere(discs, 4 * disc + 2);
          room = f32x4.min(room, sub(gather(distances, cellOf(discX, discY, cells, edge)), radius));
        }
        room = v128.bitselect(room, roomy, near);
        touched = v128.and(f32x4.lt(room, touching), alive);
      }
      const lack = mul(sub(roomy, room), perRoomy);
      const hurry = f32x4.max(none, sub(speed, add(hurrySpeed, mul(hurryPerRoom, room))));
      const lackSquare = mul(lack, lack);
      let spent = mul(crowding, mul(lackSquare, lackSquare));
      spent = add(spent, mul(traversing, mul(gather(slowness, cell), f32x4.abs(speed))));
      const press = f32x4.max(none, mul(sub(pressed, room), perPressed));
      spent = add(spent, mul(pressing, mul(press, press)));
      spent = add(spent, mul(hurrying, mul(hurry, hurry)));
      spent = add(spent, mul(turning, mul(turn, turn)));
      spent = add(spent, mul(reversing, f32x4.max(none, f32x4.neg(speed))));
      spent = add(spent, mul(jerking, mul(jerk, jerk)));
      spent = add(spent, mul(swerving, mul(swerve, swerve)));
      const struck = add(collision, mul(collisionPerStep, f32x4.splat(<f32>(steps - step))));
      cost = add(cost, v128.and(v128.bitselect(struck, spent, touched), alive));
      alive = v128.andnot(alive, touched);
      if (!v128.any_true(alive)) break;
      if (step % LOOK_STRIDE != LOOK_STRIDE - 1) continue;
      const looked = mul(progress, restOfWay(costToGo, cells, x, y, cos, sin, ahead));
      cost = add(cost, v128.and(looked, alive));
    }
    const rest = restOfWay(costToGo, cells, x, y, cos, sin, ahead);
    v128.store(costs + (<usize>sample << 2), add(cost, mul(ending, rest)));
  }
}
