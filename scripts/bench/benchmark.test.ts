import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BenchmarkUnavailable, median, meetsGoal, meetsGoals, referenceData } from './benchmark.ts'

const RUNNER = join(import.meta.dirname, 'run.ts')

describe('goals', () => {
  it('are met at their bound and missed beyond it', () => {
    expect(meetsGoal(4, { min: 4 })).toBe(true)
    expect(meetsGoal(3.999, { min: 4 })).toBe(false)
    expect(meetsGoal(0, { max: 0 })).toBe(true)
    expect(meetsGoal(1, { max: 0 })).toBe(false)
  })

  it('are missed without a figure', () => {
    expect(meetsGoal(undefined, { min: 0 })).toBe(false)
    expect(meetsGoal(Number.NaN, { max: 1 })).toBe(false)
    expect(meetsGoals({ figures: {}, goals: { speed: { min: 1 } } })).toBe(false)
    expect(meetsGoals({ figures: { other: 1 }, goals: {} })).toBe(true)
  })
})

describe('median', () => {
  it('is the middle of the sorted values', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })
})

describe('reference data', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('names the missing file and the variable that moves it', () => {
    vi.stubEnv('ADAPT_REFERENCE_DATA', '/no/such/folder')
    expect(() => referenceData('extraction-dev', 'x.json')).toThrow(BenchmarkUnavailable)
    expect(() => referenceData('extraction-dev', 'x.json')).toThrow(/no\/such\/folder.*ADAPT_REFERENCE_DATA/)
  })
})

describe('the runner', () => {
  it('lists the benchmarks and exits with 2 for an unknown name', () => {
    const { status, stderr } = spawnSync(process.execPath, [RUNNER, 'nonsense'], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toMatch(/No benchmark named nonsense\. There are: .*\bextraction\b/)
    expect(stderr).not.toMatch(/\bbenchmark,|\brun,|extraction-memory/)
  })

  it('says what is missing and exits with 1 without the reference data', () => {
    const env = { ...process.env, ADAPT_REFERENCE_DATA: '/no/such/folder' }
    expect(() => execFileSync(process.execPath, [RUNNER, 'extraction'], { env, stdio: 'pipe' })).toThrow(
      /reference data is not there/,
    )
  })
})
