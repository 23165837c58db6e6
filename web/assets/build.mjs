// Builds the front end: `node build.mjs OUT`. Writes app.<hash>.css, app.<hash>.js, theme.<hash>.js and the icons
// into OUT, and OUT/manifest.json, which maps each plain name to the hashed one:
//   {"app.css": "app.1f0c9a2b.css", "app.js": "app.77d0e1c4.js", ...}
// A hashed name may be cached for ever; a change of content is a change of name.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs OUT");
  process.exit(2);
}

const work = mkdtempSync(join(tmpdir(), "mydia-assets-"));
const files = new Map();
try {
  const tailwind = createRequire(import.meta.url).resolve("@tailwindcss/cli/package.json");
  const css = join(work, "app.css");
  const cli = join(dirname(tailwind), "dist/index.mjs");
  execFileSync(process.execPath, [cli, "-i", join(here, "app.css"), "-o", css, "--minify"], { cwd: here, stdio: "inherit" });
  files.set("app.css", readFileSync(css));

  const bundles = await build({
    absWorkingDir: here,
    entryPoints: { app: "app.js", theme: "js/theme.js" },
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    outdir: work,
    write: false,
    logLevel: "warning",
  });
  for (const { path, contents } of bundles.outputFiles) files.set(parse(path).base, Buffer.from(contents));
  for (const icon of readdirSync(join(here, "icons"))) files.set(icon, readFileSync(join(here, "icons", icon)));
} finally {
  rmSync(work, { recursive: true, force: true });
}

mkdirSync(out, { recursive: true });
const manifest = {};
for (const [name, content] of files) {
  const { name: stem, ext } = parse(name);
  manifest[name] = `${stem}.${createHash("sha256").update(content).digest("hex").slice(0, 10)}${ext}`;
  writeFileSync(join(out, manifest[name]), content);
}
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
const kept = new Set([...Object.values(manifest), "manifest.json"]);
for (const old of readdirSync(out)) if (!kept.has(old)) rmSync(join(out, old), { recursive: true, force: true });
