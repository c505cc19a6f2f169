import type { TokenUsage } from '#shared/domain/models/types.ts'
import {
  type Dialect,
  type ModelProvider,
  type ProviderAnswer,
  piecesOf,
  startModelProvider,
} from './model-provider.ts'

const finishReasons = {
  stop: 'stop',
  tools: 'tool_calls',
  length: 'length',
  safety: 'content_filter',
  blocked: 'stop',
  'unheard of': 'grew_tired',
}

/** Chat completions, as OpenAI describes them. */
const openAi: Dialect = {
  lineEnd: '\n',

  check({ path, headers, body }) {
    if (headers.authorization !== 'Bearer good-token') {
      return { status: 401, message: `Incorrect API key provided: ${headers.authorization}.` }
    }
    if (path !== '/v1/chat/completions') return { status: 404, message: `Invalid URL (POST ${path})` }
    if ('max_tokens' in body)
      return invalid("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    if (body.stream_options && !body.stream) return invalid("'stream_options' is only allowed when 'stream' is enabled")
    const open = new Set<string>()
    for (const { role, content, tool_calls = [], tool_call_id } of body.messages) {
      if (role === 'tool' && !open.delete(tool_call_id))
        return invalid("messages with role 'tool' must follow 'tool_calls'")
      if (role !== 'tool' && open.size > 0) return invalid("'tool_calls' must be followed by tool messages")
      if (typeof content !== 'string' && tool_calls.length === 0) return invalid('messages: expected content')
      for (const { id } of tool_calls) open.add(id)
    }
    const format = body.response_format
    if (format && !(format.type === 'json_schema' && /^[\w-]{1,64}$/.test(format.json_schema?.name))) {
      return invalid('response_format: Missing required parameter')
    }
    return null
  },

  isStreamed: ({ body }) => body.stream === true,

  understand({ path, body }) {
    const [system, ...others] = body.messages
    const names = new Map<string, string>()
    const turns: { role: string; parts: string[] }[] = []
    for (const { role, content, tool_calls = [], tool_call_id } of others) {
      for (const call of tool_calls) names.set(call.id, call.function.name)
      const output = role === 'tool' ? JSON.parse(content) : null
      const isError = output?.error !== undefined
      const parts =
        role === 'tool'
          ? [`${names.get(tool_call_id)}=${JSON.stringify(isError ? output : { output })}`]
          : [
              ...(content === null ? [] : [content]),
              ...tool_calls.map((call: any) => `${call.function.name}(${call.function.arguments})`),
            ]
      const last = turns.at(-1)
      if (role === 'tool' && last?.role === 'user') last.parts.push(...parts)
      else turns.push({ role: role === 'tool' ? 'user' : role, parts })
    }
    return {
      path,
      system: system.content,
      turns,
      tools: (body.tools ?? []).map((tool: any) => ({ name: tool.function.name, schema: tool.function.parameters })),
      schema: body.response_format?.json_schema.schema ?? null,
      maximumOutputTokens: body.max_completion_tokens,
    }
  },

  whole: (answer) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.toolRequests.length > 0 && answer.text === '' ? null : answer.text,
          refusal: answer.finish === 'blocked' ? 'I can not help with that.' : null,
          ...(answer.toolRequests.length === 0 ? {} : { tool_calls: callsOf(answer) }),
        },
        finish_reason: finishReasons[answer.finish],
      },
    ],
    ...(answer.usage ? { usage: usageOf(answer.usage) } : {}),
  }),

  events(answer) {
    const deltas = [
      { role: 'assistant', content: '' },
      ...(answer.finish === 'blocked' ? [{ refusal: 'I can not help with that.' }] : []),
      ...piecesOf(answer.text).map((content) => ({ content })),
      ...callsOf(answer).flatMap((call, index) => [
        { tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] },
        ...piecesOf(call.function.arguments).map((piece) => ({
          tool_calls: [{ index, function: { arguments: piece } }],
        })),
      ]),
    ]
    const chunk = (choices: object[], usage: object | null = null) => ({
      data: JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', choices, usage }),
    })
    return [
      ...deltas.map((delta) => chunk([{ index: 0, delta, finish_reason: null }])),
      chunk([{ index: 0, delta: {}, finish_reason: finishReasons[answer.finish] }]),
      ...(answer.usage ? [chunk([], usageOf(answer.usage))] : []),
      { data: '[DONE]' },
    ]
  },

  failure: { data: JSON.stringify({ error: { message: 'The server had an error', type: 'server_error' } }) },
  errorBody(status, message) {
    const type = status === 429 ? 'tokens' : 'invalid_request_error'
    return { error: { message, type, param: null, code: status === 429 ? 'rate_limit_exceeded' : null } }
  },
}

function callsOf({ toolRequests }: ProviderAnswer) {
  return toolRequests.map(({ id, name, input }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }))
}

function usageOf({ input, cachedInput, output, thinking }: TokenUsage) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cachedInput, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: thinking, audio_tokens: 0 },
  }
}

function invalid(message: string) {
  return { status: 400, message }
}

/** Starts a stand-in of OpenAI, which takes the key `good-token`. */
export function startOpenAi(): Promise<ModelProvider> {
  return startModelProvider(openAi)
}
