import { agentEvent, doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { defineTask } from '#shared/runtime/declarations.ts'

export default defineTask({
  task: doLongStep,
  summary: 'Do one node of a run that waits for models',
  withinWorkspace: true,
  fenced: true,
  resources: {
    timeoutSeconds: 1800,
    memoryMegabytes: 1024,
    buckets: ['artifacts'],
    enqueues: [doStep, doLongStep],
    publishes: [runChanged, agentEvent],
  },
  handler: () => import('./handler.ts'),
})
