import { describeStateStore } from '#shared/platform/state/contract.ts'
import { MemoryState } from './state-store.ts'

const clock = { milliseconds: Date.now() }
const store = new MemoryState(() => new Date(clock.milliseconds))

describeStateStore('the state in memory', () => ({
  store,
  passSeconds(seconds) {
    clock.milliseconds += seconds * 1000
  },
}))
