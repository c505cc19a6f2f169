import { describe, expect, test } from 'vitest'
import { CitedTexts } from './cited.ts'
import { supportFault } from './support.ts'

const document = '01960000-0000-7000-8000-000000000001'

/** The fault of a claim that cites a whole text. */
function fault(claim: string, text: string): string | null {
  const source = { title: 'The Harbour Report', tlp: 'CLEAR' as const, text, evidence: new Map() }
  const citation = { evidence_id: null, document_id: document, start: 0, end: text.length, quote: text }
  return supportFault(claim, new CitedTexts().sentences(citation, source)!, { left: 1_000_000 })?.code ?? null
}

const mimikatz =
  'In May 2024, APT29, also known as Cozy Bear, used Mimikatz (S0002) to dump credentials on two servers.'

describe('a claim stands', () => {
  test.each([
    ['the sentence itself', mimikatz, mimikatz],
    [
      'without its introduction',
      'APT29, also known as Cozy Bear, used Mimikatz to dump credentials on two servers.',
      mimikatz,
    ],
    ['without what is inserted', 'APT29 used Mimikatz to dump credentials.', mimikatz],
    ['in the present', 'APT29 uses Mimikatz.', mimikatz],
    ['with the id of what it names', 'APT29 uses Mimikatz (S0002).', mimikatz],
    ['by another name of the same actor', 'Cozy Bear (G0016) uses Mimikatz.', 'Cozy Bear used Mimikatz.'],
    ['as a technique', 'APT29 uses OS Credential Dumping (T1003).', mimikatz],
    ['as a technique with the sentence', `APT29 uses OS Credential Dumping: ${mimikatz}`, mimikatz],
    ['as a label', 'Software: Mimikatz (S0002)', mimikatz],
    ['behind a label', `Mimikatz (S0002): ${mimikatz}`, mimikatz],
    ['quoted', `APT29 uses Mimikatz: “${mimikatz}”`, mimikatz],
    ['as hearsay of its own document', `According to The Harbour Report, ${mimikatz}`, mimikatz],
    ['defanged', 'The implant contacts evil[.]example.', 'The implant contacts evil.example.'],
    [
      'refanged at the source',
      'The implant contacts hxxps://evil[.]example/a.',
      'The implant contacts hxxps[:]//evil(.)example/a.',
    ],
    [
      'over a line break of the source',
      'The group sent emails to ports in Norway.',
      'The group sent emails\nto ports in Norway.',
    ],
    ['in the passive', 'Turla uses Snake.', 'Snake was used by Turla in both cases.'],
    ['of use', 'Turla uses Snake.', "Turla's use of Snake began in 2004."],
    ['by an id in brackets', 'APT29 uses Phishing (T1566).', 'APT29 used mails about ports [T1566].'],
    ['as what it talks to', 'PlugX communicates with 198[.]51[.]100[.]7.', 'PlugX beacons to 198.51.100.7 over HTTP.'],
    ['with a number written otherwise', 'It reached 1200 users.', 'It reached 1,200 users.'],
    ['as what it only may be', 'Turla may have used Snake.', 'Turla may have used Snake.'],
    ['as what it is not', 'Turla did not use Snake.', 'Turla did not use Snake.'],
    [
      'in two sentences of one text',
      'Turla used Snake. It was seen in Norway.',
      'Turla used Snake. It was seen in Norway.',
    ],
  ])('%s: %j', (_, claim, text) => expect(fault(claim, text)).toBeNull())
})

