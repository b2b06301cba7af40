/** Arrays and objects inside each other that any document of ours may have; schemas walk what they read recursively. */
export const JSON_DEPTH_MAX = 64;

/**
 * The value of a JSON text of at most `maxLength` characters and `maxDepth` nested arrays and objects; undefined for everything
 * else. Both are looked at before anything is parsed: a text of a megabyte of brackets would else become a value that exhausts
 * the stack of whoever walks it.
 */
export function parseBoundedJson(text: string, maxLength: number, maxDepth: number = JSON_DEPTH_MAX): unknown {
  if (text.length > maxLength || isDeeper(text, maxDepth)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is read as nothing, which no schema accepts.
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

function isDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (CLOSING.has(code)) depth--;
    else if (OPENING.has(code) && ++depth > maxDepth) return true;
  }
  return false;
}
