import * as v from 'valibot'
import { indicatorsKept, requireRoom } from '../../billing/entitlements/require.ts'
import { readText } from '../../documents/passages.ts'
import { AppError, notFound } from '../../errors.ts'
import { findIndicators } from '../../extraction/indicators.ts'
import { Id } from '../../ids.ts'
import { type Subject, toFindings } from '../../intelligence/findings.ts'
import { addEvidence, byAgent, type EvidencedDocument } from '../../intelligence/record.ts'
import type { Sql } from '../../sql.ts'
import { defineTool, ToolRefusal } from '../tools.ts'

const offset = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 31 - 1))
/** No indicator is written longer. */
const maximumCharacters = 2000

/** @param lock keeps it from being processed or deleted until the transaction ends */
async function readDocument(sql: Sql, id: string, lock: boolean): Promise<EvidencedDocument> {
  const [document] = await sql<(EvidencedDocument & { status: string })[]>`
    select id, org_id, workspace_id, tlp, created_at, status from documents
    where id = ${id} ${lock ? sql`for no key update` : sql``}`
  if (!document) throw notFound('Document')
  if (document.status !== 'ready') throw new AppError('CONFLICT', `The document is ${document.status}`)
  return document
}

/** Whether the organization has an indicator already: more evidence of it takes no room. */
async function isKnown(sql: Sql, orgId: string, { type, value_sha256 }: IndicatorSubject): Promise<boolean> {
  const rows = await sql`
    select 1 from indicators
    where org_id = ${orgId} and type = ${type} and value_sha256 = decode(${value_sha256}, 'hex')`
  return rows.length > 0
}
type IndicatorSubject = Extract<Subject, { kind: 'indicator' }>

/** There is no indicator without evidence, so what an agent adds is a place in a document where one stands. */
export const writeIndicatorTool = defineTool({
  name: 'write_indicator',
  description:
    'Adds an indicator that stands at a place of a document (offsets in UTF-16 code units), as a new one or as further evidence of one that is known.',
  kind: 'changing',
  untrusted: false,
  input: v.strictObject({ document_id: Id, start: offset, end: offset }),
  async call({ read }, { document_id, start, end }) {
    if (end <= start || end - start > maximumCharacters) {
      throw new ToolRefusal('INVALID_INPUT', `end must come after start, by ${maximumCharacters} characters at most`)
    }
    const { text, pages } = await read(async (sql) => {
      await readDocument(sql, document_id, false)
      return readText(sql, document_id)
    })
    const [mention, ...others] = findIndicators(text.slice(start, end))
    const isWhole = mention && others.length === 0 && mention.start === 0 && mention.end === end - start
    if (!isWhole) throw new ToolRefusal('INVALID_INPUT', 'No indicator stands exactly there')
    if (mention.suppressed) throw new ToolRefusal('INVALID_INPUT', `It is held back: ${mention.suppressed.reason}`)
    const page = pages.find((one) => one.start <= start && start < one.end)?.number ?? null
    const indicators = [{ ...mention, start, end, page }]
    const nothing = { techniques: [], actors: [], software: [], vulnerabilities: [] }
    const { subjects, findings } = toFindings(text, { indicators, ...nothing })
    const found = { subjects, findings: findings.map((finding) => ({ ...finding, how: byAgent })) }
    const { type, value } = mention
    return {
      output: { type, value },
      effect: async ({ sql, now, config, audit }) => {
        const document = await readDocument(sql, document_id, true)
        const [subject] = subjects.filter((one) => one.kind === 'indicator')
        const known = subject !== undefined && (await isKnown(sql, document.org_id, subject))
        await addEvidence(sql, document, found)
        if (!known) {
          // After it, since it locks the organization's evidence.
          const asked = { orgId: document.org_id, at: now, defaultPlanId: config.DEFAULT_PLAN }
          await requireRoom(sql, { ...asked, feature: 'indicators', count: indicatorsKept(sql, document.org_id) })
        }
        audit('indicator.added', { targetId: document_id, details: { type, value, start, end } })
      },
    }
  },
})
