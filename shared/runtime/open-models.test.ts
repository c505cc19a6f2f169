import { text } from 'node:stream/consumers'
import postgres from 'postgres'
import * as v from 'valibot'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { readConfig } from '#shared/config.ts'
import { newId } from '#shared/domain/ids.ts'
import type { CallOrigin, ModelRequest } from '#shared/domain/models/types.ts'
import type { ModelProvider } from '../../tests/fakes/model-provider.ts'
import { startClaude } from '../../tests/fakes/models-claude.ts'
import { startGemini } from '../../tests/fakes/models-gemini.ts'
import { startOpenAi } from '../../tests/fakes/models-openai.ts'
import { createSpender, findImbalances } from '../../tests/setup/costs.ts'
import { call, startTestProduct, type TestProduct } from '../../tests/setup/product.ts'
import { baseContext, serviceScope } from './contexts.ts'

let openAi: ModelProvider
let product: TestProduct
let owner: postgres.Sql
let origin: CallOrigin

beforeAll(async () => {
  openAi = await startOpenAi()
  product = await startTestProduct(inject('clusterUrl'), {
    OPENAI_API_KEY: 'good-token',
    OPENAI_BASE_URL: `${openAi.url}/v1/`,
    MODEL_FAST: 'openai:gpt-4.1-mini, local:rules-1',
    MODEL_HEAVY: 'openai:gpt-9',
  })
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
beforeEach(async () => {
  const { orgId, workspaceId, ownerId } = await createSpender(product.services.database)
  origin = { orgId, workspaceId, runId: null, step: null, playbook: null, agent: 'cognition', userId: ownerId }
})
afterAll(async () => {
  await owner.end()
  await product.stop()
  await openAi.stop()
})

const question: ModelRequest<null> = {
  alias: 'fast',
  task: 'say',
  system: 'You say things.',
  material: { note: 'the header was Authorization: Bearer abcdefgh12345678', say: 'hello' },
  output: null,
  maximumOutputTokens: 100,
  timeoutSeconds: 60,
}
const never = new AbortController().signal

/** What a handler has, for work in the organization. */
function contextOf(services = product.services) {
  return baseContext(services, {
    functionName: 'a-test',
    resources: {},
    principal: null,
    scope: serviceScope(origin.orgId, null),
    requestId: newId(),
    traceparent: null,
    now: services.now(),
    log: services.log,
    signal: never,
    address: null,
  })
}
const ask = (changes: Partial<ModelRequest<null>> = {}, services = product.services) =>
  contextOf(services).models.complete({ ...question, ...changes }, origin, never)
const logs = () =>
  owner`select model, alias, task, agent, input_tokens::int as input, cost_microdollars::int as cost, finish, artifact_key
    from cost_logs where workspace_id = ${origin.workspaceId} order by id`

describe('models of a context', () => {
  test('answer, and what it cost is in the books of the workspace', async () => {
    openAi.script.push({ kind: 'answers', usage: { input: 1_000, cachedInput: 0, output: 100, thinking: 0 } })
    // 1,000 × $0.40 and 100 × $1.60 a million.
    expect(await ask()).toMatchObject({ model: 'openai:gpt-4.1-mini', text: 'hello', costMicrodollars: 400 + 160 })
    expect(await logs()).toMatchObject([
      {
        model: 'openai:gpt-4.1-mini',
        alias: 'fast',
        task: 'say',
        agent: 'cognition',
        input: 1_000,
        cost: 560,
        finish: 'stop',
      },
    ])
    expect(await findImbalances(owner)).toEqual([])
  })

  test('leave what was asked and answered in the bucket of artifacts, without secrets, under the organization', async () => {
    openAi.script.push({ kind: 'answers', text: 'I saw password: hunter2' })
    await ask()
    const [{ artifact_key: key }] = (await logs()) as unknown as [{ artifact_key: string }]
    expect(key).toMatch(
      new RegExp(`^${origin.orgId}/${origin.workspaceId}/models/\\d{4}-\\d\\d-\\d\\d/[0-9a-f-]+\\.json$`),
    )
    const kept = await text((await product.services.objects.read('artifacts', key))!.body)
    expect(JSON.parse(kept)).toMatchObject({
      model: 'openai:gpt-4.1-mini',
      request: { task: 'say', system: 'You say things.' },
    })
    expect(kept).not.toMatch(/abcdefgh12345678|hunter2|good-token/)
  })

  test('are asked within the budget: none is asked when the worst case does not fit', async () => {
    const config = { ...product.services.config, MONTHLY_WORKSPACE_BUDGET_USD: '0.0001' }
    const seen = openAi.seen.length
    await expect(ask({}, { ...product.services, config })).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    expect([openAi.seen.length, await logs()]).toEqual([seen, []])
  })

  test('whose price nobody knows are not asked, until the settings say it', async () => {
    const seen = openAi.seen.length
    await expect(ask({ alias: 'heavy' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: [{ field: 'openai:gpt-9', message: 'is not set up' }],
    })
    expect(openAi.seen).toHaveLength(seen)
    const price = { from: '2026-01-01', inputMicrodollarsPerMillion: 1_000_000, cachedInputMicrodollarsPerMillion: 0 }
    const prices = { 'openai:gpt-9': [{ ...price, outputMicrodollarsPerMillion: 2_000_000 }] }
    const { SIGNING_SECRET, ...others } = product.services.config
    const text = Object.entries(others).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))
    const config = readConfig(
      {
        ...Object.fromEntries(text),
        SIGNING_SECRET,
        PUSH_SERVICE_ACCOUNTS: 'a@example.org',
        MODEL_HEAVY: 'openai:gpt-9',
        MODEL_PRICES: JSON.stringify(prices),
      },
      { embeddedDrivers: true },
    )
    expect(await ask({ alias: 'heavy' }, { ...product.services, config })).toMatchObject({ costMicrodollars: 12 + 6 })
  })

  test('are our rules where nothing else is set: they cost nothing, and refuse what needs a language model', async () => {
    await expect(ask({ alias: 'standard' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: [{ field: 'local:rules-1', message: 'the task say needs a language model' }],
    })
    expect(await logs()).toMatchObject([{ model: 'local:rules-1', cost: 0, finish: 'failed' }])
  })

  test('of Vertex AI are asked at the stand-in that the settings name', async () => {
    for (const [start, name] of [
      [startGemini, 'gemini:gemini-2.5-pro'],
      [startClaude, 'claude:claude-sonnet-4-5@20250929'],
    ] as const) {
      const provider = await start()
      const config = {
        ...product.services.config,
        GOOGLE_CLOUD_PROJECT: 'acme',
        VERTEX_LOCATION: 'europe-west1',
        VERTEX_EMULATOR_URL: provider.url,
        MODEL_FAST: [name],
      }
      // It takes another token, which shows that it was asked.
      const error: any = await ask({}, { ...product.services, config }).catch((reason) => reason)
      expect(String(error.cause)).toContain('refused with 401')
      await provider.stop()
    }
  })

  test('give JSON that was validated', async () => {
    openAi.script.push({ kind: 'answers', text: '```json\n{"score": 7}\n```' })
    const output = v.strictObject({ score: v.number() })
    const answer = await contextOf().models.complete({ ...question, output }, origin, never)
    expect(answer.output.score).toBe(7)
  })
})

test('/health says which models each alias has, and whether they are asked; it asks none of them', async () => {
  const seen = openAi.seen.length
  const { body } = await call(product.url, 'GET', '/health')
  expect(body.dependencies.models).toMatchObject({
    status: 'ok',
    aliases: {
      fast: { 'openai:gpt-4.1-mini': 'closed', 'local:rules-1': 'closed' },
      standard: { 'local:rules-1': 'closed' },
      heavy: { 'openai:gpt-9': 'closed' },
    },
  })
  expect(openAi.seen).toHaveLength(seen)
})
