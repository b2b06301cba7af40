import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { measureBoard } from "./board-figures.ts";
import { terminalLines } from "./measurements-page.ts";

/** `npm run bench:board [-- --tree dist/arm64/holdfast] [-- --starts N]`: how soon an agent is ready, and its memory; without a tree, of this checkout. */
const { values } = parseArgs({ options: { tree: { type: "string" }, starts: { type: "string", default: "5" } } });
const tree = values.tree === undefined ? {} : { tree: resolve(values.tree) };
const chapter = await measureBoard({ ...tree, starts: Number(values.starts) });
process.stdout.write(`${terminalLines(chapter).join("\n")}\n`);