describe('a claim falls', () => {
  test.each([
    ['name_not_cited', 'Turla used Mimikatz to dump credentials on two servers.', mimikatz],
    ['name_not_cited', 'APT29 uses Keylogging.', mimikatz],
    ['name_not_cited', 'The implant contacts evil-ns[.]top.', 'The implant contacts evil-ns.top.com.'],
    ['number_not_cited', 'APT29 used Mimikatz on five servers.', mimikatz],
    ['number_not_cited', 'In May 2023, APT29 used Mimikatz.', mimikatz],
    ['not_supported', 'In March 2024, APT29 used Mimikatz.', mimikatz],
    ['not_supported', 'APT29 sold Mimikatz.', mimikatz],
    ['not_supported', 'APT29 used Mimikatz to dump credentials on two servers in Norway.', mimikatz],
    ['not_supported', 'Mimikatz uses APT29.', mimikatz],
    ['not_supported', 'Cozy Bear (G0007) uses Mimikatz.', mimikatz],
    ['negation_differs', 'Turla used Snake.', 'Turla never used Snake.'],
    ['negation_differs', 'Turla did not use Snake.', 'Turla used Snake.'],
    ['negation_differs', 'Turla used Snake.', 'There is no evidence that Turla used Snake.'],
    ['negation_differs', 'Turla uses Snake.', 'No evidence was found for:\n- Turla uses Snake.\n'],
    ['certainty_differs', 'Turla used Snake.', 'Turla may have used Snake.'],
    ['certainty_differs', 'Turla used Snake.', 'Analysts believe that Turla used Snake.'],
    ['certainty_differs', 'Turla used Snake.', 'Turla attempted to use Snake.'],
    ['certainty_differs', 'Turla used Snake.', 'Turla used Snake, according to an unconfirmed report.'],
    ['certainty_differs', 'Turla uses Snake: Turla may have used Snake.', 'Turla may have used Snake.'],
    ['certainty_differs', 'Turla used Snake.', 'Turla used Snake?'],
    ['negation_differs', 'Turla used Snake in 2020.', 'If Turla used Snake in 2020, nobody noticed.'],
    ['not_supported', 'Turla uses Snake.', 'Turla was blamed for Snake.'],
    ['not_supported', 'Turla uses Snake.', 'Turla was blamed for the intrusion in which Snake was found.'],
    ['not_supported', 'Turla uses Snake.', 'Victims of Turla used Snake.'],
    ['not_supported', 'Turla uses Snake.', 'Turla targeted companies that use Snake.'],
    ['not_supported', 'Turla uses Snake.', 'Turla tricked users to run Snake.'],
    ['not_supported', 'Turla uses Snake.', 'Turla sent emails to users and users ran Snake.'],
    ['not_supported', 'Turla uses Snake.', 'Turla used a loader while APT28 used Snake.'],
    ['not_supported', 'Turla uses Snake.', 'Turla was seen next to Snake.'],
    ['not_supported', 'Turla uses Snake.', 'Turla removed Snake.'],
    ['not_supported', 'Turla uses PowerShell.', 'Turla disabled PowerShell on the servers.'],
    ['not_supported', 'Turla uses Snake.', 'Turla and Snake were discussed.'],
    ['not_supported', 'Turla uses Snake.', 'Turla used PlugX. Snake was found in Norway.'],
    ['not_supported', 'Emails sent by Turla.', 'Emails about Turla.'],
    ['not_supported', 'Turla contained a virus.', 'Emails sent by Turla contained a virus.'],
    ['certainty_differs', 'Turla attacked Norway.', 'Norway was attacked, Turla denied it.'],
    ['not_supported', 'Turla in command of Snake.', 'Turla and Snake were discussed.'],
    ['not_supported', 'APT29 uses T1566.', 'APT29 used a Twitter account to get information T1566'],
    ['not_supported', 'Norway was attacked by APT29.', 'Norway was attacked by APT29 impersonators.'],
    ['not_supported', 'APT29 uses Mimikatz.', 'Mimikatz was used by APT29 impersonators.'],
    ['not_supported', 'APT29 uses Mimikatz.', 'APT29 used Mimikatz detectors.'],
    ['not_supported', 'APT29 uses Mimikatz.', 'A tool like Mimikatz was used by APT29.'],
    ['certainty_differs', 'APT29 stole data.', 'APT29, the police say, stole data.'],
    ['not_supported', 'The attack failed.', 'The attack failed to stop the service.'],
    ['not_supported', 'APT29 used Mimikatz in 2024.', 'APT29 used Mimikatz in 2023 and PsExec in 2024.'],
    ['not_supported', 'Everything is lost.', mimikatz],
    ['not_supported', `${mimikatz} Everything is lost.`, mimikatz],
    ['not_supported', `Everything is lost: ${mimikatz}`, mimikatz],
    ['not_supported', '…', mimikatz],
  ])('%s: %j', (code, claim, text) => expect(fault(claim, text)).toBe(code))
})

test('what is taken back in the next sentence is not certain', () => {
  expect(fault('Turla used Snake.', 'Turla used Snake. This report was later retracted.')).toBe('certainty_differs')
})

test('comparing ends when the effort is spent, and then nothing is believed', () => {
  const text = `${'a b '.repeat(100)}end.`
  const source = { title: '', tlp: 'CLEAR' as const, text, evidence: new Map() }
  const citation = { evidence_id: null, document_id: document, start: 0, end: text.length, quote: text }
  const cited = new CitedTexts().sentences(citation, source)!
  expect(supportFault(`${'b '.repeat(90)}end`, cited, { left: 50 })).toMatchObject({ code: 'too_large' })
  expect(supportFault('Word. '.repeat(21), cited, { left: 1_000_000 })).toMatchObject({ code: 'too_large' })
})
