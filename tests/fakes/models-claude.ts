import type { TokenUsage } from '#shared/domain/models/types.ts'
import {
  type Dialect,
  type ModelProvider,
  type ProviderAnswer,
  piecesOf,
  startModelProvider,
} from './model-provider.ts'

const path =
  /^\/v1\/projects\/acme\/locations\/[a-z0-9-]+\/publishers\/anthropic\/models\/[a-z0-9-]+(?:@\d{8})?:(rawPredict|streamRawPredict)$/

const stopReasons = {
  stop: 'end_turn',
  tools: 'tool_use',
  length: 'max_tokens',
  safety: 'refusal',
  blocked: 'refusal',
  'unheard of': 'grew_tired',
}

/** Claude on Vertex AI, as Anthropic describes its Messages API and the differences there. */
const claude: Dialect = {
  lineEnd: '\n',

  check({ path: given, headers, body }) {
    if (headers.authorization !== 'Bearer good-token')
      return { status: 401, message: 'Request had invalid credentials.' }
    if (!path.test(given)) return { status: 404, message: 'Not Found' }
    if (body.anthropic_version !== 'vertex-2023-10-16') return invalid('anthropic_version: Field required')
    if ('model' in body) return invalid('model: Extra inputs are not permitted')
    if (!Number.isInteger(body.max_tokens)) return invalid('max_tokens: Field required')
    if (given.endsWith(':streamRawPredict') !== (body.stream === true)) return invalid('stream does not fit the method')
    for (const [at, { role, content }] of body.messages.entries()) {
      if (role !== (at % 2 === 0 ? 'user' : 'assistant')) return invalid('messages: roles must alternate')
      if (content.some(({ type, text }: any) => type === 'text' && text === '')) {
        return invalid('messages: text content blocks must be non-empty')
      }
      const calls = (body.messages[at - 1]?.content ?? []).filter(({ type }: any) => type === 'tool_use')
      const results = content.filter(({ type }: any) => type === 'tool_result')
      if (calls.map(({ id }: any) => id).join() !== results.map((one: any) => one.tool_use_id).join()) {
        return invalid('`tool_use` ids were found without `tool_result` blocks immediately after')
      }
    }
    if (body.tools?.some((tool: any) => tool.input_schema?.type !== 'object')) return invalid('tools: input_schema')
    return null
  },

  isStreamed: ({ path: given }) => given.endsWith(':streamRawPredict'),

  understand({ path: given, body }) {
    const isForced = body.tool_choice?.type === 'tool'
    const names = new Map<string, string>()
    for (const { content } of body.messages)
      for (const { type, id, name } of content) if (type === 'tool_use') names.set(id, name)
    return {
      path: given,
      system: body.system,
      turns: body.messages.map(({ role, content }: any) => ({
        role,
        parts: content.map((block: any) => {
          if (block.type === 'tool_use') return `${block.name}(${JSON.stringify(block.input)})`
          if (block.type !== 'tool_result') return block.text
          const output = JSON.parse(block.content)
          return `${names.get(block.tool_use_id)}=${JSON.stringify(block.is_error ? { error: output } : { output })}`
        }),
      })),
      tools: isForced ? [] : (body.tools ?? []).map(({ name, input_schema }: any) => ({ name, schema: input_schema })),
      schema: isForced ? body.tools[0].input_schema : null,
      maximumOutputTokens: body.max_tokens,
    }
  },

  whole(given, { body }) {
    const answer = throughTool(given, body)
    return {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [
        ...(answer.text === '' ? [] : [{ type: 'text', text: answer.text }]),
        ...answer.toolRequests.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
      ],
      stop_reason: stopReasons[answer.finish],
      stop_sequence: null,
      ...(answer.usage ? { usage: usageOf(answer.usage) } : {}),
    }
  },

  events(given, { body }) {
    const answer = throughTool(given, body)
    const { usage } = answer
    const blocks = [
      ...(answer.text === '' ? [] : [textBlock(answer.text)]),
      ...answer.toolRequests.map((request) => toolBlock(request)),
    ]
    const list: object[] = [
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          content: [],
          stop_reason: null,
          ...(usage ? { usage: { ...usageOf(usage), output_tokens: 1 } } : {}),
        },
      },
      { type: 'ping' },
      ...blocks.flatMap(({ start, deltas }, index) => [
        { type: 'content_block_start', index, content_block: start },
        ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      ]),
      { type: 'something_new' },
      {
        type: 'message_delta',
        delta: { stop_reason: stopReasons[answer.finish], stop_sequence: null },
        ...(usage ? { usage: { output_tokens: usage.output } } : {}),
      },
      { type: 'message_stop' },
    ]
    return list.map((event) => ({ event: (event as { type: string }).type, data: JSON.stringify(event) }))
  },

  failure: {
    event: 'error',
    data: JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  },
  errorBody(status, message) {
    const type = status === 429 ? 'rate_limit_error' : status === 529 ? 'overloaded_error' : 'invalid_request_error'
    return { type: 'error', error: { type, message } }
  },
}

/** Made to answer through a function, the model gives its JSON as that function's input. */
function throughTool(answer: ProviderAnswer, { tool_choice: choice }: any): ProviderAnswer {
  if (choice?.type !== 'tool' || answer.finish !== 'stop') return answer
  const input = JSON.parse(answer.text)
  return { ...answer, text: '', finish: 'tools', toolRequests: [{ id: 'toolu_0', name: choice.name, input }] }
}

function textBlock(text: string) {
  const deltas = piecesOf(text).map((piece) => ({ type: 'text_delta', text: piece }))
  return { start: { type: 'text', text: '' }, deltas }
}

function toolBlock({ id, name, input }: ProviderAnswer['toolRequests'][number]) {
  const deltas = ['', ...piecesOf(JSON.stringify(input))].map((piece) => ({
    type: 'input_json_delta',
    partial_json: piece,
  }))
  return { start: { type: 'tool_use', id, name, input: {} }, deltas }
}

function usageOf({ input, cachedInput, output }: TokenUsage) {
  return {
    input_tokens: input - cachedInput,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedInput,
    output_tokens: output,
  }
}

function invalid(message: string) {
  return { status: 400, message }
}

/** Starts a stand-in of Claude on Vertex AI for the project `acme`, which takes the token `good-token`. */
export function startClaude(): Promise<ModelProvider> {
  return startModelProvider(claude)
}
