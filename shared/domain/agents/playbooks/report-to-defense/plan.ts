import * as v from 'valibot'
import { readCoverage } from '../../../detection/coverage.ts'
import { loadRuleMaterial } from '../../../detection/load-material.ts'
import { toNavigatorLayer } from '../../../detection/navigator.ts'
import { usableIndicators } from '../../../detection/select.ts'
import type { WrittenRule } from '../../../detection/types.ts'
import { writeRules } from '../../../detection/write-rules.ts'
import type { IndicatorType } from '../../../extraction/types.ts'
import type { Json } from '../../../sql.ts'
import type { NodeContext } from '../../playbook.ts'
import type { DocumentEvidence } from '../evidence.ts'
import { Input } from './input.ts'

/** What firewalls, resolvers and scanners can be told to block. */
const blockable = [
  'domain',
  'url',
  'ipv4',
  'ipv6',
  'ipv4-cidr',
  'ipv6-cidr',
  'md5',
  'sha1',
  'sha256',
  'sha512',
] as const

const maximumRules = 40

export interface DefensePlan {
  rules: WrittenRule[]
  left_out_rules: number
  blocklist: Partial<Record<IndicatorType, string[]>>
  navigator_layer: Json
  actions: { priority: number; action: string; why: string }[]
}

/** Plans the defense: rules, what to block, the ATT&CK layer, and what to do first. */
export async function plan({ state, run, now, read, readUntrusted }: NodeContext): Promise<Json> {
  const input = v.parse(Input, state.input)
  const { document } = state.outputs.read as unknown as DocumentEvidence
  const audience = input.audience_tlp ?? document.tlp
  const { material, coverage } = await read(async (sql) => ({
    material: await loadRuleMaterial(sql, {
      documentId: document.id,
      maximumTlp: audience,
      minimumConfidence: input.minimum_confidence,
      now,
    }),
    coverage: await readCoverage(sql, { workspaceId: run.workspaceId, maximumTlp: audience, now }),
  }))
  readUntrusted('values and title of the document')
  const named = new Set(material.techniques)
  const own = { ...coverage, techniques: coverage.techniques.filter(({ technique_id }) => named.has(technique_id)) }
  const all = writeRules(material)
  const rules = all.slice(0, maximumRules)
  const blocklist = Object.fromEntries(
    blockable
      .map((type) => [type, usableIndicators(material, [type]).map(({ value }) => value)] as const)
      .filter(([, values]) => values.length > 0),
  )
  const uncovered = own.techniques.filter((technique) => technique.rules === 0)
  return {
    rules,
    left_out_rules: all.length - rules.length,
    blocklist,
    navigator_layer: toNavigatorLayer(own, 'Techniques of the report'),
    actions: actionsOf(blocklist, rules, uncovered),
  } as unknown as Json
}

function actionsOf(
  blocklist: Readonly<Record<string, string[]>>,
  rules: readonly WrittenRule[],
  uncovered: readonly { technique_id: string; name: string }[],
): DefensePlan['actions'] {
  const network = ['domain', 'url', 'ipv4', 'ipv6', 'ipv4-cidr', 'ipv6-cidr'].flatMap((type) => blocklist[type] ?? [])
  const files = ['md5', 'sha1', 'sha256', 'sha512'].flatMap((type) => blocklist[type] ?? [])
  const gaps = uncovered.slice(0, 10).map(({ technique_id, name }) => `${technique_id} ${name}`)
  const actions = [
    network.length > 0 && {
      action: `Block ${network.length} network indicators at the edge and at resolvers`,
      why: 'They are named as indicators of this activity and are still valid.',
    },
    files.length > 0 && {
      action: `Block ${files.length} file hashes on endpoints and mail gateways`,
      why: 'A hash is hardly ever named by accident.',
    },
    rules.length > 0 && {
      action: `Try ${rules.length} detection rules against the last weeks, then activate them`,
      why: 'Rules that were written from indicators find what blocking came too late for.',
    },
    gaps.length > 0 && {
      action: `Write detections for techniques without an active rule: ${gaps.join(', ')}`,
      why: 'Techniques stay when infrastructure changes.',
    },
  ].filter((action) => action !== false)
  return actions.map((action, at) => ({ priority: at + 1, ...action }))
}
