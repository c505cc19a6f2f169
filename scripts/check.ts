import { spawn } from 'node:child_process'
import { requireNode } from './require-node.ts'

requireNode()

/** Everything but the tests. Each runs as its own process; the first word is its name. */
const checks: Record<string, string[]> = {
  types: ['tsc', '-p', '.'],
  lint: ['biome', 'check', '--error-on-warnings', '.'],
  'unused code': ['knip'],
  'manifest and OpenAPI': ['node', 'scripts/manifest.ts', '--check'],
  'database schema': ['node', 'scripts/schema.ts', '--check'],
}

function run([command = '', ...args]: string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (text) => {
      output += text
    })
    child.stderr.on('data', (text) => {
      output += text
    })
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

let failed = 0
await Promise.all(
  Object.entries(checks).map(async ([name, command]) => {
    const { ok, output } = await run(command)
    if (!ok) failed++
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}${ok ? '' : `\n${output}`}`)
  }),
)
console.log(`checks: ${Object.keys(checks).length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
