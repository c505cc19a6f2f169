import { readFile, writeFile } from 'node:fs/promises'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { buildManifest } from '#shared/runtime/manifest.ts'
import { buildOpenApi } from '#shared/runtime/openapi.ts'

// Writes functions.json and openapi.json from the declarations; with --check says whether they are up to date.
const functions = await discoverFunctions()
const files = { 'functions.json': buildManifest(functions), 'openapi.json': buildOpenApi(functions) }
let stale = 0
for (const [name, content] of Object.entries(files)) {
  const path = new URL(`../${name}`, import.meta.url)
  const text = `${JSON.stringify(content, null, 2)}\n`
  if (!process.argv.includes('--check')) {
    await writeFile(path, text)
    console.log(`${name}: written, ${functions.length} functions`)
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    console.error(`${name} is stale: run \`npm run manifest\``)
    stale++
  }
}
process.exitCode = stale > 0 ? 1 : 0
