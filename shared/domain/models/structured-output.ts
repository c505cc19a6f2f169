import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import type { Json } from '../sql.ts'
import type { Turn } from './types.ts'

export type JsonSchema = Readonly<Record<string, Json>>

const known = new WeakMap<v.GenericSchema, JsonSchema>()

/** What a driver is told of the output's form. Checks that JSON Schema has no words for are made of the answer all the same. */
export function outputSchemaOf(schema: v.GenericSchema): JsonSchema {
  const kept = known.get(schema)
  if (kept) return kept
  const { $schema: _, ...rest } = toJsonSchema(schema as never, {
    typeMode: 'input',
    errorMode: 'ignore',
    target: 'draft-2020-12',
  })
  const result = rest as unknown as JsonSchema
  known.set(schema, result)
  return result
}

export type ParsedOutput = { ok: true; output: unknown } | { ok: false; problem: string }

const mostIssues = 10

/** Reads the JSON of an answer, also where a model put it into a code fence or words around it, and validates it. */
export function parseOutput(schema: v.GenericSchema, text: string): ParsedOutput {
  let problem = 'it is not JSON'
  for (const candidate of candidates(text)) {
    let value: unknown
    try {
      value = JSON.parse(candidate)
    } catch {
      continue
    }
    const result = v.safeParse(schema, value)
    if (result.success) return { ok: true, output: result.output }
    problem = result.issues
      .slice(0, mostIssues)
      .map((issue) => `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message.slice(0, 200)}`)
      .join('; ')
    // Of several readings the outermost counts.
    break
  }
  return { ok: false, problem }
}

/** Where the JSON may be, the likeliest place first. */
function* candidates(text: string): Generator<string> {
  const trimmed = text.trim()
  yield trimmed
  const fence = /```[A-Za-z0-9]*[^\S\n]*\r?\n([\s\S]*?)```/.exec(trimmed)
  if (fence) yield fence[1]!
  for (const [open, close] of [
    ['{', '}'],
    ['[', ']'],
  ] as const) {
    const from = trimmed.indexOf(open)
    const to = trimmed.lastIndexOf(close)
    if (from >= 0 && to > from) yield trimmed.slice(from, to + 1)
  }
}

/** The turns that ask a model once more, showing it what was wrong. */
export function repairTurns(text: string, problem: string): Turn[] {
  return [
    { role: 'assistant', text: text.trim() === '' ? '(no answer)' : text, toolRequests: [] },
    {
      role: 'user',
      text: `That answer can't be used: ${problem}. Answer again, with nothing but the JSON that was asked for.`,
    },
  ]
}
