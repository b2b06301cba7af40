import { describe, expect, it } from "vitest";
import { parseYaml, yamlDocument } from "#lib/node/yaml-file";
import { AgentConfig } from "./config.ts";

const SMALL = `
deviceId: amr-07
broker: { url: mqtt://127.0.0.1:1883 }
profile: amr-sim
trustedKeys: ./data/keys/trusted.jwks
drivers: { kind: simulated, socket: 127.0.0.1:7000 }
`;

function read(text: string): AgentConfig {
  return parseYaml(yamlDocument(text, "agent.yaml"), AgentConfig);
}

describe("the agent's configuration", () => {
  it("needs little, and fills in the rest", () => {
    expect(read(SMALL)).toMatchObject({ site: "default", dataDir: "./data/agent", logLevel: "info" });
  });

  it("names the line of what it does not know or understand", () => {
    const text = `${SMALL}sight: north\nlogLevel: loud\n`;
    expect(() => read(text)).toThrow(/agent\.yaml:7: sight is not known here/);
    expect(() => read(text)).toThrow(/agent\.yaml:8: logLevel is "loud": .*debug, info/);
  });

  it("refuses a broker that is none", () => {
    expect(() => read(SMALL.replace("mqtt://", "http://"))).toThrow(
      /agent\.yaml:3: broker\.url is "http:.*mqtt:\/\/host:port/,
    );
  });
});
