/** A finished piece of SVG. Plain strings are never taken for markup: `element` escapes them. */
export interface Markup {
  readonly markup: string;
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One SVG element. Numbers are written with at most two decimals, undefined attributes are left out. */
export function element(name: string, attributes: Attributes, ...children: readonly (Markup | string)[]): Markup {
  const inside = children.map((child) => (typeof child === "string" ? escapeText(child) : child.markup)).join("");
  const end = name === "g" ? "\n" : "";
  return { markup: `<${name}${attributeText(attributes)}${inside === "" ? "/>" : `>${inside}</${name}>`}${end}` };
}

/** A `g` around the pieces; nothing at all when there are none. */
export function group(attributes: Attributes, children: readonly Markup[]): Markup {
  const filled = children.filter((child) => child.markup !== "");
  return filled.length === 0 ? NOTHING : element("g", attributes, ...filled);
}

/** The piece that draws nothing. */
export const NOTHING: Markup = { markup: "" };

/** At most two decimals, no trailing zeros, no negative zero. */
export function decimal(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}

/** Text that is safe between tags and in quoted attributes; what XML 1.0 cannot hold at all becomes U+FFFD. */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(NOT_XML, "\uFFFD")
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

const NOT_XML = /(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function attributeText(attributes: Attributes): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? decimal(value) : escapeText(String(value))}"`)
    .join("");
}
