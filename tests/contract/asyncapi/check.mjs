// Parse an AsyncAPI document with the official parser; errors and warnings go to stderr, a count to stdout.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const bad = diagnostics.filter((one) => one.severity <= 1);
for (const one of bad.slice(0, 20)) console.error(one.severity, one.path?.join("/"), one.message);
console.log(JSON.stringify({ channels: document?.channels().all().length ?? 0, errors: diagnostics.filter((d) => d.severity === 0).length, warnings: diagnostics.filter((d) => d.severity === 1).length }));
process.exit(document && !diagnostics.some((one) => one.severity === 0) ? 0 : 1);
