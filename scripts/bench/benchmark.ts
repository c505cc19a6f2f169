import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'

/** What a figure must reach; a figure without a goal is only printed. */
export interface Goal {
  min?: number
  max?: number
}

/** What one benchmark measured. Figure names are part of the contract of `npm run bench`. */
export interface BenchmarkResult {
  figures: Record<string, number>
  goals: Record<string, Goal>
  /** Sentences for the reader, printed under the table. */
  notes?: string[]
}

/** A file in this folder is a benchmark when it exports `bench` of this type. */
export type Benchmark = () => Promise<BenchmarkResult>

/** What keeps a benchmark from running, in words for its user (missing data, missing tool). */
export class BenchmarkUnavailable extends Error {
  override name = 'BenchmarkUnavailable'
}

/** Whether a figure reaches its goal; a goal without its figure is not reached. */
export function meetsGoal(figure: number | undefined, goal: Goal): boolean {
  if (figure === undefined || Number.isNaN(figure)) return false
  return (goal.min === undefined || figure >= goal.min) && (goal.max === undefined || figure <= goal.max)
}

/** Whether every goal of a result is reached. */
export function meetsGoals(result: BenchmarkResult): boolean {
  return Object.entries(result.goals).every(([name, goal]) => meetsGoal(result.figures[name], goal))
}

/** Middle value; the mean of the two in the middle for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Processor and Node version, so that figures of different machines are not mixed up. */
export function describeMachine(): string {
  const processors = cpus()
  return `${processors[0]?.model ?? 'unknown processor'} x${processors.length}, Node ${process.versions.node}`
}

/**
 * Path below the reference data: the folder named by `ADAPT_REFERENCE_DATA`, or `shared/data` beside the repository.
 *
 * @throws BenchmarkUnavailable when it is not there
 */
export function referenceData(...path: string[]): string {
  const root = process.env.ADAPT_REFERENCE_DATA ?? resolve(import.meta.dirname, '../../../shared/data')
  const file = join(root, ...path)
  if (existsSync(file)) return file
  throw new BenchmarkUnavailable(
    `The reference data is not there: ${file} does not exist. Set ADAPT_REFERENCE_DATA to the folder that holds ${path[0]}.`,
  )
}

/** Reads a JSON file of the reference data. */
export function readReference<T>(...path: string[]): T {
  return JSON.parse(readFileSync(referenceData(...path), 'utf8')) as T
}
