import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite, setCorruptAside } from "./sqlite.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-sqlite-"));
  path = join(folder, "core.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const TABLE = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)";

describe("openSqlite", () => {
  test("commits with synchronous=FULL in WAL mode, also after the first write", () => {
    const database = openSqlite({ path, migrations: [TABLE] });
    database.prepare("INSERT INTO note (text) VALUES ('a')").run();
    expect(database.pragma("synchronous", { simple: true })).toBe(2);
    expect(database.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(database.pragma("foreign_keys", { simple: true })).toBe(1);
    database.close();
  });

  test("extends the WAL before work begins, without growing the file at every start", () => {
    const first = openSqlite({ path, migrations: [TABLE] });
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(1_000_000);
    first.close();
    const size = statSync(path).size;
    openSqlite({ path, migrations: [TABLE] }).close();
    expect(statSync(path).size).toBe(size);
  });

  test("runs only the migrations that are missing and keeps the rows", () => {
    const old = openSqlite({ path, migrations: [TABLE] });
    old.prepare("INSERT INTO note (text) VALUES ('kept')").run();
    old.close();
    const next = openSqlite({ path, migrations: [TABLE, "ALTER TABLE note ADD COLUMN colour TEXT DEFAULT 'red'"] });
    expect(next.prepare("SELECT text, colour FROM note").all()).toEqual([{ text: "kept", colour: "red" }]);
    next.close();
  });

  test("leaves nothing of a migration that fails", () => {
    const broken = () => openSqlite({ path, migrations: [TABLE, "CREATE TABLE other (id); NONSENSE"] });
    expect(broken).toThrow(expect.objectContaining({ code: "store.failed" }));
    const database = openSqlite({ path, migrations: [TABLE] });
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'other'").all()).toEqual([]);
    database.close();
  });

  test("refuses a database of a newer program", () => {
    openSqlite({ path, migrations: [TABLE, "CREATE TABLE later (id)"] }).close();
    expect(() => openSqlite({ path, migrations: [TABLE] })).toThrow(/version 2.*version 1/);
  });

  test("belongs to one connection until that is closed", () => {
    const first = openSqlite({ path, migrations: [TABLE] });
    expect(() => openSqlite({ path, migrations: [TABLE] })).toThrow(expect.objectContaining({ code: "store.in_use" }));
    first.prepare("INSERT INTO note (text) VALUES ('still mine')").run();
    first.close();
    openSqlite({ path, migrations: [TABLE] }).close();
  });

  test("names a folder that does not exist as store.failed", () => {
    const open = () => openSqlite({ path: join(folder, "missing", "core.db"), migrations: [TABLE] });
    expect(open).toThrow(expect.objectContaining({ code: "store.failed" }));
  });

  test("reports a file that is no database, and one with damaged pages, as store.corrupt", () => {
    writeFileSync(path, "this is no database, however long it may be. ".repeat(200));
    const open = () => openSqlite({ path, migrations: [TABLE] });
    expect(open).toThrow(expect.objectContaining({ code: "store.corrupt" }));
    rmSync(path);

    const database = openSqlite({ path, migrations: [TABLE] });
    const insert = database.prepare("INSERT INTO note (text) VALUES (?)");
    for (let row = 0; row < 2000; row++) insert.run("x".repeat(100));
    database.close();
    const bytes = readFileSync(path);
    for (let page = 2; page < bytes.length / 4096; page++) bytes.fill(0xa5, page * 4096, page * 4096 + 64);
    writeFileSync(path, bytes);
    expect(open).toThrow(expect.objectContaining({ code: "store.corrupt" }));
  });
});

test("reports a file whose header makes no sense as store.corrupt", () => {
  openSqlite({ path, migrations: ["CREATE TABLE item (id INTEGER PRIMARY KEY) STRICT"] }).close();
  const bytes = readFileSync(path);
  // The number of the schema format (https://www.sqlite.org/fileformat2.html, section 1.3.9): 4 is the highest that there is.
  bytes[47] = 0x44;
  writeFileSync(path, bytes);
  expect(() => openSqlite({ path, migrations: [] })).toThrow(expect.objectContaining({ code: "store.corrupt" }));
});

describe("a database whose pages fit together is store.corrupt", () => {
  const migrations = [TABLE, "CREATE INDEX note_text ON note (text)"];
  const reopen = () => openSqlite({ path, migrations }).close();
  const corrupt = expect.objectContaining({ code: "store.corrupt" });

  beforeEach(() => openSqlite({ path, migrations }).close());

  test("when the SQL of a table has changed", () => {
    const bytes = readFileSync(path);
    const at = bytes.indexOf("text TEXT");
    bytes[at] = "p".charCodeAt(0);
    writeFileSync(path, bytes);
    expect(reopen).toThrow(corrupt);
  });

  test("when its header says that only a later SQLite can write it", () => {
    const bytes = readFileSync(path);
    bytes[18] = 0x42;
    writeFileSync(path, bytes);
    expect(reopen).toThrow(corrupt);
  });

  // https://www.sqlite.org/fileformat2.html, section 1.3: the user version is the big-endian number at offset 60.
  test.each([-1, 0, 1, 66])("when its version has become %i", (version) => {
    const bytes = readFileSync(path);
    bytes.writeInt32BE(version, 60);
    writeFileSync(path, bytes);
    expect(reopen).toThrow(corrupt);
  });
});

test("what somebody has added to a database, or a script that is broken into other lines, is no damage", () => {
  const first = openSqlite({ path, migrations: [TABLE] });
  first.exec("CREATE INDEX their_own ON note (text)");
  first.close();
  const again = openSqlite({ path, migrations: [TABLE.replaceAll(" ", "\n  ")] });
  expect(again.prepare("SELECT count(*) AS rows FROM note INDEXED BY their_own").get()).toEqual({ rows: 0 });
  again.close();
});

test("setCorruptAside keeps the damaged file under a new name", () => {
  writeFileSync(path, "damaged");
  writeFileSync(`${path}-wal`, "wal");
  const aside = setCorruptAside(path);
  expect(aside).toMatch(/core\.db\.corrupt-\d{4}-/);
  expect(existsSync(path)).toBe(false);
  expect(readFileSync(aside, "utf8")).toBe("damaged");
  expect(readFileSync(`${aside}-wal`, "utf8")).toBe("wal");
});
