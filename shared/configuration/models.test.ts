import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { notesOf } from '../config.ts'
import { parseModelName } from '../domain/models/aliases.ts'
import { findPrice, priceList } from '../domain/models/prices.ts'
import { localModels, vertexModels } from '../runtime/configured-models.ts'
import { modelSettings } from './models.ts'

const Settings = v.object(modelSettings)
const price = {
  from: '2026-01-01',
  inputMicrodollarsPerMillion: 2,
  cachedInputMicrodollarsPerMillion: 1,
  outputMicrodollarsPerMillion: 3,
}

describe('settings of models', () => {
  test('name them in their order, and their prices', () => {
    const settings = v.parse(Settings, {
      MODEL_FAST: 'gemini:gemini-2.5-flash, ollama:llama3.1:8b ,local:rules-1',
      MODEL_PRICES: JSON.stringify({ 'openai:gpt-9': [price] }),
      OLLAMA_MODELS: 'llama3.1:8b, qwen3:4b',
      OPENAI_BASE_URL: 'https://models.example/v1/',
    })
    expect(settings.MODEL_FAST).toEqual(['gemini:gemini-2.5-flash', 'ollama:llama3.1:8b', 'local:rules-1'])
    expect(settings.MODEL_PRICES).toEqual({ 'openai:gpt-9': [{ ...price, requestMicrodollars: 0, longContext: null }] })
    expect(settings.OLLAMA_MODELS).toEqual(['llama3.1:8b', 'qwen3:4b'])
    expect(settings.OPENAI_BASE_URL).toBe('https://models.example/v1')
  })

  test.each([
    ['MODEL_FAST', 'gpt-4o'],
    ['MODEL_FAST', ' , '],
    ['MODEL_HEAVY', 'a:1,a:2,a:3,a:4,a:5,a:6'],
    ['MODEL_PRICES', 'cheap'],
    ['MODEL_PRICES', '{"openai:gpt-9": []}'],
    ['MODEL_PRICES', JSON.stringify({ 'openai:gpt-9': [{ ...price, inputMicrodollarsPerMillion: 0.5 }] })],
    ['VERTEX_LOCATION', 'europe.example/x'],
    ['OLLAMA_BASE_URL', 'localhost'],
  ])('%s=%s is refused', (name, value) => {
    expect(v.safeParse(Settings, { [name]: value }).success).toBe(false)
  })

  test('keep keys secret', () => {
    for (const [name, schema] of Object.entries(modelSettings)) {
      expect([name, notesOf(schema).secret === true]).toEqual([name, name.endsWith('_KEY')])
    }
  })

  test('may be left out: every model that is asked then has a price', () => {
    for (const name of [localModels, vertexModels].flatMap((models) => Object.values(models).flat())) {
      expect([name, findPrice(priceList(), parseModelName(name), new Date('2026-11-21'))]).not.toContain(null)
    }
  })
})
