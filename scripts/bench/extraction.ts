import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { adversarialTexts } from '#shared/domain/extraction/adversarial-inputs.ts'
import { extractIntelligence } from '#shared/domain/extraction/extract.ts'
import { findIndicators } from '#shared/domain/extraction/indicators.ts'
import type { Extraction, IndicatorMention } from '#shared/domain/extraction/types.ts'
import { type BenchmarkResult, median, readReference } from './benchmark.ts'

interface IndicatorReport {
  name: string
  text: string
  hashes: string[]
  network: string[]
}

interface TechniqueReport {
  name: string
  text: string
  techniques: string[]
}

/** Sites of the publisher of the indicator reports, written down apart from the engine's own lists. */
const PUBLISHER_HOSTS = ['eset.com', 'eset.sk', 'eset.cz', 'esetstatic.com', 'welivesecurity.com', 'virusradar.com']
const PUBLISHER_PATHS = ['github.com/eset/']

const SPEED_ROUNDS = 9

/** Recall, precision and speed of the extraction engine on reports that carry their own lists. */
export async function bench(): Promise<BenchmarkResult> {
  const indicatorReports = readReference<IndicatorReport[]>('extraction-dev', 'eset-reports.json')
  const techniqueReports = readReference<TechniqueReport[]>('extraction-dev', 'attack-reports.json')
  const notes: string[] = []

  const hashes = { found: 0, all: 0 }
  const network = { found: 0, all: 0 }
  let leaks = 0
  let beyond = 0
  for (const report of indicatorReports) {
    const { indicators } = extract(report.text)
    const kept = indicators.filter((mention) => mention.suppressed === null)
    const values = new Set(kept.map((mention) => comparable(mention.value)))
    count(report.name, report.hashes, values, hashes, notes)
    count(report.name, report.network, values, network, notes)
    leaks += countLeaks(report.name, kept, (value) => isOfPublisher(value), notes)
    const listed = new Set([...report.hashes, ...report.network].map(comparable))
    for (const value of values) if (!listed.has(value)) beyond++
  }

  // The annotators used a scheme of some fifty techniques: what lies outside of it was never judged, however plainly the
  // report says it, so it counts neither way. The figures over every id stand beside.
  const scheme = new Set(techniqueReports.flatMap((report) => report.techniques))
  const exact = new Score()
  const everyId = new Score()
  const parents = new Score()
  const actors = new Set<string>()
  const software = new Set<string>()
  for (const report of techniqueReports) {
    const found = extract(report.text)
    const ids = new Set(found.techniques.map((technique) => technique.id))
    const judged = new Set([...ids].filter((id) => scheme.has(id)))
    exact.add(judged, new Set(report.techniques))
    everyId.add(ids, new Set(report.techniques))
    parents.add(new Set([...judged].map(parentOf)), new Set(report.techniques.map(parentOf)))
    for (const actor of found.actors) actors.add(actor.id)
    for (const tool of found.software) software.add(tool.id)
    const home = /^url: https?:\/\/(?:www\.)?([^/\s]+)/m.exec(report.text)?.[1]
    if (home !== undefined) {
      const kept = found.indicators.filter((mention) => mention.suppressed === null)
      leaks += countLeaks(report.name, kept, (value) => hostOf(value).endsWith(home), notes)
    }
  }

  notes.push(
    `techniqueF1, techniquePrecision, techniqueMacroF1 and techniqueParentF1 count only the ${scheme.size} ids that occur in the annotations of these reports; techniqueEveryId… counts every id found`,
  )

  const texts = [...indicatorReports, ...techniqueReports].map((report) => report.text)
  const speed = await measureSpeed(texts)
  const small = measureMemory(4)
  const large = measureMemory(20)
  const figures = {
    hashRecall: hashes.found / hashes.all,
    networkRecall: network.found / network.all,
    publisherLeaks: leaks,
    techniqueF1: exact.microF1(),
    techniquePrecision: exact.precision(),
    speedRatio: speed.ratio,
    techniqueRecall: exact.recall(),
    techniqueMacroF1: exact.macroF1(),
    techniqueParentF1: parents.microF1(),
    techniqueEveryIdF1: everyId.microF1(),
    techniqueEveryIdPrecision: everyId.precision(),
    unlistedPerReport: beyond / indicatorReports.length,
    megabytesPerSecond: speed.own,
    peerMegabytesPerSecond: speed.peer,
    wholeMegabytesPerSecond: speed.whole,
    wholeSpeedRatio: speed.whole / speed.peer,
    adversarialSeconds: slowestAdversarial(notes),
    memoryBytesPerTextByte: (large - small) / 16_000_000,
    distinctActors: actors.size,
    distinctSoftware: software.size,
  }
  const goals = {
    hashRecall: { min: 1 },
    networkRecall: { min: 0.98 },
    publisherLeaks: { max: 0 },
    techniqueF1: { min: 0.42 },
    techniquePrecision: { min: 0.67 },
    speedRatio: { min: 4 },
    adversarialSeconds: { max: 1 },
  }
  return { figures, goals, notes }
}

