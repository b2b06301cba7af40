import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { generateKey } from "#contract/io/node-crypto";
import { writeKeySet, writePrivateKey } from "#contract/io/key-file";
import type { ClockScale } from "#lib/node/system-clock";

/** A folder for one demo: keys, configurations, databases. Gone with the demo. */
export interface Workspace extends Disposable {
  readonly folder: string;
  /** Writes the cloud's configuration and returns its path. */
  cloudConfig(reach: { http: number } & Door, clock: ClockScale): string;
  /** Writes an agent's configuration and returns its path. */
  agentConfig(agent: AgentSettings): string;
}

interface AgentSettings {
  readonly deviceId: string;
  readonly broker: object;
  readonly robot: RobotAccess;
  readonly clock: ClockScale;
  /** Goes into the configuration as it is. */
  readonly more?: object;
}

/** How an agent reaches its robot: simulated drivers in a world, or the profile file that names its devices. */
export type RobotAccess = { readonly world: string; readonly profile: object } | { readonly profileFile: string };

/** The broker of the cloud: a port for its embedded one, or how another is reached. */
type Door = { readonly mqtt: number } | { readonly broker: object };

export function createWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-demo-"));
  const key = generateKey();
  const [platformKey, trustedKeys] = [join(folder, "platform.jwk"), join(folder, "trusted.jwks.json")];
  writePrivateKey(platformKey, key.privateJwk);
  writeKeySet(trustedKeys, [key.publicJwk]);

  function write(name: string, content: object): string {
    const path = join(folder, name);
    writeFileSync(path, stringify(content));
    return path;
  }
  return {
    folder,
    cloudConfig: ({ http, ...door }, clock) =>
      write("cloud.yaml", {
        http: `127.0.0.1:${http}`,
        ...("mqtt" in door ? { mqtt: `127.0.0.1:${door.mqtt}` } : door),
        dataDir: join(folder, "cloud"),
        platformKey,
        clock,
      }),
    agentConfig({ deviceId, broker, robot, clock, more }) {
      const dataDir = join(folder, deviceId);
      mkdirSync(dataDir, { recursive: true });
      return write(`${deviceId}.yaml`, {
        deviceId,
        broker,
        dataDir,
        trustedKeys,
        ...("profileFile" in robot
          ? { profile: robot.profileFile }
          : {
              profile: write(`${deviceId}.profile.yaml`, robot.profile),
              drivers: { kind: "simulated", socket: robot.world },
            }),
        clock,
        ...more,
      });
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
