import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { ModelSettings, modelNameText, parseModelName, resolveAliases } from './aliases.ts'

const installation = {
  fast: ['local:rules-1'],
  standard: ['gemini:gemini-2.5-pro', 'local:rules-1'],
  heavy: ['openai:gpt-4.1'],
}

describe('aliases', () => {
  test('a workspace replaces the order of an alias, and leaves the others as installed', () => {
    const settings = v.parse(ModelSettings, { fast: ['ollama:llama3.1:8b', 'local:rules-1'] })
    const aliases = resolveAliases(installation, settings)
    expect(aliases.fast).toEqual([
      { driver: 'ollama', model: 'llama3.1:8b' },
      { driver: 'local', model: 'rules-1' },
    ])
    expect(aliases.standard.map(modelNameText)).toEqual(installation.standard)
    expect(resolveAliases(installation).heavy).toEqual([{ driver: 'openai', model: 'gpt-4.1' }])
  })

  test('a name says its driver before the first colon', () => {
    for (const text of ['ollama:llama3.1:8b', 'claude:claude-sonnet-4-5@20250929', 'local:rules-1']) {
      expect(modelNameText(parseModelName(text))).toBe(text)
    }
  })

  test.each([
    ['nothing', { fast: [] }],
    ['no driver', { fast: ['gpt-4o'] }],
    ['a path upwards', { fast: ['gemini:../../x'] }],
    ['a query', { fast: ['gemini:x?alt=y'] }],
    ['one model twice', { fast: ['local:rules-1', 'local:rules-1'] }],
    ['six models', { fast: ['a:1', 'a:2', 'a:3', 'a:4', 'a:5', 'a:6'] }],
    ['another alias', { huge: ['local:rules-1'] }],
  ])('settings with %s are refused', (_, settings) => {
    expect(v.is(ModelSettings, settings)).toBe(false)
  })
})