function extract(text: string): Extraction {
  return extractIntelligence({ text, pages: [], title: null })
}

/**
 * The lists of the reports are flat (hashes; hosts, addresses and URLs), so values are compared without their type, without
 * case, and without the slash that ends a URL. An indicator that is found but suppressed counts as missed.
 */
function comparable(value: string): string {
  return value.toLowerCase().replace(/\/$/, '')
}

function count(
  report: string,
  listed: readonly string[],
  values: ReadonlySet<string>,
  tally: { found: number; all: number },
  notes: string[],
): void {
  for (const value of listed) {
    tally.all++
    if (values.has(comparable(value))) tally.found++
    else notes.push(`missed in ${report}: ${value}`)
  }
}

function countLeaks(
  report: string,
  kept: readonly IndicatorMention[],
  isLeak: (value: string) => boolean,
  notes: string[],
): number {
  const leaked = new Set<string>()
  for (const { type, value } of kept) {
    if ((type === 'domain' || type === 'url' || type === 'email') && isLeak(value)) leaked.add(value)
  }
  for (const value of leaked) notes.push(`publisher's own in ${report}: ${value}`)
  return leaked.size
}

function hostOf(value: string): string {
  return value
    .replace(/^[a-z0-9+]+:\/\//, '')
    .replace(/[/?#:].*$/s, '')
    .replace(/^.*@/, '')
}

function isOfPublisher(value: string): boolean {
  const host = hostOf(value)
  if (PUBLISHER_HOSTS.some((own) => host === own || host.endsWith(`.${own}`))) return true
  return PUBLISHER_PATHS.some((path) => value.includes(path))
}

function parentOf(id: string): string {
  return id.replace(/\..*/, '')
}

/** Found against annotated sets, one pair a report. */
class Score {
  #hits = 0
  #found = 0
  #annotated = 0
  readonly #f1: number[] = []

  add(found: ReadonlySet<string>, annotated: ReadonlySet<string>): void {
    let hits = 0
    for (const id of found) if (annotated.has(id)) hits++
    this.#hits += hits
    this.#found += found.size
    this.#annotated += annotated.size
    this.#f1.push(found.size + annotated.size === 0 ? 1 : (2 * hits) / (found.size + annotated.size))
  }

  precision(): number {
    return this.#hits / this.#found
  }

  recall(): number {
    return this.#hits / this.#annotated
  }

  /** Over all pairs of report and technique together. */
  microF1(): number {
    return (2 * this.#hits) / (this.#found + this.#annotated)
  }

  /** Mean of the reports' own F1; a report without any on both sides counts 1. */
  macroF1(): number {
    return this.#f1.reduce((sum, value) => sum + value, 0) / this.#f1.length
  }
}

/** Alternates the engines over the same texts and takes medians, so that a busy moment of the machine hits both. */
async function measureSpeed(
  texts: readonly string[],
): Promise<{ own: number; peer: number; whole: number; ratio: number }> {
  const peer = (await import('ioc-extractor')) as { extractIOC: (text: string) => unknown }
  const megabytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6
  const seconds = (run: (text: string) => unknown): number => {
    const from = performance.now()
    for (const text of texts) run(text)
    return (performance.now() - from) / 1000
  }
  const own: number[] = []
  const theirs: number[] = []
  const whole: number[] = []
  for (let round = 0; round < SPEED_ROUNDS + 2; round++) {
    const times = [seconds(findIndicators), seconds(peer.extractIOC), seconds(extract)]
    // The first two rounds let the compiler settle.
    if (round < 2) continue
    own.push(times[0]!)
    theirs.push(times[1]!)
    whole.push(times[2]!)
  }
  return {
    own: megabytes / median(own),
    peer: megabytes / median(theirs),
    whole: megabytes / median(whole),
    ratio: median(theirs.map((time, round) => time / own[round]!)),
  }
}

/** Processor seconds for the worst megabyte, of indicators and ATT&CK together. */
function slowestAdversarial(notes: string[]): number {
  let worst = { name: '', seconds: 0 }
  for (const { name, text } of adversarialTexts(1_000_000)) {
    const from = process.cpuUsage()
    extract(text)
    const { user, system } = process.cpuUsage(from)
    const seconds = (user + system) / 1e6
    if (seconds > worst.seconds) worst = { name, seconds }
  }
  notes.push(`slowest adversarial megabyte: ${worst.name} repeated`)
  return worst.seconds
}

function measureMemory(megabytes: number): number {
  const script = join(import.meta.dirname, 'extraction-memory.ts')
  const out = execFileSync(process.execPath, [script, String(megabytes)], { encoding: 'utf8' })
  return (JSON.parse(out) as { bytes: number }).bytes
}
