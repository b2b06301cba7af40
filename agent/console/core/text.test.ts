import fc from "fast-check";
import { expect, test } from "vitest";
import { refused, rendered, renderedReply } from "./reply.ts";
import { COLUMNS, asciiJson, printable } from "./text.ts";

const HOSTILE = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.constant("\u001b]0;x\u0007\u001b[2J\u009b31m€\ud800"),
);

test("shows control bytes, escapes of terminals and foreign letters as escapes", () => {
  expect(printable("a\u001b[2J\u009b1m\r\n€")).toBe(String.raw`a\x1b[2J\x9b1m\x0d\n\u{20ac}`);
});

test("prints nothing but printable ASCII of at most 79 columns, whatever a device says", () => {
  fc.assert(
    fc.property(fc.array(HOSTILE), (lines) => {
      for (const line of rendered({ lines, records: [] }, false)) {
        expect(line).toMatch(/^[ -~]*$/);
        expect(line.length).toBeLessThanOrEqual(COLUMNS);
      }
    }),
  );
});

test("writes JSON of printable ASCII that reads back as it was", () => {
  fc.assert(
    fc.property(HOSTILE, (text) => {
      const line = asciiJson({ text });
      expect(line).toMatch(/^[ -~]*$/);
      expect(JSON.parse(line)).toEqual({ text });
    }),
  );
});

test("tells an error on one line, escaped", () => {
  expect(renderedReply(refused("down", "\u001b[31mred\n"), false)).toEqual([String.raw`ERR down \x1b[31mred\n`]);
});
