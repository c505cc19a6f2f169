import type { TokenUsage } from '#shared/domain/models/types.ts'
import {
  type Dialect,
  type ModelProvider,
  type ProviderAnswer,
  piecesOf,
  startModelProvider,
} from './model-provider.ts'

const path =
  /^\/v1(?:beta1)?\/projects\/acme\/locations\/[a-z0-9-]+\/publishers\/google\/models\/([a-z0-9.-]+):(generateContent|streamGenerateContent\?alt=sse)$/

const finishReasons = {
  stop: 'STOP',
  tools: 'STOP',
  length: 'MAX_TOKENS',
  safety: 'SAFETY',
  'unheard of': 'GREW_TIRED',
}

/** Gemini on Vertex AI, as its reference describes `generateContent` and `streamGenerateContent`. */
const gemini: Dialect = {
  lineEnd: '\r\n',

  check({ path: given, headers, body }) {
    if (headers.authorization !== 'Bearer good-token')
      return { status: 401, message: 'Request had invalid credentials.' }
    if (!path.test(given)) return { status: 404, message: 'Not Found' }
    const known = [
      'systemInstruction',
      'contents',
      'tools',
      'toolConfig',
      'generationConfig',
      'safetySettings',
      'labels',
    ]
    const strange = Object.keys(body).find((name) => !known.includes(name))
    if (strange) return invalid(`Unknown name "${strange}"`)
    if (!Array.isArray(body.contents) || body.contents.length === 0) return invalid('contents is not specified')
    for (const [at, { role, parts }] of body.contents.entries()) {
      if (!['user', 'model'].includes(role)) return invalid('Please use a valid role: user, model.')
      if (!(parts?.length > 0)) return invalid('Unable to submit request because it must have a part.')
      const calls = body.contents[at - 1]?.parts.filter((part: any) => part.functionCall).length ?? 0
      const outputs = parts.filter((part: any) => part.functionResponse).length
      if (calls !== outputs) {
        return invalid('the number of function response parts should be equal to the number of function call parts')
      }
    }
    const { responseMimeType, maxOutputTokens, thinkingConfig } = body.generationConfig ?? {}
    if (body.tools && responseMimeType === 'application/json') {
      return invalid("Function calling with a response mime type: 'application/json' is unsupported")
    }
    if (thinkingConfig?.thinkingBudget > maxOutputTokens) return invalid('The thinking budget is too large')
    return null
  },

  isStreamed: ({ path: given }) => given.includes(':streamGenerateContent'),

  understand({ path: given, body }) {
    return {
      path: given,
      system: body.systemInstruction.parts.map(({ text }: any) => text).join(''),
      turns: body.contents.map(({ role, parts }: any) => ({
        role: role === 'model' ? 'assistant' : 'user',
        parts: parts.map(({ text, functionCall, functionResponse }: any) => {
          if (functionCall) return `${functionCall.name}(${JSON.stringify(functionCall.args)})`
          if (functionResponse) return `${functionResponse.name}=${JSON.stringify(functionResponse.response)}`
          return text
        }),
      })),
      tools: (body.tools?.[0]?.functionDeclarations ?? []).map(({ name, parametersJsonSchema }: any) => ({
        name,
        schema: parametersJsonSchema,
      })),
      schema: body.generationConfig.responseJsonSchema ?? null,
      maximumOutputTokens: body.generationConfig.maxOutputTokens,
    }
  },

  whole: (answer) => ({ ...chunk(partsOf(answer), answer, true), responseId: 'r1' }),

  events(answer) {
    if (answer.finish === 'blocked') return [{ data: JSON.stringify(chunk([], answer, true)) }]
    const calls = answer.toolRequests.map(({ name, input }) => ({ functionCall: { name, args: input } }))
    const thoughts = answer.usage?.thinking ? [{ text: 'I wonder…', thought: true }] : []
    const parts = [...thoughts, ...piecesOf(answer.text).map((text) => ({ text })), ...calls]
    return [
      ...parts.map((part) => ({ data: JSON.stringify(chunk([part], answer, false)) })),
      { data: JSON.stringify(chunk([{ text: '' }], answer, true)) },
    ]
  },

  failure: { data: JSON.stringify(errorBody(503, 'The model is overloaded.')) },
  errorBody,
}

function partsOf({ text, toolRequests, usage }: ProviderAnswer): object[] {
  return [
    ...(usage?.thinking ? [{ text: 'I wonder…', thought: true }] : []),
    ...(text === '' ? [] : [{ text }]),
    ...toolRequests.map(({ name, input }) => ({ functionCall: { name, args: input } })),
  ]
}

function chunk(parts: object[], { finish, usage }: ProviderAnswer, isLast: boolean): object {
  if (finish === 'blocked') {
    const prompt = usage && { usageMetadata: { promptTokenCount: usage.input, totalTokenCount: usage.input } }
    return { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...prompt }
  }
  return {
    candidates: [{ content: { role: 'model', parts }, ...(isLast ? { finishReason: finishReasons[finish] } : {}) }],
    ...(usage && isLast ? { usageMetadata: usageOf(usage) } : {}),
    modelVersion: 'gemini-2.5-flash',
  }
}

/** Counts that are 0 are left out, as Google's JSON does. */
function usageOf({ input, cachedInput, output, thinking }: TokenUsage): object {
  return {
    promptTokenCount: input,
    candidatesTokenCount: output - thinking,
    totalTokenCount: input + output,
    ...(thinking === 0 ? {} : { thoughtsTokenCount: thinking }),
    ...(cachedInput === 0 ? {} : { cachedContentTokenCount: cachedInput }),
    trafficType: 'ON_DEMAND',
  }
}

function invalid(message: string) {
  return { status: 400, message }
}

function errorBody(code: number, message: string) {
  const status = code === 429 ? 'RESOURCE_EXHAUSTED' : code === 503 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT'
  return { error: { code, message, status, details: [] } }
}

/** Starts a stand-in of Gemini on Vertex AI for the project `acme`, which takes the token `good-token`. */
export function startGemini(): Promise<ModelProvider> {
  return startModelProvider(gemini)
}
