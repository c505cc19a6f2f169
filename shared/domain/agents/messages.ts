import * as v from 'valibot'
import { Id } from '../ids.ts'
import { eventType, taskType } from '../messaging.ts'

export const RunStep = v.object({ run_id: Id, node: v.string(), iteration: v.pipe(v.number(), v.integer()) })
export type RunStep = v.InferOutput<typeof RunStep>

/** One node of a run: short work, and work that waits for models. */
export const doStep = taskType('priority', 'agent-runs-do-step', RunStep)
export const doLongStep = taskType('long-running', 'agent-runs-do-long-step', RunStep)

/** What the queues give a delivery at most (shared/runtime/policies.ts, which a test compares). */
export const queueDeadlineSeconds = { priority: 30, 'long-running': 1800 }

/** A run came to its end, or waits for somebody. */
export const runChanged = eventType(
  'agents',
  'agent_run.changed',
  v.object({ run_id: Id, status: v.picklist(['waiting_approval', 'completed', 'failed', 'cancelled']) }),
)

/** Something that an agent tells of, by a name of its own. */
export const agentEvent = eventType(
  'agents',
  'agent_run.told',
  v.object({ run_id: Id, name: v.string(), data: v.record(v.string(), v.unknown()) }),
)
