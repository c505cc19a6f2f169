import type { Catalogue } from './catalogue.ts'
import type { RunStep } from './messages.ts'
import { giveUpStep, recordWork } from './record.ts'
import type { EffectContext } from './tools.ts'
import { doWork, type Surroundings, type WorkOutcome } from './work.ts'

/** The handler of a step's task, over the playbooks and tools of a catalogue. */
export function stepHandlers(catalogue: () => Promise<Catalogue>) {
  return {
    prepare: async (context: Surroundings, step: RunStep): Promise<WorkOutcome> =>
      doWork(context, await catalogue(), step),
    run: async (context: EffectContext, step: RunStep, outcome: WorkOutcome): Promise<void> =>
      recordWork(context, await catalogue(), step, outcome),
    failed: async (context: EffectContext, step: RunStep, failure: { code: string; message: string }): Promise<void> =>
      giveUpStep(context, await catalogue(), step, failure),
  }
}
