import { v5 } from 'uuid'
import { Document, Scalar } from 'yaml'
import { techniqueById } from '../attack/catalogue.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { isHostName } from '../indicators/host-name.ts'
import { readEndpoint } from '../stix/values.ts'
import { isEverybodysHost, keyPath, pathEnd } from './host-values.ts'
import { factsOf, usableIndicators } from './select.ts'
import { type Sight, sights } from './sight.ts'
import { asOneLine, harmlessUrls, isPlainLine, techniqueUrl } from './texts.ts'
import type { RuleIndicator, RuleMaterial, WrittenRule } from './types.ts'

/** Made once: the ids of all Sigma rules that are written here hang on it. */
const ruleNamespace = 'c3a3f2f0-9f0e-4f0c-8f5b-6d6a51f4a2b7'

/** Values of one rule and their characters; products have limits on the length of a query. */
const maximumValues = 500
const maximumCharacters = 60_000

type Values = Record<string, (string | number)[]>
/** Named searches; a list of maps is an alternative of several fields that must all match. */
type Searches = Record<string, Values | Record<string, string | number>[]>

/** How indicators become one rule for one log source (Sigma 2.1, taxonomy appendix). */
interface LogRule {
  key: string
  what: string
  types: readonly IndicatorType[]
  logsource: Readonly<Record<string, string>>
  sight: Sight
  level: 'medium' | 'high'
  falsePositives: readonly string[]
  /** Which indicators the rule holds, and the searches for them. */
  search: (indicators: readonly RuleIndicator[]) => { used: RuleIndicator[]; searches: Searches }
}

const changedHands = 'Infrastructure that has changed hands since it was reported'
const research = 'Research into the reported activity'

