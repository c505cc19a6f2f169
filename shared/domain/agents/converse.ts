import type * as v from 'valibot'
import { AppError } from '../errors.ts'
import type { ModelAnswer, Turn } from '../models/types.ts'
import type { Json } from '../sql.ts'
import type { NodeContext } from './playbook.ts'
import { ToolRefusal } from './tools.ts'

export interface Conversation<Output extends v.GenericSchema> {
  task: string
  system: string
  material: Json
  output: Output
  /** Turns with the model, the last of which must be an answer. */
  maximumTurns: number
}

/**
 * Lets a model use the agent's tools until it answers. Refusals and failures of tools are told to it; what it may do is
 * decided by the tools' belt, never by what it says.
 * @throws AppError CONFLICT when it asks for tools at its last turn too
 */
export async function converse<Output extends v.GenericSchema>(
  context: Pick<NodeContext, 'complete' | 'use' | 'toolSpecifications'>,
  { task, system, material, output, maximumTurns }: Conversation<Output>,
): Promise<ModelAnswer<v.InferOutput<Output>>> {
  const turns: Turn[] = []
  for (let turn = 1; ; turn++) {
    // At its last turn it has no tools to ask for.
    const tools = turn < maximumTurns ? context.toolSpecifications : []
    const answer = await context.complete({ task, system, material, turns, tools, output })
    if (answer.toolRequests.length === 0) return answer as ModelAnswer<v.InferOutput<Output>>
    if (turn >= maximumTurns)
      throw new AppError('CONFLICT', `The model did not come to an end in ${maximumTurns} turns`)
    turns.push({ role: 'assistant', text: answer.text, toolRequests: answer.toolRequests })
    for (const { id, name, input } of answer.toolRequests) {
      turns.push({ role: 'tool', requestId: id, name, ...(await tryTool(context, name, input)) })
    }
  }
}

async function tryTool(
  context: Pick<NodeContext, 'use'>,
  name: string,
  input: Json,
): Promise<{ output: Json; failed: boolean }> {
  try {
    return { output: await context.use(name, input), failed: false }
  } catch (error) {
    if (!(error instanceof ToolRefusal) && !(error instanceof AppError)) throw error
    return { output: { error: error.code, message: error.message }, failed: true }
  }
}
