// What `holdfast/vitest` imports. Plain JavaScript: in an installed package types must be stripped before anything else loads.
import { sep } from "node:path";

if (import.meta.dirname.includes(`${sep}node_modules${sep}`)) await import("../../lib/node/strip-types.js");
const { matchers } = await import("./matchers.ts");
const { expect } = await import("vitest");
expect.extend(matchers);
export const { scenario } = await import("./scenario-test.ts");
