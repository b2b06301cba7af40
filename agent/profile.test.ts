import { describe, expect, it } from "vitest";
import { loadYaml, parseYaml, yamlDocument } from "#lib/node/yaml-file";
import { DeviceProfile, motionProfileOf } from "./profile.ts";

const shipped = new URL("../config/devices/amr-sim.yaml", import.meta.url).pathname;

describe("a device profile", () => {
  it("ships one of an AMR whose motion limits are what the file says", () => {
    const motion = motionProfileOf(loadYaml(shipped, DeviceProfile));
    expect(motion).toMatchObject({ maxSpeed: 1.5, maxReverseSpeed: 0.3, controlHz: 20, scanStaleMs: 250 });
    expect(motion.footprint).toHaveLength(4);
  });

  it("refuses an action that no version of ours knows", () => {
    const text = JSON.stringify({ ...loadYaml(shipped, DeviceProfile), actions: ["navigate", "weld"] }, undefined, 2);
    expect(() => parseYaml(yamlDocument(text, "amr.yaml"), DeviceProfile)).toThrow(
      /actions\.1 is "weld": one of navigate, /,
    );
  });
});
