import type { LangGraphRunner } from './langgraph.ts'
import type { OwnRunner, Place } from './own-runner.ts'
import { stepsPerRun } from './trivial-graph.ts'

/** Something that runs the trivial graph. */
export interface Engine {
  name: string
  /**
   * One run, from its beginning to its end, alone.
   * @param onBegun called when the run is there and its first step waits, where the two are apart
   */
  runOnce(onBegun?: () => void): Promise<void>
  /** Does so many things at once for so long. @returns runs that ended, a second */
  runMany(runners: number, seconds: number): Promise<number>
}

/** Each runner takes the step that waits longest, of whichever run. */
export function ownEngine(runner: OwnRunner, places: readonly Place[]): Engine {
  let begun = 0
  const begin = () => runner.begin(places[begun++ % places.length]!)
  return {
    name: 'ours',
    async runOnce(onBegun) {
      await begin()
      onBegun?.()
      let steps = 0
      while (await runner.deliverNext()) steps++
      if (steps !== stepsPerRun) throw new Error(`a run of ours ended after ${steps} steps`)
    },
    async runMany(runners, seconds) {
      const startedAt = performance.now()
      const until = startedAt + seconds * 1000
      let steps = 0
      const run = async () => {
        for (;;) {
          if (await runner.deliverNext()) steps++
          else if (performance.now() < until) await begin()
          else return
        }
      }
      await Promise.all(Array.from({ length: runners }, run))
      return steps / stepsPerRun / ((performance.now() - startedAt) / 1000)
    },
  }
}

/** LangGraph.js called in two ways. */
export function langGraphEngines(runner: LangGraphRunner): { bySupersteps: Engine; whole: Engine } {
  const engine = (name: string, runOnce: () => Promise<void>): Engine => ({
    name,
    async runOnce(onBegun) {
      onBegun?.()
      await runOnce()
    },
    async runMany(runners, seconds) {
      const startedAt = performance.now()
      const until = startedAt + seconds * 1000
      let runs = 0
      const run = async () => {
        while (performance.now() < until) {
          await runOnce()
          runs++
        }
      }
      await Promise.all(Array.from({ length: runners }, run))
      return runs / ((performance.now() - startedAt) / 1000)
    },
  })
  return {
    bySupersteps: engine('LangGraph.js, one call a superstep', () => runner.runBySupersteps()),
    whole: engine('LangGraph.js, one call a run', () => runner.runWhole()),
  }
}
