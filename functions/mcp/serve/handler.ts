import { AppError } from '#shared/domain/errors.ts'
import { answerMessage, type McpAnswer } from '#shared/mcp/answer-message.ts'
import { createToolbox, type ToolUse } from '#shared/mcp/toolbox.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import { redact } from '#shared/runtime/redact.ts'
import type route from './function.ts'

interface Exchange {
  answer: McpAnswer
  uses: readonly ToolUse[]
}

/** Reads, in transactions that can do nothing else. */
export const prepare: PrepareRoute<typeof route, Exchange> = async (context, { headers, body }) => {
  const { config, principal, requestId, read, log } = context
  assertOrigin(headers.origin, [...config.CORS_ORIGINS, new URL(config.PUBLIC_URL).origin])
  const toolbox = createToolbox({ workspaceId: principal.workspaceId, requestId, read, log })
  const answer = await answerMessage(body, { url: `${config.PUBLIC_URL}/v1/mcp`, headers, toolbox })
  return { answer, uses: toolbox.uses }
}

/** Writes down what was read: nobody gets an answer that the audit log doesn't know of. */
export const run: RunRoute<typeof route, Exchange> = async ({ audit }, _request, { answer, uses }) => {
  for (const { tool, input, outcome } of uses) {
    audit('mcp.tool_called', { details: { tool, input: redact(input) as typeof input, outcome } })
  }
  return answer
}

/**
 * A page of the web that found a way to this address is none of its clients (DNS rebinding; MCP, Streamable HTTP,
 * security warning). Programs say no origin.
 */
function assertOrigin(origin: string | undefined, allowed: readonly string[]): void {
  if (origin === undefined || allowed.includes(origin)) return
  throw new AppError('PERMISSION_DENIED', 'This origin may not use MCP here; CORS_ORIGINS says which ones may')
}
