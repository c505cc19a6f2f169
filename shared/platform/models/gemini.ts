import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type {
  DriverAnswer,
  DriverRequest,
  FinishReason,
  ModelDriver,
  TokenUsage,
  ToolRequest,
} from '#shared/domain/models/types.ts'
import type { Json } from '#shared/domain/sql.ts'
import { readEventStream } from './event-stream.ts'
import { boundedBody, brokenOff, malformed, readText, send, unlessAborted } from './exchange.ts'
import { credentialsError } from './google-token.ts'
import { narrowSchema } from './narrow-schema.ts'
import { boundAnswerBytes, boundTokens, materialText, systemText } from './prompt.ts'

export interface GeminiOptions {
  /** Project of Google Cloud. */
  project: string
  /** Region, or `global`. */
  location: string
  /** In place of Google's address, e.g. `http://127.0.0.1:1234`. */
  endpoint?: string
  /** In place of the credentials of this machine. */
  token?: () => Promise<string>
}

const provider = 'Gemini'

/** Where a method is, and what has to be sent along. */
type Locate = (resource: string) => Promise<{ url: string; headers: Record<string, string> }>

/**
 * Gemini on Vertex AI. Address, API version and credentials are those of `@google-cloud/vertexai`; the exchange itself is
 * ours, since the package's own has no end by a signal, no bound, and loses `Retry-After`. Google moves to
 * `@google/genai`: then only this file changes.
 */
export function createGeminiModel(options: GeminiOptions): ModelDriver {
  let opened: Promise<Locate> | undefined
  const open = () => {
    opened ??= openClient(options).catch((error) => {
      opened = undefined
      throw error
    })
    return opened
  }
  return {
    name: 'gemini',
    boundInputTokens: (request) => boundTokens(JSON.stringify(bodyOf(request))),
    async complete(request, signal, onText) {
      const method = onText ? 'streamGenerateContent?alt=sse' : 'generateContent'
      const { url, headers } = await unlessAborted(signal, locate(open, `${request.model}:${method}`))
      const response = await send({ provider, url, headers, body: JSON.stringify(bodyOf(request)), signal })
      const collected = new Collected(onText)
      try {
        if (onText) {
          const chunks = boundedBody(response, boundAnswerBytes(request))
          for await (const { data } of readEventStream(chunks)) collected.add(data)
        } else collected.add(await readText(response, boundAnswerBytes(request)))
      } catch (error) {
        throw brokenOff(provider, error, signal)
      }
      return collected.answer()
    },
  }
}

async function locate(open: () => Promise<Locate>, resource: string) {
  try {
    return await (await open())(resource)
  } catch (error) {
    throw credentialsError(provider, error)
  }
}

async function openClient({ project, location, endpoint, token }: GeminiOptions): Promise<Locate> {
  // In a bundle a CommonJS package has no names but this one.
  const { Client } = (await import('@google-cloud/vertexai')).default
  class Located extends Client {
    async locate(resource: string) {
      const { apiClient } = this
      if (token) {
        apiClient.clientOptions.auth = {
          async addAuthHeaders(headers) {
            headers.set('authorization', `Bearer ${await token()}`)
          },
        }
      }
      const path = `${apiClient.getBaseResourcePath()}/publishers/google/models/${resource}`
      const headers = { ...apiClient.getHeaders(), ...Object.fromEntries(await apiClient.getAuthHeaders()) }
      return { url: `${apiClient.getRequestUrl()}/${path}`, headers }
    }
  }
  const client = new Located({ project, location, ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }) })
  return (resource) => client.locate(resource)
}

/** GenerateContentRequest. */
function bodyOf(request: DriverRequest) {
  const { tools, outputSchema, maximumOutputTokens } = request
  // Vertex AI refuses a JSON answer together with functions.
  const isTold = outputSchema !== null && tools.length === 0
  return {
    systemInstruction: { role: 'system', parts: [{ text: systemText(request, !isTold) }] },
    contents: contentsOf(request),
    ...(tools.length === 0
      ? {}
      : {
          tools: [
            {
              functionDeclarations: tools.map(({ name, description, inputSchema }) => ({
                name,
                description,
                parametersJsonSchema: narrowSchema(inputSchema),
              })),
            },
          ],
        }),
    generationConfig: {
      maxOutputTokens: maximumOutputTokens,
      candidateCount: 1,
      ...thinkingOf(request),
      ...(isTold ? { responseMimeType: 'application/json', responseJsonSchema: narrowSchema(outputSchema) } : {}),
    },
  }
}

/** Gemini 2.5 takes its thoughts from the same tokens as its answer: half of them at most, within what each model takes. */
function thinkingOf({ model, maximumOutputTokens }: DriverRequest) {
  if (!model.startsWith('gemini-2.5-')) return {}
  const half = Math.floor(maximumOutputTokens / 2)
  const thinkingBudget = model.startsWith('gemini-2.5-pro')
    ? Math.min(Math.max(half, 128), 8_192)
    : half < 512
      ? 0
      : Math.min(half, 8_192)
  return { thinkingConfig: { thinkingBudget } }
}

