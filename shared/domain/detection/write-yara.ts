import { createHash } from 'node:crypto'
import type { IndicatorType } from '../extraction/types.ts'
import { keyPath, pathEnd } from './host-values.ts'
import { factsOf, type RuleFacts, usableIndicators } from './select.ts'
import { sights } from './sight.ts'
import { asHarmless, asOneLine, chunksOf, harmlessUrls, isPlainLine } from './texts.ts'
import type { RuleIndicator, RuleMaterial, WrittenRule } from './types.ts'
import { utf16Hex, yaraText } from './yara-text.ts'

/** Hashes of one rule: conditions are compiled into one expression. */
const maximumHashes = 500
/** Rules with hashes of one file. */
const maximumHashRules = 10
const maximumStrings = 500

/** Hashing a file whole costs time; malware is smaller. */
const maximumFileSize = '100MB'

/** A rule before it is given what all rules have. */
interface YaraRule {
  suffix: string
  what: string
  imports: string[]
  strings: string[]
  condition: string
  indicators: RuleIndicator[]
}

/** Only what the module `hash` computes of a whole file, as a report's hashes are. */
const hashFunctions: Partial<Record<IndicatorType, { call: string; digits: number; module: string }>> = {
  md5: { call: 'hash.md5(0, filesize)', digits: 32, module: 'hash' },
  sha1: { call: 'hash.sha1(0, filesize)', digits: 40, module: 'hash' },
  sha256: { call: 'hash.sha256(0, filesize)', digits: 64, module: 'hash' },
  imphash: { call: 'pe.imphash()', digits: 32, module: 'pe' },
}

function hashRules(material: RuleMaterial): YaraRule[] {
  const hashes = usableIndicators(material, ['md5', 'sha1', 'sha256', 'imphash']).filter(
    ({ type, value }) => /^[0-9a-f]+$/i.test(value) && value.length === hashFunctions[type]?.digits,
  )
  return chunksOf(hashes, maximumHashes)
    .slice(0, maximumHashRules)
    .map((chunk, at) => {
      const comparisons = chunk.map(({ type, value }) => `${hashFunctions[type]!.call} == "${value.toLowerCase()}"`)
      return {
        suffix: `files${at === 0 ? '' : `_${at + 1}`}`,
        what: `${chunk.length} reported files, by hash`,
        imports: [...new Set(chunk.map(({ type }) => hashFunctions[type]!.module))],
        strings: [],
        condition: `filesize < ${maximumFileSize} and (\n      ${comparisons.join(' or\n      ')}\n    )`,
        indicators: chunk,
      }
    })
}

/** What to look for in a file for an indicator, or null when that says nothing. */
function stringOf({ type, value }: RuleIndicator): { group: string; text: string } | null {
  if (!isPlainLine(value) || value.length > 1000) return null
  const text = type === 'file-path' ? pathEnd(value)?.text : type === 'registry-key' ? keyPath(value)?.slice(1) : value
  const group = { mutex: 'mutex', 'file-path': 'path', 'registry-key': 'key', 'user-agent': 'agent' }[type as string]
  return text === undefined || group === undefined || text.length < 6 ? null : { group, text }
}

