import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AgentError, assert } from "../errors.ts";
import { loadYaml, parseYaml, yamlDocument } from "./yaml-file.ts";

const Schema = z.strictObject({
  name: z.string(),
  limits: z.strictObject({ maxSpeed: z.number().max(3), maxReverseSpeed: z.number() }),
});

function problemsOf(text: string): string[] {
  try {
    parseYaml(yamlDocument(text, "robot.yaml"), Schema);
  } catch (thrown) {
    assert(thrown instanceof AgentError && thrown.code === "config.invalid", "only config.invalid is thrown");
    return thrown.message.split("\n");
  }
  return [];
}

describe("a YAML file read through a schema", () => {
  it("gives what the schema makes of it", () => {
    const document = yamlDocument("name: amr\nlimits: { maxSpeed: 1.5, maxReverseSpeed: 0.3 }\n", "robot.yaml");
    expect(parseYaml(document, Schema)).toEqual({ name: "amr", limits: { maxSpeed: 1.5, maxReverseSpeed: 0.3 } });
  });

  it("names file, line, path, value and expectation of every problem", () => {
    const problems = problemsOf("name: amr\nlimits:\n  # fast\n  maxSpeed: 9\n  colour: red\n");
    expect(problems).toHaveLength(3);
    expect(problems).toContainEqual(expect.stringMatching(/^robot\.yaml:4: limits\.maxSpeed is 9: .*3/));
    expect(problems).toContainEqual(
      "robot.yaml:5: limits.colour is not known here; there is maxSpeed, maxReverseSpeed",
    );
    expect(problems).toContainEqual(
      expect.stringMatching(/^robot\.yaml:\d: limits\.maxReverseSpeed is missing: .*number/),
    );
  });

  it("points at the key of a nested value", () => {
    const [problem] = problemsOf("name: amr\nlimits:\n  maxSpeed: 1\n  maxReverseSpeed: 1\nlimit:\n  maxSpeed: 2\n");
    expect(problem).toBe("robot.yaml:5: limit is not known here; did you mean limits?");
  });

  it("says where text that is no YAML goes wrong", () => {
    expect(problemsOf("name: amr\nlimits: [1, 2\n")).toEqual([expect.stringMatching(/^robot\.yaml:[23]: /)]);
  });

  it("names a file that cannot be read", () => {
    expect(() => loadYaml("/no/such/robot.yaml", Schema)).toThrow(/^\/no\/such\/robot\.yaml: cannot be read: ENOENT/);
  });
});
