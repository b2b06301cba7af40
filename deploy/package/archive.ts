import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { run } from "./command.ts";

export interface ArchiveOptions {
  /** The folder whose content is packed. */
  readonly folder: string;
  readonly file: string;
  /** As for the tree. */
  readonly epochSeconds: number;
}

/** Packs a folder as `.tar.gz` whose bytes depend on nothing but the files (reproducible-builds.org, "Archive metadata"). */
export function packFolder({ folder, file, epochSeconds }: ArchiveOptions): void {
  const metadata = ["--sort=name", `--mtime=@${epochSeconds}`, "--owner=0", "--group=0", "--numeric-owner"];
  run("tar", [...metadata, "--format=ustar", "--use-compress-program=gzip -9n", "-cf", file, "-C", folder, "."]);
}

/** Lower-case hex, as `sha256sum` prints it. */
export function sha256OfFile(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
