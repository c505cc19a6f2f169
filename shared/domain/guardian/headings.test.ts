import { expect, test } from 'vitest'
import { CitedTexts } from './cited.ts'
import { headingFault } from './headings.ts'

const text = 'APT29 used Mimikatz on two servers.'
const source = { title: 'Ransomware at the Harbour', tlp: 'CLEAR' as const, text, evidence: new Map() }
const document = '01960000-0000-7000-8000-000000000001'
const below = new CitedTexts().sentences(
  { evidence_id: null, document_id: document, start: 0, end: text.length, quote: text },
  source,
)!

const fault = (heading: string) => headingFault(heading, below, { left: 100_000 })

test.each([
  'Summary',
  'Indicators of compromise',
  'What to do first',
  'Initial access and lateral movement',
  'APT29',
  'Software: Mimikatz (S0002)',
  'APT29 and Mimikatz',
  'Ransomware at the Harbour',
  'Advisory: Ransomware at the Harbour',
  'APT29 used Mimikatz',
  'APT29 uses Mimikatz',
])('%j may stand', (heading) => expect(fault(heading)).toBeNull())

test.each([
  'Turla',
  'APT29 destroyed Norway',
  'Mimikatz attack on APT29',
  'Everything is lost',
  'Indicators (120)',
  'Victims in Germany',
  'APT29 did not use Mimikatz',
  'T1486',
  'See evil-ns.top',
])('%j says more than what stands below it', (heading) => expect(fault(heading)).not.toBeNull())
