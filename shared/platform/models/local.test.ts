import { expect, test } from 'vitest'
import type { DriverRequest } from '#shared/domain/models/types.ts'
import { createLocalModel } from './local.ts'

const driver = createLocalModel({
  double: (material) => ({ twice: 2 * (material as number) }),
  broken: () => {
    throw new Error('a bug')
  },
})
const request: DriverRequest = {
  model: 'rules-1',
  task: 'double',
  system: '',
  material: 21,
  turns: [],
  tools: [],
  outputSchema: { type: 'object' },
  maximumOutputTokens: 100,
}
const never = new AbortController().signal

test('a task with a rule is done, for no tokens', async () => {
  expect(await driver.complete(request, never)).toEqual({
    text: '{"twice":42}',
    toolRequests: [],
    finish: 'stop',
    usage: { input: 0, cachedInput: 0, output: 0, thinking: 0 },
  })
  expect(driver.boundInputTokens(request)).toBe(0)
})

test.each(['write', 'toString', '__proto__', ''])('the task %j is refused: it needs a language model', async (task) => {
  await expect(driver.complete({ ...request, task }, never)).rejects.toMatchObject({
    failure: 'refused',
    mayHaveCost: false,
    message: `the task ${task} needs a language model`,
  })
})

test('a rule that throws and a model that is not there are our mistakes', async () => {
  await expect(driver.complete({ ...request, task: 'broken' }, never)).rejects.toMatchObject({ failure: 'invalid' })
  await expect(driver.complete({ ...request, model: 'rules-2' }, never)).rejects.toMatchObject({ failure: 'invalid' })
})