const logRules: readonly LogRule[] = [
  {
    key: 'dns',
    what: 'DNS queries for reported domains',
    types: ['domain', 'onion', 'i2p'],
    logsource: { category: 'dns' },
    sight: sights.dns,
    level: 'medium',
    falsePositives: [changedHands, research],
    search: (indicators) => {
      const used = indicators.filter(({ value }) => isHostName(value) && !isEverybodysHost(value))
      return { used, searches: hostSearches('query', used) }
    },
  },
  {
    key: 'proxy',
    what: 'web requests to reported hosts, URLs or by reported user agents',
    types: ['domain', 'url', 'user-agent'],
    logsource: { category: 'proxy' },
    sight: sights.proxy,
    level: 'medium',
    falsePositives: [changedHands, research],
    search: (indicators) => {
      const hosts = indicators.filter(
        ({ type, value }) => type === 'domain' && isHostName(value) && !isEverybodysHost(value),
      )
      const urls = indicators.filter(({ type, value }) => type === 'url' && /^https?:\/\/./i.test(value))
      const agents = indicators.filter(({ type, value }) => type === 'user-agent' && value.length >= 8)
      const searches = hostSearches('cs-host', hosts)
      // Some proxies log the scheme, some don't.
      if (urls.length > 0) {
        searches.selection_url = { 'c-uri|contains': urls.map(({ value }) => value.replace(/^https?:\/\//i, '')) }
      }
      if (agents.length > 0) searches.selection_agent = { 'c-useragent': agents.map(({ value }) => value) }
      return { used: [...hosts, ...urls, ...agents], searches }
    },
  },
  {
    key: 'firewall',
    what: 'connections to reported addresses',
    types: ['ipv4', 'ipv6', 'ipv4-cidr', 'ipv6-cidr', 'ipv4-port', 'ipv6-port'],
    logsource: { category: 'firewall' },
    sight: sights.firewall,
    level: 'medium',
    falsePositives: [changedHands, 'Other services at a shared address'],
    search: addressSearches,
  },
  {
    key: 'process',
    what: 'reported files that are run',
    types: ['md5', 'sha1', 'sha256', 'imphash'],
    logsource: { category: 'process_creation', product: 'windows' },
    sight: sights.process,
    level: 'high',
    falsePositives: [research],
    search: (indicators) => {
      const values = indicators.map(({ type, value }) => `${type.toUpperCase()}=${value.toUpperCase()}`)
      return { used: [...indicators], searches: { selection: { 'Hashes|contains': values } } }
    },
  },
  ...(['windows', 'linux'] as const).map(
    (product): LogRule => ({
      key: `file-${product}`,
      what: 'reported files that are written',
      types: ['file-path'],
      logsource: { category: 'file_event', product },
      sight: sights.file,
      level: 'medium',
      falsePositives: ['Other software with files of the same name'],
      search: (indicators) => fileSearches(indicators, product),
    }),
  ),
  {
    key: 'registry',
    what: 'reported registry keys that are written',
    types: ['registry-key'],
    logsource: { category: 'registry_event', product: 'windows' },
    sight: sights.registry,
    level: 'medium',
    falsePositives: ['Other software that writes the same keys'],
    search: (indicators) => {
      const used = indicators.filter(({ value }) => keyPath(value) !== null)
      const values = used.flatMap(({ value }) => keyPath(value) ?? [])
      return { used, searches: values.length > 0 ? { selection: { 'TargetObject|contains': values } } : {} }
    },
  },
]

function hostSearches(field: string, hosts: readonly RuleIndicator[]): Searches {
  if (hosts.length === 0) return {}
  return {
    selection_host: { [field]: hosts.map(({ value }) => value) },
    selection_subdomain: { [`${field}|endswith`]: hosts.map(({ value }) => `.${value}`) },
  }
}

function addressSearches(indicators: readonly RuleIndicator[]): { used: RuleIndicator[]; searches: Searches } {
  const searches: Searches = {}
  const addresses = indicators.filter(({ type }) => type === 'ipv4' || type === 'ipv6')
  const networks = indicators.filter(({ type }) => type.endsWith('-cidr'))
  const endpoints = indicators.filter(({ type, value }) => type.endsWith('-port') && readEndpoint(value) !== null)
  if (addresses.length > 0) searches.selection_address = { dst_ip: addresses.map(({ value }) => value) }
  if (networks.length > 0) searches.selection_network = { 'dst_ip|cidr': networks.map(({ value }) => value) }
  if (endpoints.length > 0) {
    searches.selection_port = endpoints.map(({ value }) => {
      const { address, port } = readEndpoint(value)!
      return { dst_ip: address, dst_port: port }
    })
  }
  return { used: [...addresses, ...networks, ...endpoints], searches }
}

function fileSearches(
  indicators: readonly RuleIndicator[],
  product: 'windows' | 'linux',
): { used: RuleIndicator[]; searches: Searches } {
  const ends = indicators.flatMap((indicator) => {
    const end = pathEnd(indicator.value)
    return end?.system === product ? [{ indicator, ...end }] : []
  })
  const searches: Searches = {}
  const whole = ends.filter((end) => end.whole)
  const parts = ends.filter((end) => !end.whole)
  if (whole.length > 0) searches.selection_path = { TargetFilename: whole.map(({ text }) => text) }
  if (parts.length > 0) searches.selection_name = { 'TargetFilename|endswith': parts.map(({ text }) => text) }
  return { used: ends.map(({ indicator }) => indicator), searches }
}

/**
 * Writes Sigma rules (SigmaHQ specification 2.1): one for each log source that can show some of the indicators.
 *
 * @returns none when no log source can show any
 */
export function writeSigma(material: RuleMaterial): WrittenRule[] {
  return logRules.flatMap((rule) => {
    const usable = usableIndicators(material, rule.types).filter(({ value }) => isPlainLine(value))
    const { used, searches } = rule.search(fitting(usable))
    return used.length === 0 ? [] : [writeRule(material, rule, used, searches)]
  })
}

/** The first of them that fit into one rule. */
function fitting(indicators: readonly RuleIndicator[]): RuleIndicator[] {
  let characters = 0
  return indicators.slice(0, maximumValues).filter(({ value }) => {
    characters += value.length
    return characters <= maximumCharacters
  })
}

function writeRule(
  material: RuleMaterial,
  rule: LogRule,
  used: readonly RuleIndicator[],
  searches: Searches,
): WrittenRule {
  const facts = factsOf(material, used, rule.sight)
  const name = `${asOneLine(material.subject, 120) || 'Report'}: ${rule.what}`
  const names = Object.keys(searches)
  const document = new Document({
    title: quoted(name),
    id: v5(`${material.key}/${rule.key}`, ruleNamespace),
    status: 'experimental',
    description: quoted(
      `${used.length} of the indicators of this report, the least sure with a confidence of ${facts.confidence} of 100. TLP:${facts.tlp}`,
    ),
    references: [...harmlessUrls(material.references), ...facts.techniques.map(techniqueUrl)].map(quoted),
    author: 'RaptorFlow ADAPT',
    date: facts.date,
    tags: tagsOf(facts.techniques, facts.tlp),
    logsource: rule.logsource,
    detection: {
      ...Object.fromEntries(names.map((one) => [one, escaped(searches[one]!)])),
      condition: names.length === 1 ? names[0] : '1 of selection_*',
    },
    falsepositives: rule.falsePositives,
    level: rule.level,
  })
  if (material.references.length === 0 && facts.techniques.length === 0) document.delete('references')
  const content = document.toString({ lineWidth: 0 })
  return { kind: 'sigma', name, content, techniques: facts.techniques, tlp: facts.tlp, evidenceIds: facts.evidenceIds }
}

/** Tags of the namespaces `attack` and `tlp` (Sigma 2.1, tags appendix). */
function tagsOf(techniques: readonly string[], tlp: string): string[] {
  const tactics = techniques.flatMap((id) => techniqueById(id)?.tactics.map(({ shortname }) => shortname) ?? [])
  return [
    ...[...new Set(tactics)].sort().map((tactic) => `attack.${tactic}`),
    ...techniques.map((id) => `attack.${id.toLowerCase()}`),
    `tlp.${tlp.toLowerCase().replace('+', '-')}`,
  ]
}

/** In quotes whatever it holds: readers of YAML 1.1 take `no` and `1:20` for other things than text. */
function quoted(text: string): Scalar<string> {
  const scalar = new Scalar(text)
  scalar.type = Scalar.QUOTE_SINGLE
  return scalar
}

function escaped(search: Searches[string]): unknown {
  const value = (one: string | number) => (typeof one === 'number' ? one : quoted(escapeWildcards(one)))
  if (!Array.isArray(search)) return mapValues(search, (list) => [...new Set(list)].map(value))
  return search.map((fields) => mapValues(fields, value))
}

function mapValues<Value, Result>(record: Record<string, Value>, change: (value: Value) => Result) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

/**
 * A value that matches itself only: `*` and `?` are wildcards, and a backslash escapes them and itself (Sigma 2.1,
 * section Escaping). One that stands alone means itself, as rules usually write it.
 */
export function escapeWildcards(value: string): string {
  return value.replaceAll(/\\+(?=[*?]|$)|\\{2,}/g, (run) => run + run).replaceAll(/[*?]/g, '\\$&')
}
