import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Rebuilds the built-in ATT&CK catalogue from a facts file of ids and names.
 *
 * Usage: node scripts/build-attack-catalogue.ts FACTS.json
 */
interface Facts {
  source: string
  tactics: { id: string; name: string; shortname: string }[]
  techniques: { id: string; name: string; tactics: string[] }[]
  groups: { id: string; name: string; aliases: string[] }[]
  software: { id: string; name: string; type: 'malware' | 'tool'; aliases: string[] }[]
}

const target = new URL('../shared/domain/attack/data/enterprise.json', import.meta.url)

function rows(items: unknown[][]): string {
  return `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]`
}

function build(facts: Facts): string {
  const version = /v\d+(?:\.\d+)? line/.exec(facts.source)?.[0]
  if (version === undefined) throw new Error('the facts file does not name its ATT&CK version line')
  const tacticIndex = new Map(facts.tactics.map((tactic, index) => [tactic.shortname, index]))
  const tacticNumbers = (shortnames: string[]) =>
    shortnames.map((shortname) => {
      const index = tacticIndex.get(shortname)
      if (index === undefined) throw new Error(`unknown tactic ${shortname}`)
      return index
    })
  const fields = [
    `"version": ${JSON.stringify(`MITRE ATT&CK Enterprise, ${version}`)}`,
    `"attribution": "© The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation."`,
    `"tactics": ${rows(facts.tactics.map((t) => [t.id, t.name, t.shortname]))}`,
    `"techniques": ${rows(facts.techniques.map((t) => [t.id, t.name, tacticNumbers(t.tactics)]))}`,
    `"groups": ${rows(facts.groups.map((g) => [g.id, g.name, g.aliases]))}`,
    `"software": ${rows(facts.software.map((s) => [s.id, s.name, s.type === 'tool' ? 1 : 0, s.aliases]))}`,
  ]
  return `{\n${fields.join(',\n')}\n}\n`
}

const source = process.argv[2]
if (source === undefined) {
  console.error('usage: node scripts/build-attack-catalogue.ts FACTS.json')
  process.exitCode = 2
} else {
  writeFileSync(target, build(JSON.parse(readFileSync(source, 'utf8')) as Facts))
}