/** A name that is made up for one program is enough alone; of the rest it takes two where there are two. */
function stringRules(material: RuleMaterial): YaraRule[] {
  const found = usableIndicators(material, ['mutex', 'file-path', 'registry-key', 'user-agent'])
    .flatMap((indicator) => {
      const string = stringOf(indicator)
      return string === null ? [] : [{ indicator, ...string }]
    })
    .slice(0, maximumStrings)
  if (found.length === 0) return []
  const strings: string[] = []
  const numbers = new Map<string, number>()
  const values = new Set<string>()
  for (const { group, text } of found) {
    // Written in capitals or not: Windows compares names so. The names of mutexes are compared exactly.
    const key = group === 'mutex' ? text : text.toLowerCase()
    if (values.has(`${group}\n${key}`)) continue
    values.add(`${group}\n${key}`)
    const number = (numbers.get(group) ?? 0) + 1
    numbers.set(group, number)
    const ignoreCase = group === 'mutex' || group === 'agent' ? '' : ' nocase'
    const isAscii = /^[\x20-\x7e]*$/.test(text)
    strings.push(`$${group}_${number} = "${yaraText(text)}" ascii${isAscii ? ' wide' : ''}${isAscii ? ignoreCase : ''}`)
    // `wide` puts a zero behind each byte, which is UTF-16 for ASCII only.
    if (!isAscii) strings.push(`$${group}_${number}w = { ${utf16Hex(text)} }`)
  }
  const others = [...numbers].filter(([group]) => group !== 'mutex')
  const count = others.reduce((sum, [, number]) => sum + number, 0)
  const alternatives = [
    ...(numbers.has('mutex') ? ['any of ($mutex_*)'] : []),
    ...(count > 0 ? [`${Math.min(2, count)} of (${others.map(([group]) => `$${group}_*`).join(', ')})`] : []),
  ]
  return [
    {
      suffix: 'strings',
      what: 'reported mutexes, paths, registry keys and user agents inside a file',
      imports: [],
      strings,
      condition: `filesize < ${maximumFileSize} and (${alternatives.join(' or ')})`,
      indicators: found.map(({ indicator }) => indicator),
    },
  ]
}

/**
 * Writes one file of YARA rules (version 4): files by hash, and files that hold reported names.
 *
 * @returns one rule file, or none when there is nothing that a file can show
 */
export function writeYara(material: RuleMaterial): WrittenRule[] {
  const rules = [...hashRules(material), ...stringRules(material)]
  if (rules.length === 0) return []
  const facts = factsOf(
    material,
    rules.flatMap(({ indicators }) => indicators),
    sights.file,
  )
  const imports = [...new Set(rules.flatMap((rule) => rule.imports))].sort().map((name) => `import "${name}"\n`)
  const texts = rules.map((rule) => ruleText(material, rule, factsOf(material, rule.indicators, sights.file)))
  return [
    {
      kind: 'yara',
      name: `${asOneLine(material.subject, 120) || 'Report'}: files`,
      content: [...(imports.length > 0 ? [imports.join('')] : []), ...texts].join('\n'),
      techniques: facts.techniques,
      tlp: facts.tlp,
      evidenceIds: facts.evidenceIds,
    },
  ]
}

function ruleText(material: RuleMaterial, rule: YaraRule, facts: RuleFacts): string {
  const meta = [
    ['description', `${asOneLine(material.subject, 120) || 'Report'}: ${rule.what}`],
    ['author', 'RaptorFlow ADAPT'],
    ['date', facts.date],
    ['tlp', facts.tlp],
    ...harmlessUrls(material.references).map((url) => ['reference', url]),
    ...facts.techniques.map((technique) => ['mitre_attack', technique]),
  ].map(([key, text]) => `    ${key} = "${yaraText(text!)}"`)
  const name = nameOf(material, rule.suffix)
  const strings = rule.strings.length === 0 ? '' : `  strings:\n${rule.strings.map((line) => `    ${line}\n`).join('')}`
  return `rule ${name}\n{\n  meta:\n${meta.join('\n')}\n    confidence = ${facts.confidence}\n${strings}  condition:\n    ${rule.condition}\n}\n`
}

/** Names of rules are words of at most 128 letters, digits and underscores; two reports may have the same title. */
function nameOf(material: RuleMaterial, suffix: string): string {
  const words = asHarmless(material.subject, 60).replaceAll(/[^A-Za-z0-9]+/g, '_')
  const key = createHash('sha256').update(material.key).digest('hex').slice(0, 8)
  return ['ADAPT', words, key, suffix].filter((part) => part !== '').join('_')
}
