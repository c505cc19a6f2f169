/**
 * Helper of the extraction benchmark, run in a process of its own: extracts from a text of the length given (megabytes) and
 * prints the highest resident memory of the process in bytes.
 */
import { extractIntelligence } from '#shared/domain/extraction/extract.ts'
import { readReference } from './benchmark.ts'

const megabytes = Number(process.argv[2])
const reports = readReference<{ text: string }[]>('extraction-dev', 'attack-reports.json')
const whole = reports.map((report) => report.text).join('\n')
const length = megabytes * 1_000_000
// Joined as bytes, so that the text is one flat string as it is after reading a file.
const bytes = Buffer.alloc(length)
const unit = Buffer.from(whole, 'latin1')
for (let at = 0; at < length; at += unit.length) unit.copy(bytes, at)
const text = bytes.toString('latin1')
const found = extractIntelligence({ text, pages: [], title: null })
console.log(JSON.stringify({ bytes: process.resourceUsage().maxRSS * 1024, indicators: found.indicators.length }))
