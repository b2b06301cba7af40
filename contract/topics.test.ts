import { describe, expect, it } from "vitest";
import { filterOf, parseTopic, topicOf, TOPICS, type TopicName } from "./topics.ts";

describe("topics", () => {
  it.each(Object.keys(TOPICS) as TopicName[])("%s is read back from what is written", (name) => {
    expect(parseTopic(topicOf("default", "amr-07", name))).toEqual({ site: "default", deviceId: "amr-07", name });
  });

  it("are heard of all devices of a site by one filter", () => {
    expect(filterOf("default", "journal")).toBe("hf/v1/default/+/journal");
  });

  it.each([
    "hf/v1/default/amr-07",
    "hf/v1/default/amr-07/journal/x",
    "hf/v2/default/amr-07/journal",
    "hf/v1//amr-07/journal",
    "hf/v1/default/amr-07/constructor",
  ])("of others are not ours: %s", (topic) => {
    expect(parseTopic(topic)).toBeUndefined();
  });
});
