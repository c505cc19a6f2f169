import { parseArgs } from 'node:util'
import { ApiError } from '../api-client.ts'
import { connect } from '../sign-in.ts'
import { followRun } from '../watch-run.ts'

export const summary = 'Approve or reject what a run of the council waits for'
export const usage = `approve RUN [--node NAME] [--reject] [--comment TEXT] [--json]

Decides on a run's approval (the node "approval" unless another is named) and follows the run to its end. What is to be
decided on is shown by: npm run adapt -- run … --watch, or GET /v1/agent-runs/RUN. Exits with 1 when the run failed or
was rejected.`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      node: { type: 'string', default: 'approval' },
      reject: { type: 'boolean' },
      comment: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const [id] = positionals
  if (id === undefined) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  try {
    const client = await connect()
    await client.request('POST', `/v1/agent-runs/${id}/decisions`, {
      node: values.node,
      decision: values.reject ? 'reject' : 'approve',
      ...(values.comment === undefined ? {} : { comment: values.comment }),
    })
    return await followRun(client, id, values.json === true)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    console.error(`${error.code}: ${error.message}`)
    return 1
  }
}
