import { describe, expect, it } from "vitest";
import { decimal, element, escapeText, group, NOTHING } from "./markup.ts";

describe("element", () => {
  it("escapes strings in text and in attributes but keeps markup", () => {
    const inner = element("tspan", {}, "a < b");
    const outer = element("text", { id: `"x" & 'y'` }, inner, "<script>");
    expect(outer.markup).toBe(
      '<text id="&quot;x&quot; &amp; &#39;y&#39;"><tspan>a &lt; b</tspan>&lt;script&gt;</text>',
    );
  });

  it("writes numbers with two decimals and leaves undefined attributes out", () => {
    expect(element("rect", { x: 1.23456, y: 2, rx: undefined }).markup).toBe('<rect x="1.23" y="2"/>');
  });
});

describe("escapeText", () => {
  it("replaces what XML cannot hold", () => {
    expect(escapeText("a\u0000b\u001Bc\uFFFEd")).toBe("a\uFFFDb\uFFFDc\uFFFDd");
    expect(escapeText("lone \uD800 half")).toBe("lone \uFFFD half");
  });

  it("keeps line ends, tabs and letters of all scripts", () => {
    expect(escapeText("a\tb\nc Überprüfung 倉庫 🤖")).toBe("a\tb\nc Überprüfung 倉庫 🤖");
  });
});

describe("decimal", () => {
  it("has no trailing zeros and no negative zero", () => {
    expect([decimal(1.5), decimal(-0.001), decimal(100), decimal(0.125)]).toEqual(["1.5", "0", "100", "0.13"]);
  });
});

describe("group", () => {
  it("vanishes when nothing is in it", () => {
    expect(group({ fill: "none" }, [NOTHING, group({}, [])])).toEqual(NOTHING);
  });
});
