import { serviceScope } from '#shared/runtime/contexts.ts'
import type { ExampleWorld } from '#shared/runtime/examples.ts'
import type { Services } from '#shared/runtime/services.ts'
import { call } from '../setup/product.ts'

/** Makes runs that have come as far as an example wants. */
export function createRuns(
  url: string,
  services: Services,
  orgId: string,
  token: string,
): Pick<ExampleWorld, 'newRun'> {
  return {
    async newRun(status = 'queued') {
      const answer = await call(url, 'POST', '/v1/agent-runs', {
        token,
        body: { playbook: 'coverage-gaps', input: {} },
      })
      if (answer.status !== 201) throw new Error(`beginning a run: ${answer.status} ${JSON.stringify(answer.body)}`)
      const { id } = answer.body as { id: string }
      if (status === 'cancelled') await call(url, 'POST', `/v1/agent-runs/${id}/cancel`, { token })
      if (status === 'waiting_approval') {
        await services.database.transaction(serviceScope(orgId, null), async (sql) => {
          await sql`update agent_runs set playbook = 'report-to-defense', status = ${status} where id = ${id}`
          await sql`
            insert into agent_run_steps (org_id, workspace_id, run_id, node, iteration, status)
            select org_id, workspace_id, id, 'approval', 0, 'waiting' from agent_runs where id = ${id}`
        })
      }
      return id
    },
  }
}
