import { parseArgs } from 'node:util'
import { buildFunctions } from './build/build-functions.ts'
import { requireNode } from './require-node.ts'

// npm run build [-- --out FOLDER]: bundles every function for functions-framework.
requireNode()
const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } })
const startedAt = performance.now()
const { bundles } = await buildFunctions(values.out)
for (const { name, bytes, sha256 } of bundles) {
  console.log(`${sha256.slice(0, 12)} ${`${Math.ceil(bytes / 1000)}`.padStart(7)} kB  ${name}`)
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
console.log(`${bundles.length} functions in ${seconds} s: ${values.out}/manifest.json`)
