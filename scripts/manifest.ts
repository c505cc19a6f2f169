import { readFile, writeFile } from 'node:fs/promises'
import { areas } from '#functions/areas.ts'
import { envExample } from '#shared/configuration/example.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { buildManifest, type ManifestEntry } from '#shared/runtime/manifest.ts'
import { buildOpenApi } from '#shared/runtime/openapi.ts'

// Writes functions.json, openapi.json and the README's table from the declarations, and .env.example from the schema of
// the settings; with --check says whether they are up to date.
const functions = await discoverFunctions()
const manifest = buildManifest(functions)
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const files = {
  'functions.json': `${JSON.stringify(manifest, null, 2)}\n`,
  'openapi.json': `${JSON.stringify(buildOpenApi(functions, areas), null, 2)}\n`,
  '.env.example': envExample(),
  'README.md': readme.replace(
    /(<!-- functions -->\n)[\s\S]*(?=<!-- \/functions -->)/,
    `$1\n${functionTable(manifest.functions)}\n`,
  ),
}
let stale = 0
for (const [name, text] of Object.entries(files)) {
  const path = new URL(`../${name}`, import.meta.url)
  if (!process.argv.includes('--check')) {
    await writeFile(path, text)
    console.log(`${name}: written`)
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    console.error(`${name} is stale: run \`npm run manifest\``)
    stale++
  }
}
process.exitCode = stale > 0 ? 1 : 0

function functionTable(entries: readonly ManifestEntry[]): string {
  const rows = entries.map((entry) => `| \`${entry.name}\` | ${describeTrigger(entry)} | ${entry.summary} |`)
  return ['| function | called by | what it does |', '|---|---|---|', ...rows, ''].join('\n')
}

function describeTrigger({ trigger }: ManifestEntry): string {
  if ('path' in trigger) return `\`${trigger.method} ${trigger.path}\` · ${trigger.access}`
  if ('topic' in trigger) return `topic \`${trigger.topic}\`, \`${trigger.eventType}\``
  if ('queue' in trigger) return `queue \`${trigger.queue}\``
  return `schedule \`${trigger.cron}\` ${trigger.timeZone}`
}
