import type { ModelDriver } from '#shared/domain/models/types.ts'
import type { ModelProvider } from '../../../tests/fakes/model-provider.ts'
import { startClaude } from '../../../tests/fakes/models-claude.ts'
import { startGemini } from '../../../tests/fakes/models-gemini.ts'
import { startOpenAi } from '../../../tests/fakes/models-openai.ts'
import { createClaudeModel } from './claude.ts'
import { describeModel, describeWireModel, type WireModelUnderTest } from './contract.ts'
import { createGeminiModel } from './gemini.ts'
import { createLocalModel, localModelName } from './local.ts'
import { createOpenAiModel } from './openai.ts'

async function startWire(
  start: () => Promise<ModelProvider>,
  open: (url: string, token: string) => ModelDriver,
  details: { model: string; countsThinking: boolean },
): Promise<WireModelUnderTest> {
  const provider = await start()
  const gone = await start()
  await gone.stop()
  return {
    ...details,
    provider,
    driver: open(provider.url, 'good-token'),
    withBadCredentials: open(provider.url, 'bad-token'),
    withNobodyThere: open(gone.url, 'good-token'),
    stop: () => provider.stop(),
  }
}

const vertex = { project: 'acme', location: 'europe-west1' }

describeModel('local rules', async () => {
  const say = (material: unknown) => (material as { say: string }).say
  const driver = createLocalModel({ say, score: () => ({ score: 7 }) })
  return { driver, model: localModelName, provider: null, async stop() {} }
})

describeWireModel('Gemini on Vertex AI', () =>
  startWire(startGemini, (endpoint, token) => createGeminiModel({ ...vertex, endpoint, token: async () => token }), {
    model: 'gemini-2.5-flash',
    countsThinking: true,
  }),
)

describeWireModel('Claude on Vertex AI', () =>
  startWire(startClaude, (endpoint, token) => createClaudeModel({ ...vertex, endpoint, token: async () => token }), {
    model: 'claude-sonnet-4-5@20250929',
    countsThinking: false,
  }),
)

describeWireModel('OpenAI', () =>
  startWire(
    startOpenAi,
    (url, apiKey) =>
      createOpenAiModel({ name: 'openai', baseUrl: `${url}/v1`, apiKey, limitName: 'max_completion_tokens' }),
    { model: 'gpt-4.1-mini', countsThinking: true },
  ),
)
