import * as v from 'valibot'
import { eventType, taskType } from '#shared/domain/messaging.ts'
import type { Sql } from '#shared/domain/sql.ts'
import type { Context, Service } from '#shared/runtime/declarations.ts'
import { defineEvent, defineTask } from '#shared/runtime/declarations.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'

const Payload = v.object({ number: v.number(), text: v.string() })
type Payload = v.InferOutput<typeof Payload>

export const noted = eventType('documents', 'bench.noted', Payload)
/** One on each of two queues. */
export const noteTasks = [
  taskType('priority', 'bench-note-soon', Payload),
  taskType('default', 'bench-note-later', Payload),
] as const

/** What every message carries, so that it has the size of those of the product. */
export function payloadOf(number: number): Payload {
  return { number, text: 'x'.repeat(300) }
}

/** The effect of a message, the same with and without the machinery. */
export async function writeEffect(sql: Sql, orgId: string, { number, text }: Payload): Promise<void> {
  await sql`insert into bench_effects (org_id, number, text) values (${orgId}, ${number}, ${text})`
}

/** What a request writes in the transaction that sends a message, the same with and without the machinery. */
export async function writeCause(sql: Sql, orgId: string, number: number): Promise<void> {
  await sql`insert into bench_causes (org_id, number) values (${orgId}, ${number})`
}

/** The functions that do the messages' work, declared like those of the product. */
export function noteFunctions(onHandled: (number: number) => void): DiscoveredFunction[] {
  const run = async ({ sql, principal }: Context<Service>, payload: Payload) => {
    onHandled(payload.number)
    await writeEffect(sql, principal.orgId, payload)
  }
  const handler = async () => ({ run })
  const tasks = noteTasks.map((task) => defineTask({ task, summary: 'Write a note', handler }))
  return [
    ...tasks.map((declaration) => ({ name: declaration.task.name, folder: '', declaration })),
    { name: 'bench-note-event', folder: '', declaration: defineEvent({ on: noted, summary: 'Write a note', handler }) },
  ]
}
