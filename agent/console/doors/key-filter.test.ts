import fc from "fast-check";
import { expect, test } from "vitest";
import { LINE_CHARS_MAX } from "../core/parse.ts";
import { KeyFilter } from "./key-filter.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

test("lets printable text and editing keys through, and ends a line once for CR, LF and CRLF", () => {
  const filter = new KeyFilter();
  expect(filter.take(bytes("sta\x7f\ttus\r\nmap\n"))).toMatchObject({ keys: "sta\x7f\ttus\r", isLine: true });
  expect(filter.take(bytes("\nmap\n"))).toMatchObject({ keys: "map\r", isLine: true });
});

test("lets arrows through, and no other escape", () => {
  const { keys } = new KeyFilter().take(bytes("\x1b[A\x1b[3~\x1b]0;title\x07\x1b[2J\x1bc"));
  expect(keys).toBe("\x1b[A\x1b[3~]0;title[2Jc");
});

test("turns Ctrl-C into clearing the line, and drops what would end or suspend a program", () => {
  expect(new KeyFilter().take(bytes("a\x03\x04\x1a\x1c")).keys).toBe("a\x15");
});

test("clears a line of 10 MB and says that it was too long, once it ends", () => {
  const filter = new KeyFilter();
  let keys = "";
  for (let part = 0; part < 160; part++) keys += filter.take(new Uint8Array(65_536).fill(0x61)).keys;
  expect(keys.length).toBe(LINE_CHARS_MAX + 2);
  expect(keys.endsWith("\x05\x15")).toBe(true);
  expect(filter.take(bytes("\r"))).toMatchObject({ isLine: true, isOverlong: true });
  expect(filter.take(bytes("status\r"))).toMatchObject({ keys: "status\r", isOverlong: false });
});

test("whatever comes, no byte above ASCII and no control byte but those of editing goes on", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
      const filter = new KeyFilter();
      for (const chunk of chunks) {
        for (let rest: Uint8Array = chunk; rest.length > 0;) {
          const taken = filter.take(rest);
          const withoutSequences = taken.keys
            .replaceAll(`${String.fromCharCode(0x1b)}[`, "")
            .replaceAll(`${String.fromCharCode(0x1b)}O`, "");
          expect(Array.from(withoutSequences).filter((key) => !isHarmless(key.charCodeAt(0)))).toEqual([]);
          rest = taken.rest;
        }
      }
    }),
  );
});

function isHarmless(code: number): boolean {
  return (code >= 0x20 && code <= 0x7e) || EDITING.includes(code);
}

const EDITING = [0x01, 0x02, 0x05, 0x06, 0x08, 0x09, 0x0b, 0x0d, 0x0e, 0x10, 0x15, 0x17, 0x7f];
