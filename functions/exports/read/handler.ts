import { readExport } from '#shared/domain/exports/exports.ts'
import type { PrepareRoute, ReplyOf, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const downloadSeconds = 3600

type Reply = ReplyOf<typeof route>

export const prepare: PrepareRoute<typeof route, Reply> = async ({ read, objects }, { params }) => {
  const { object_key, ...row } = await read((sql) => readExport(sql, params.export_id))
  if (row.status !== 'ready') return { status: 200, body: { ...row, download_url: null } }
  const { url } = await objects.sign('exports', object_key, {
    method: 'GET',
    expiresInSeconds: downloadSeconds,
    downloadName: `intelligence-${row.id}.${row.format === 'stix' ? 'json' : 'csv'}`,
  })
  return { status: 200, body: { ...row, download_url: url } }
}

export const run: RunRoute<typeof route, Reply> = async (_context, _request, reply) => reply
