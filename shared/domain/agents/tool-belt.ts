import * as v from 'valibot'
import { AppError } from '../errors.ts'
import { newId } from '../ids.ts'
import { storableJson, storableText } from '../plain-text.ts'
import type { Json } from '../sql.ts'
import type { Lord } from './lords.ts'
import { type Effect, type Tool, type ToolCall, type ToolContext, ToolRefusal } from './tools.ts'

/** More of an input or output is not written down, in characters of JSON. */
const loggedCharacters = 16_000

export interface ToolBeltOptions {
  tools: ReadonlyMap<string, Tool>
  lord: Lord
  context: ToolContext
  /** Whether the step works on text from outside that nobody has approved. */
  needsApproval(): boolean
  /** Told when a tool gave text from outside. */
  taint(): void
  /** Writes down a call that reaches outside, before it does. */
  note(call: ToolCall): Promise<void>
  /** Milliseconds, for durations. */
  clock(): number
}

/** The tools of one step: who may use them, what was used, and what is to happen when the step ends. */
export class ToolBelt {
  readonly calls: ToolCall[] = []
  readonly effects: Effect[] = []
  readonly #options: ToolBeltOptions

  constructor(options: ToolBeltOptions) {
    this.#options = options
  }

  /** @throws ToolRefusal, and whatever the tool throws; both are written down */
  async use(name: string, input: Json): Promise<Json> {
    const { clock, context } = this.#options
    const startedAt = clock()
    const call: ToolCall = {
      id: newId(),
      tool: storableText(name.slice(0, 100)),
      input: logged(input),
      output: null,
      status: 'started',
      error: null,
      milliseconds: 0,
    }
    try {
      const tool = this.#admit(name)
      // Only what was admitted counts against the limit of what is written down too.
      this.calls.push(call)
      const valid = parse(tool, input)
      if (tool.kind === 'outbound') await this.#options.note(call)
      const { output, effect } = await tool.call(context, valid)
      if (tool.untrusted) this.#options.taint()
      if (effect) this.effects.push(effect)
      Object.assign(call, { status: 'done', output: logged(output) })
      return output
    } catch (error) {
      if (!this.calls.includes(call) && this.calls.length < this.#limit) this.calls.push(call)
      Object.assign(call, { status: error instanceof ToolRefusal ? 'refused' : 'failed', error: shown(error) })
      throw error
    } finally {
      call.milliseconds = Math.round(clock() - startedAt)
    }
  }

  get #limit(): number {
    return this.#options.lord.limits.toolCalls
  }

  #admit(name: string): Tool {
    const { tools, lord, needsApproval } = this.#options
    if (this.calls.length >= this.#limit) {
      throw new ToolRefusal('TOO_MANY_CALLS', `${lord.name} may use tools ${this.#limit} times in a step`)
    }
    const tool = tools.get(name)
    if (!tool) throw new ToolRefusal('UNKNOWN_TOOL', 'There is no such tool')
    if (!lord.tools.includes(name)) throw new ToolRefusal('NOT_ALLOWED', `${lord.name} may not use ${name}`)
    if (tool.kind !== 'reading' && needsApproval()) {
      throw new ToolRefusal('APPROVAL_REQUIRED', `${name} needs an approval, since the run has read text from outside`)
    }
    return tool
  }
}

function parse(tool: Tool, input: Json): unknown {
  const result = v.safeParse(tool.input, input)
  if (result.success) return result.output
  const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'input'}: ${issue.message}`)
  throw new ToolRefusal('INVALID_INPUT', problems.join('; ').slice(0, 1000))
}

function logged(value: Json): Json {
  const storable = storableJson(value) as Json
  const json = JSON.stringify(storable) ?? 'null'
  return json.length <= loggedCharacters ? storable : { cut: json.slice(0, 1000), characters: json.length }
}

function shown(error: unknown): { code: string; message: string } {
  if (!(error instanceof ToolRefusal) && !(error instanceof AppError)) {
    return { code: 'INTERNAL', message: 'The tool failed' }
  }
  // It may name what it refuses, in the model's words.
  return { code: error.code, message: storableText(error.message) }
}
