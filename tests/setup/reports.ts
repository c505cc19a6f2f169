import { createHash } from 'node:crypto'
import { replacePassages, toPassages } from '#shared/domain/documents/passages.ts'
import { extractIntelligence } from '#shared/domain/extraction/extract.ts'
import { newId } from '#shared/domain/ids.ts'
import { toFindings } from '#shared/domain/intelligence/findings.ts'
import { listEvidence } from '#shared/domain/intelligence/read.ts'
import { recordExtraction } from '#shared/domain/intelligence/record.ts'
import type { Evidence } from '#shared/domain/intelligence/schemas.ts'
import type { Sql } from '#shared/domain/sql.ts'
import type { Tlp } from '#shared/domain/tlp.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'

/** A document that is ready, as the pipeline leaves it. */
export interface Report {
  documentId: string
  text: string
  /** In order of their place in the text. */
  evidence: Evidence[]
}

/** One workspace to write in, the first unless another is named, and ways to put reports into it without the pipeline. */
export async function createDesk(database: Database, orgId: string, inWorkspace?: string) {
  const scope = { ...nobody, orgId, workspaceId: 'any' }
  const [workspace] = await database.transaction(
    scope,
    (sql) => sql<{ id: string }[]>`select id from workspaces where org_id = ${orgId} order by id limit 1`,
  )
  const workspaceId = inWorkspace ?? workspace!.id
  const inside = { ...nobody, orgId, workspaceId }
  const run = <Result>(work: (sql: Sql) => Promise<Result>) => database.transaction(inside, work)

  return {
    orgId,
    workspaceId,
    /** Runs something as someone who works in this workspace. */
    run,
    async report(
      text: string,
      options: { tlp?: Tlp; title?: string; createdAt?: string; documentId?: string } = {},
    ): Promise<Report> {
      const { tlp = 'GREEN', title = 'Report', createdAt = new Date().toISOString(), documentId = newId() } = options
      const whole = { text, pages: [], title: null }
      return run(async (sql) => {
        await sql`
          insert into documents (id, org_id, workspace_id, file_name, content_type, declared_size_bytes, title, tlp,
            tlp_declared, status, object_key, sha256, character_count, created_at)
          values (${documentId}, ${orgId}, ${workspaceId}, 'report.txt', 'text/plain', ${text.length}, ${title}, ${tlp}, true,
            'ready', ${`${orgId}/${documentId}`}, ${createHash('sha256').update(documentId).digest('hex')}, ${text.length},
            ${createdAt})`
        const document = { id: documentId, org_id: orgId, workspace_id: workspaceId, tlp, created_at: createdAt }
        await replacePassages(sql, document, toPassages(whole))
        await recordExtraction(
          sql,
          { ...document, file_name: '', content_type: '', tlp_declared: true, declared_size_bytes: 0, object_key: '' },
          toFindings(text, extractIntelligence(whole)),
        )
        const page = { size: 1000, before: null }
        const evidence = await listEvidence(sql, { documentId, indicatorId: null, entityId: null }, page)
        return { documentId, text, evidence: evidence.sort((a, b) => a.start - b.start) }
      })
    },
  }
}
