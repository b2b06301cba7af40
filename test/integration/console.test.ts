import { createHash } from "node:crypto";
import { request } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../../bin/demo/free-ports.ts";
import { holdfast, type CommandResult } from "./command-run.ts";
import { startSite, type Site } from "./site.ts";

describe("the console of a running agent, by its socket", () => {
  let site: Site;
  let socket: string;
  let page: number;
  let contractId: string;

  beforeAll(async () => {
    [page = 0] = await freePorts(1);
    const agentSettings = { statusPage: { listen: `127.0.0.1:${page}` } };
    site = await startSite("fetch", { factor: 2, seed: 1, agentSettings });
    socket = join(site.processes.folder, site.deviceId, "console.sock");
    contractId = await site.push();
    await site.events.find("a stage begins", ({ type }) => type === "stage.started");
  }, 60_000);
  afterAll(() => site[Symbol.asyncDispose]());

  const exec = (command: string): Promise<CommandResult> =>
    holdfast(["console", "--socket", socket, "--exec", command]);
  const actions = (): string[] =>
    site.events.items
      .filter(({ type }) => type === "console.action")
      .map(({ data }) => `${String(data["command"])}: ${String(data["result"])}`);

  it("answers programs with a JSON object a line, and refuses with a word and a sentence", async () => {
    const { code, stdout } = await exec("status --json");
    expect(code).toBe(0);
    const status = JSON.parse(stdout.split("\n")[0]!) as Record<string, { name?: string }>;
    expect(status["contract"]?.name).toBe("fetch");
    const refused = await exec("reboot");
    expect(refused.code).toBe(1);
    expect(`${refused.stdout}${refused.stderr}`).toContain("ERR denied reboot takes the role admin");
  }, 60_000);

  it("holds the contract and journals who did it", async () => {
    expect((await exec("hold wet floor")).code).toBe(0);
    await site.status(contractId, "held");
    expect(actions()).toContain("hold wet floor: done");
    expect((await exec("status")).stdout).toMatch(/contract +fetch held.*held by .*console/);
  }, 60_000);

  it("asks for a word before anything moves, which nobody can give in one line", async () => {
    const { code, stdout, stderr } = await exec("resume");
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).toContain("ERR not_interactive");
  }, 60_000);

  it("starts a tool's device anew", async () => {
    const { code, stdout } = await exec("driver restart scanner");
    expect(stdout).toContain("OK");
    expect(code).toBe(0);
  }, 60_000);

  it("exports a bundle whose size and hash are those that it names, with the journal and without secrets", async () => {
    const { code, stdout } = await exec("diag export");
    expect(code).toBe(0);
    const [, size, sha256, body = ""] =
      /BEGIN [^\n]*\nSIZE (\d+)\nSHA256 ([0-9a-f]{64})\n([^]*?)\nEND /.exec(stdout) ?? [];
    const bundle = Buffer.from(body, "base64");
    expect(bundle.length).toBe(Number(size));
    expect(createHash("sha256").update(bundle).digest("hex")).toBe(sha256);
    const text = gunzipSync(bundle).toString("latin1");
    expect(text).toContain("journal.jsonl");
    expect(text).toContain("console.action");
  }, 60_000);

  describe("the status page", () => {
    it("shows browsers of this machine what a viewer sees", async () => {
      const { status, body } = await ask("/facts");
      expect(status).toBe(200);
      const { sections } = JSON.parse(body) as { sections: { title: string; lines: string[] }[] };
      expect(sections.find(({ title }) => title === "Robot")?.lines.join("\n")).toContain(site.deviceId);
      expect(sections.find(({ title }) => title === "Stages")?.lines.length).toBeGreaterThan(4);
      expect((await ask("/")).body).toContain("page.js");
    });

    it("can only be read, and only by its own name", async () => {
      expect((await ask("/facts", { method: "POST" })).status).toBe(405);
      expect((await ask("/../agent.yaml")).status).toBe(404);
      expect((await ask("/facts", { headers: { host: "rebound.example" } })).status).toBe(421);
    });
  });

  function ask(
    path: string,
    options: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; body: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const asked = request({ host: "127.0.0.1", port: page, path, ...options }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on("error", reject);
    asked.end();
    return promise;
  }
});
