import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Benchmark,
  type BenchmarkResult,
  BenchmarkUnavailable,
  describeMachine,
  type Goal,
  meetsGoal,
  meetsGoals,
} from './benchmark.ts'

/**
 * `npm run bench -- NAME [--json]`: runs one benchmark of this folder and prints its figures beside their goals. With
 * `--json` the last line is one JSON object. Exit code 0 when every goal is met, 1 when one is missed or the benchmark
 * cannot run, 2 for an unknown name.
 */
async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json')
  const [name, ...rest] = args.filter((arg) => arg !== '--json')
  const known = benchmarkNames()
  if (name === undefined || rest.length > 0 || !known.includes(name)) {
    const problem =
      name === undefined
        ? 'Name a benchmark'
        : rest.length > 0
          ? 'One benchmark at a time'
          : `No benchmark named ${name}`
    console.error(`${problem}. There are: ${known.join(', ')}.\nUsage: npm run bench -- NAME [--json]`)
    return 2
  }
  let result: BenchmarkResult
  try {
    const { bench } = (await import(`./${name}.ts`)) as { bench: Benchmark }
    result = await bench()
  } catch (error) {
    if (!(error instanceof BenchmarkUnavailable)) throw error
    console.error(error.message)
    return 1
  }
  const met = meetsGoals(result)
  console.log(table(result))
  for (const note of result.notes ?? []) console.log(note)
  console.log(met ? 'All goals met.' : 'Not all goals met.')
  if (json) {
    const { figures, goals } = result
    console.log(JSON.stringify({ bench: name, machine: describeMachine(), figures, goals, met }))
  }
  return met ? 0 : 1
}

/** Names of the files here that export `bench`; others are helpers. They are told apart by their text, not loaded. */
function benchmarkNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) =>
      /^export (?:async )?(?:function|const) bench\b/m.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
    )
    .map((file) => file.slice(0, -3))
    .sort()
}

function table({ figures, goals }: BenchmarkResult): string {
  const names = [...new Set([...Object.keys(goals), ...Object.keys(figures)])]
  const rows = names.map((name) => [
    name,
    figures[name] === undefined ? 'missing' : formatFigure(figures[name]),
    formatGoal(goals[name]),
    goals[name] === undefined ? '' : meetsGoal(figures[name], goals[name]) ? 'met' : 'MISSED',
  ])
  rows.unshift(['figure', 'value', 'goal', ''])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 1 ? cell.padStart(widths[1]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function formatFigure(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(4).replace(/0+$/, '').replace(/\.$/, '')
}

function formatGoal(goal: Goal | undefined): string {
  if (goal === undefined) return ''
  const parts: string[] = []
  if (goal.min !== undefined) parts.push(`>= ${goal.min}`)
  if (goal.max !== undefined) parts.push(`<= ${goal.max}`)
  return parts.join(', ')
}

process.exitCode = await main(process.argv.slice(2))