type Part = Record<string, Json>

function contentsOf(request: DriverRequest): { role: 'user' | 'model'; parts: Part[] }[] {
  const contents: { role: 'user' | 'model'; parts: Part[] }[] = []
  const add = (role: 'user' | 'model', parts: Part[]) => {
    const last = contents.at(-1)
    // Outputs of functions that were asked for together belong together.
    if (last?.role === role) last.parts.push(...parts)
    else contents.push({ role, parts })
  }
  add('user', [{ text: materialText(request) }])
  for (const turn of request.turns) {
    if (turn.role === 'user') add('user', [{ text: turn.text }])
    else if (turn.role === 'tool') {
      const response = turn.failed ? { error: turn.output } : { output: turn.output }
      add('user', [{ functionResponse: { name: turn.name, response } }])
    } else {
      const calls = turn.toolRequests.map(({ name, input }) => ({ functionCall: { name, args: input } }))
      add('model', [...(turn.text === '' ? [] : [{ text: turn.text }]), ...calls])
    }
  }
  return contents
}

const count = v.optional(v.number())

/** What we read of GenerateContentResponse; a stream's chunks have the same form. */
const Chunk = v.object({
  candidates: v.optional(
    v.array(
      v.object({
        content: v.optional(
          v.object({
            parts: v.optional(
              v.array(
                v.object({
                  text: v.optional(v.string()),
                  thought: v.optional(v.boolean()),
                  functionCall: v.optional(
                    v.object({ name: v.string(), args: v.optional(v.record(v.string(), v.any()), {}) }),
                  ),
                }),
              ),
            ),
          }),
        ),
        finishReason: v.optional(v.string()),
      }),
    ),
  ),
  promptFeedback: v.optional(v.object({ blockReason: v.optional(v.string()) })),
  usageMetadata: v.optional(
    v.object({
      promptTokenCount: count,
      candidatesTokenCount: count,
      thoughtsTokenCount: count,
      cachedContentTokenCount: count,
      toolUsePromptTokenCount: count,
    }),
  ),
})
type UsageMetadata = NonNullable<v.InferOutput<typeof Chunk>['usageMetadata']>

const finishReasons = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'safety'],
  ['RECITATION', 'safety'],
  ['BLOCKLIST', 'safety'],
  ['PROHIBITED_CONTENT', 'safety'],
  ['SPII', 'safety'],
  ['IMAGE_SAFETY', 'safety'],
])

/** Puts the chunks of an answer together. */
class Collected {
  readonly #onText: ((piece: string) => void) | undefined
  readonly #toolRequests: ToolRequest[] = []
  #text = ''
  #finish: FinishReason | null = null
  #usage: UsageMetadata = {}

  constructor(onText: ((piece: string) => void) | undefined) {
    this.#onText = onText
  }

  add(json: string): void {
    const { candidates, promptFeedback, usageMetadata } = readChunk(json)
    Object.assign(this.#usage, usageMetadata)
    if (promptFeedback?.blockReason) this.#finish = 'safety'
    const candidate = candidates?.[0]
    for (const { text, thought, functionCall } of candidate?.content?.parts ?? []) {
      // The provider gives its calls no ids.
      if (functionCall) {
        this.#toolRequests.push({ id: randomUUID(), name: functionCall.name, input: functionCall.args })
      }
      if (!text || thought) continue
      this.#text += text
      this.#onText?.(text)
    }
    if (!candidate?.finishReason) return
    const finish = finishReasons.get(candidate.finishReason)
    if (!finish) throw malformed(provider, `that it ended by ${candidate.finishReason.slice(0, 40)}`)
    this.#finish = finish
  }

  answer(): DriverAnswer {
    if (this.#finish === null) throw malformed(provider, 'only a part')
    const hasTools = this.#toolRequests.length > 0 && this.#finish === 'stop'
    return {
      text: this.#text,
      toolRequests: hasTools ? this.#toolRequests : [],
      finish: hasTools ? 'tools' : this.#finish,
      usage: this.#tokens(),
    }
  }

  #tokens(): TokenUsage | null {
    const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount, ...rest } = this.#usage
    // An answer with words has tokens; a blocked one need not have any.
    if (promptTokenCount === undefined || (candidatesTokenCount === undefined && this.#text !== '')) return null
    const thinking = thoughtsTokenCount ?? 0
    return {
      input: promptTokenCount + (rest.toolUsePromptTokenCount ?? 0),
      cachedInput: rest.cachedContentTokenCount ?? 0,
      output: (candidatesTokenCount ?? 0) + thinking,
      thinking,
    }
  }
}

function readChunk(json: string): v.InferOutput<typeof Chunk> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw malformed(provider, 'something that is not JSON', error)
  }
  if (typeof value === 'object' && value !== null && 'error' in value) throw malformed(provider, 'with an error midway')
  const parsed = v.safeParse(Chunk, value)
  if (!parsed.success) throw malformed(provider, `in another form: ${v.getDotPath(parsed.issues[0])}`)
  return parsed.output
}
