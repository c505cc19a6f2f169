import { agentEvent, doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: doStep,
  summary: 'Do one node of a run that takes seconds',
  withinWorkspace: true,
  fenced: true,
  resources: { buckets: ['artifacts'], enqueues: [doStep, doLongStep], publishes: [runChanged, agentEvent] },
  handler: () => import('./handler.ts'),
})
