import type { Sql } from '../sql.ts'
import { type Tlp, tlpUpTo } from '../tlp.ts'
import type { RuleKind } from './schemas.ts'

/** Characters of one file of rules; what doesn't fit any more is left out and said to be. */
const maximumCharacters = 20_000_000

interface ServedRule {
  id: string
  content: string
  yara_names: string[]
}

/**
 * All active rules of a kind in the workspace that may be shared up to a TLP level, as one file for their tool.
 *
 * Sigma: YAML documents. YARA: one rule of each name, modules imported once. Suricata: one rule of each sid.
 */
export async function serveRules(
  sql: Sql,
  filter: { workspaceId: string | null; kind: RuleKind; maximumTlp: Tlp },
): Promise<string> {
  const rules = await sql<ServedRule[]>`
    select id, content, yara_names from (
      select id, content, yara_names, sum(length(content)) over (order by id) as characters from detection_rules
      where workspace_id = ${filter.workspaceId} and kind = ${filter.kind} and status = 'active'
        and tlp in ${sql(tlpUpTo(filter.maximumTlp))}
    ) rules
    where characters <= ${maximumCharacters}
    order by id`
  return joiners[filter.kind](rules)
}

const joiners: Readonly<Record<RuleKind, (rules: readonly ServedRule[]) => string>> = {
  sigma: joinSigma,
  yara: joinYara,
  suricata: joinSuricata,
}

const ended = (text: string) => (text.endsWith('\n') ? text : `${text}\n`)

function joinSigma(rules: readonly ServedRule[]): string {
  return rules.map(({ content }) => `---\n${ended(content).replace(/^---[^\S\n]*\n/, '')}`).join('')
}

/** YARA refuses a file with two rules of one name: what comes later is left out whole. Imports may stand anywhere. */
function joinYara(rules: readonly ServedRule[]): string {
  const names = new Set<string>()
  const parts: string[] = []
  for (const { content, yara_names: own } of rules) {
    if (own.some((name) => names.has(name))) continue
    for (const name of own) names.add(name)
    parts.push(ended(content))
  }
  return parts.join('\n')
}

/** Suricata refuses a second rule with the sid of another; where reports share an indicator, so do their rules. */
function joinSuricata(rules: readonly ServedRule[]): string {
  const ids = new Set<string>()
  const isFirst = (line: string) => {
    const id = line.startsWith('#') ? undefined : /[;(\s]sid\s*:\s*(\d+)\s*;/.exec(line)?.[1]
    if (id === undefined) return true
    const isNew = !ids.has(id)
    ids.add(id)
    return isNew
  }
  // A rule on several lines would lose only one of them.
  const lines = (content: string) => ended(content.replaceAll(/\\[^\S\n]*\n/g, '')).split('\n')
  return rules.map(({ content }) => ended(lines(content).filter(isFirst).join('\n'))).join('\n')
}

/** The hashes of a list that rules name as a file, one a line, or null when there is no such list. */
export function hashListIn(rules: string, name: string): string | null {
  const lines = rules.split('\n')
  const start = lines.indexOf(`# list ${name}`)
  if (start < 0) return null
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => !line.startsWith('# hash '))
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .map((line) => `${line.slice('# hash '.length)}\n`)
    .join('')
}
