import { activeContract } from "#contract/reducer";
import type { CommandContext, ConsoleCommand } from "../core/command.ts";
import { base64Lines } from "../core/base64-lines.ts";
import { ok, refused, said, type Facts, type Reply } from "../core/reply.ts";

const TECHNICIAN = { role: "technician", needsAgent: true } as const;

export const driver: ConsoleCommand = {
  ...TECHNICIAN,
  name: "driver",
  usage: "restart NAME",
  summary: "disable a tool's device and enable it anew",
  wordsMax: 2,
  actions: "all",
  choices: () => ["restart"],
  async run({ words: [what, name = ""] }, { technician, facts }) {
    if (what !== "restart" || name === "") return refused("usage", "driver restart NAME");
    if (facts().live!.report?.drive.state === "driving") return refused("busy", "the robot drives: hold it first");
    const health = await technician!.restartDriver(name);
    if (!health) return refused("usage", `${name} is no device of a tool; drivers lists them`);
    const reason = health.reason === undefined ? "" : `: ${health.reason}`;
    return said(`${name} is ${health.state}${reason}`, { driver: name, state: health.state });
  },
};

export const testmode: ConsoleCommand = {
  ...TECHNICIAN,
  name: "testmode",
  usage: "on|off",
  summary: "allow test; ends by itself when nobody types",
  wordsMax: 1,
  actions: "all",
  choices: () => ["on", "off"],
  run({ words: [wanted] }, context) {
    if (wanted !== "on" && wanted !== "off") return refused("usage", "testmode on, or testmode off");
    const why = wanted === "on" ? whyNoTest(context) : undefined;
    if (why) return why;
    context.session.setTesting(wanted === "on");
    return said(`test mode is ${wanted}`, { testmode: wanted });
  },
};

const PARTS = ["forward", "back", "left", "right", "lidar", "battery"] as const;
type Part = (typeof PARTS)[number];
/** Far enough to be seen, within what every profile allows a jog. */
const STEP = 0.2;
const TURN = 0.4;

export const test: ConsoleCommand = {
  ...TECHNICIAN,
  name: "test",
  usage: PARTS.join("|"),
  summary: "move a little, or read a sensor; in test mode, while nothing works",
  wordsMax: 1,
  actions: "all",
  choices: () => PARTS,
  run({ words: [part = ""] }, context) {
    if (!context.session.isTesting()) return refused("no_testmode", "say testmode on first");
    const why = whyNoTest(context);
    if (why) return why;
    const run = Object.hasOwn(TESTS, part) ? TESTS[part as Part] : undefined;
    return run ? run(context) : refused("usage", `test takes one of ${PARTS.join(", ")}`);
  },
};

const TESTS: Readonly<Record<Part, (context: CommandContext) => Reply | Promise<Reply>>> = {
  forward: (context) => jog(context, STEP, 0),
  back: (context) => jog(context, -STEP, 0),
  left: (context) => jog(context, 0, TURN),
  right: (context) => jog(context, 0, -TURN),
  lidar({ facts }) {
    const scan = facts().live!.report?.scan;
    if (!scan) return refused("driver_down", "the lidar sends no scan");
    return said(`${Math.round(scan.validShare * 100)} % of the rays answer`, { validShare: scan.validShare });
  },
  battery({ facts }) {
    const sample = facts().live!.battery;
    if (!sample) return refused("driver_down", "the battery does not report");
    return said(`the battery reports ${Math.round(sample.charge * 100)} %`, { charge: sample.charge });
  },
};

/** The robot must be held, or without work, and its stop chain released. */
function whyNoTest({ facts }: CommandContext): Reply | undefined {
  const { live, state } = facts();
  const active = activeContract(state);
  if (active && active.holds.length === 0) return refused("contract_active", "hold the contract first");
  const estop = live!.safety.faults.find(({ part }) => part === "estop");
  return estop && refused("estop", `the emergency stop is pressed: ${estop.reason}`);
}

async function jog({ technician }: CommandContext, x: number, yaw: number): Promise<Reply> {
  const result = await technician!.jog({ x, y: 0, yaw });
  if (!result.ok) return refused(result.reason, result.detail);
  const { pose } = result;
  const at = pose ? `; now at x ${pose.x.toFixed(2)} m  y ${pose.y.toFixed(2)} m  yaw ${pose.yaw.toFixed(2)} rad` : "";
  return said(`done${at}`, { planId: result.planId, ...(pose && { pose }) });
}

export const diag: ConsoleCommand = {
  ...TECHNICIAN,
  name: "diag",
  usage: "export [--usb FOLDER] [--zmodem] [--base64]",
  summary: "a bundle for support, without secrets",
  wordsMax: 1,
  actions: "all",
  choices: () => ["export"],
  options: { usb: { type: "string" }, zmodem: { type: "boolean" }, base64: { type: "boolean" } },
  async run({ words: [what], options }, { host, session, facts, actor }) {
    if (what !== "export") return refused("usage", "diag export [--usb FOLDER] [--zmodem] [--base64]");
    const bundle = await host.bundle(facts(), actor);
    const name = `${facts().identity.deviceId}-diag.tar.gz`;
    const { usb } = options;
    if (typeof usb === "string") return said(await host.saveBundle(bundle, usb, name), { bytes: bundle.length });
    if (options["base64"] !== true && session.transfer) {
      const why = await session.transfer(bundle, name);
      if (why === undefined) return said(`${name}, ${bundle.length} B, was sent`, { bytes: bundle.length });
      if (options["zmodem"] === true) return refused("failed", why);
      session.say({ lines: [`${why}; as base64:`], records: [] });
    }
    if (options["zmodem"] === true) return refused("failed", "zmodem takes an interactive console");
    const sha256 = host.sha256(bundle);
    return ok({ lines: base64Lines(bundle, name, sha256), records: [bundleRecord(bundle, name, sha256)] });
  },
};

function bundleRecord(bundle: Uint8Array, name: string, sha256: string): Facts {
  return { name, bytes: bundle.length, sha256, base64: Buffer.from(bundle).toString("base64") };
}
