import { techniqueById } from '../attack/catalogue.ts'
import { conditionProblems } from './sigma-condition.ts'
import { readSigmaFile } from './sigma-yaml.ts'
import type { RuleReading } from './types.ts'

const maximumProblems = 50

/** Sigma 2.1, modifiers appendix. */
const modifiers = new Set(
  (
    'all startswith endswith contains exists cased neq windash re i m s base64 base64offset utf16le utf16be utf16 wide ' +
    'lt lte gt gte minute hour day week month year cidr expand fieldref'
  ).split(' '),
)
const statuses = ['stable', 'test', 'experimental', 'deprecated', 'unsupported']
const levels = ['informational', 'low', 'medium', 'high', 'critical']

type Fields = Readonly<Record<string, unknown>>
type Report = (message: string) => unknown

/** Reads a file of Sigma rules (specification 2.1; correlation rules of the same version too) and says what is wrong. */
export function inspectSigma(content: string): RuleReading {
  const reading: RuleReading = { problems: [], names: [], techniques: [] }
  const file = readSigmaFile(content)
  if ('message' in file) {
    reading.problems.push(file)
    return reading
  }
  for (const { line, value } of file.documents) {
    inspectDocument(value, (message) => reading.problems.push({ line, message }), reading)
    if (reading.problems.length >= maximumProblems) break
  }
  return reading
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function inspectDocument(rule: unknown, report: Report, reading: RuleReading): void {
  if (!isFields(rule)) {
    report('must be a map')
    return
  }
  if (typeof rule.title !== 'string' || rule.title.trim() === '' || rule.title.length > 256) {
    report('title must be 1 to 256 characters')
  } else reading.names.push(rule.title)
  expectText(rule, ['id'], /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID', report)
  expectText(
    rule,
    ['date', 'modified'],
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
    'must be YYYY-MM-DD',
    report,
  )
  expectText(rule, ['description', 'author', 'license', 'name', 'taxonomy'], /^/, 'must be text', report)
  if (rule.status !== undefined && !statuses.includes(String(rule.status)))
    report(`status must be one of ${statuses.join(', ')}`)
  if (rule.level !== undefined && !levels.includes(String(rule.level)))
    report(`level must be one of ${levels.join(', ')}`)
  expectTexts(rule, ['references', 'fields', 'scope'], report)
  inspectTags(rule.tags, report, reading)
  if (rule.correlation !== undefined) {
    inspectCorrelation(rule.correlation, report)
    return
  }
  inspectLogSource(rule.logsource, report)
  inspectDetection(rule.detection, report)
}

function expectText(rule: Fields, names: string[], pattern: RegExp, message: string, report: Report): void {
  for (const name of names) {
    const value = rule[name]
    if (value !== undefined && (typeof value !== 'string' || !pattern.test(value))) report(`${name} ${message}`)
  }
}

function expectTexts(rule: Fields, names: string[], report: Report): void {
  for (const name of names) {
    const value = rule[name]
    if (value === undefined) continue
    if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) report(`${name} must be a list of texts`)
    else if (new Set(value).size < value.length) report(`${name} must not repeat themselves`)
  }
}

function inspectTags(tags: unknown, report: Report, reading: RuleReading): void {
  if (tags === undefined) return
  if (!Array.isArray(tags)) {
    report('tags must be a list')
    return
  }
  for (const tag of tags) {
    if (typeof tag !== 'string' || !/^[a-z0-9_-]+\.[a-z0-9._-]+$/.test(tag))
      report(`tag ${JSON.stringify(tag)} must be namespace.name`)
    const id = /^attack\.(t\d{4}(?:\.\d{3})?)$/.exec(String(tag))?.[1]?.toUpperCase()
    const technique = id === undefined ? undefined : techniqueById(id)
    if (id !== undefined && technique === undefined) report(`tag ${tag} is not an ATT&CK technique`)
    if (technique !== undefined && !reading.techniques.includes(technique.id)) reading.techniques.push(technique.id)
  }
}

function inspectLogSource(source: unknown, report: Report): void {
  if (!isFields(source)) {
    report('logsource must be a map')
    return
  }
  const named = ['category', 'product', 'service'].filter((name) => source[name] !== undefined)
  if (named.length === 0) report('logsource must name a category, product or service')
  for (const name of [...named, ...(source.definition === undefined ? [] : ['definition'])]) {
    if (typeof source[name] !== 'string' || source[name] === '') report(`logsource.${name} must be text`)
  }
}

function inspectDetection(detection: unknown, report: Report): void {
  if (!isFields(detection)) {
    report('detection must be a map')
    return
  }
  const { condition, timeframe: _, ...searches } = detection
  const names = Object.keys(searches)
  if (names.length === 0) report('detection must hold a search')
  for (const name of names) {
    if (!/^[A-Za-z0-9_-]+$/.test(name)) report(`search ${JSON.stringify(name)} must be a name`)
    inspectSearch(name, searches[name], report, 0)
  }
  const conditions = Array.isArray(condition) ? condition : [condition]
  for (const one of conditions) {
    if (typeof one !== 'string') report('detection.condition must be text')
    else for (const message of conditionProblems(one, names)) report(`detection.condition ${message}`)
  }
}

/** A search is a map of fields, a list of such maps, or a list of words to be found anywhere. */
function inspectSearch(name: string, search: unknown, report: Report, depth: number): void {
  if (isFields(search)) {
    if (Object.keys(search).length === 0) report(`search ${name} is empty`)
    for (const [field, value] of Object.entries(search)) inspectField(name, field, value, report)
  } else if (Array.isArray(search) && depth === 0) {
    if (search.length === 0) report(`search ${name} is empty`)
    for (const one of search) if (!isScalar(one)) inspectSearch(name, one, report, depth + 1)
  } else report(`search ${name} must be a map or a list`)
}

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function inspectField(name: string, field: string, value: unknown, report: Report): void {
  const [, ...used] = field.split('|')
  for (const modifier of used)
    if (!modifiers.has(modifier)) report(`search ${name} has an unknown modifier: ${modifier}`)
  const values = Array.isArray(value) ? value : [value]
  if (values.length === 0) report(`search ${name} has no value for ${field}`)
  if (values.some((one) => !isScalar(one))) report(`search ${name} must have texts or numbers for ${field}`)
  if (used.includes('all') && values.length < 2) report(`search ${name} must have several values for ${field}`)
}

const correlationTypes = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
]

function inspectCorrelation(correlation: unknown, report: Report): void {
  if (!isFields(correlation)) {
    report('correlation must be a map')
    return
  }
  if (!correlationTypes.includes(String(correlation.type)))
    report(`correlation.type must be one of ${correlationTypes.join(', ')}`)
  const { rules } = correlation
  if (!Array.isArray(rules) || rules.length === 0 || rules.some((rule) => typeof rule !== 'string')) {
    report('correlation.rules must name rules')
  }
  if (!/^\d+[smhdwMy]$/.test(String(correlation.timespan)))
    report('correlation.timespan must be a number and one of s m h d')
}
