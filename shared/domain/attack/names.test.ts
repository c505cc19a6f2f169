import { describe, expect, test } from 'vitest'
import { allGroups, allSoftware } from './catalogue.ts'
import {
  CAPITALISED_SOFTWARE,
  COMMAND_SOFTWARE,
  CONTEXT_ACTORS,
  CONTEXT_SOFTWARE,
  NOT_BESIDE,
  OWN_CONTEXT,
  UNUSABLE_NAMES,
  WRITTEN_NAMES,
} from './data/name-rules.ts'
import { findAttack } from './find.ts'

const names = (text: string) => {
  const { actors, software } = findAttack(text)
  return [...actors, ...software].map(({ id, start, end }) => `${id} ${text.slice(start, end)}`)
}

describe('everyday prose names no one', () => {
  test.each([
    'The silence of the carbon market surprised every analyst.',
    'Play the file again at noon and the net profit will follow.',
    'Silence fell over the group when the mirage appeared.',
    'A responder reached the scene; the empire of chaos was gone.',
    'The net result at the end of the route was a flame.',
    'We expand the page, ping the team and reg the car.',
    'Carbon prices, mercury levels and platinum jewellery rose.',
    'The dragonfly and the mantis are insects; a whitefly is a pest.',
    'He played chess at the royal palace in Cuba.',
    'James and Kevin went to Milan with a shark and a pony.',
    'The group went to the theatre; Inception was on.',
    'Confucius said that silence is a true friend.',
    'Leviathan is a book by Hobbes about the state.',
    'Net income for the group grew; the net user growth at the company was 5%.',
    'Route 66 goes to Chicago. The route print was lovely.',
    'Download the Mango app from the Google Play Store.',
    'Visit Tor Vergata in Rome. The tor on the moor is granite.',
    'The page at the end of the chapter is called Epic.',
    'The Royal Navy met the Royal Bank; nobody took the Royal Road.',
    'It is at least at 5 pm at the office at /home.',
    'The Sea Turtle hatchery opened under a Rising Sun flag.',
    'He made no comment on the team at Equation House.',
    "The company's threat actor policy mentions Silence as golden.",
    'Our Spark cluster runs on Donut machines using Mythic beings.',
    'The WHO covenant and the embargo on Cuba were lifted.',
    'A call me maybe night club with a look back at power less days.',
  ])('%s', (text) => {
    expect(names(text)).toEqual([])
  })
})

describe('reports name actors and software', () => {
  test.each([
    ['The Silence group attacked banks.', ['G0091 Silence']],
    ["APT 29, APT-29 and APT29's operators", ['G0016 APT 29', 'G0016 APT-29', 'G0016 APT29']],
    [
      'Cobalt\nStrike, CobaltStrike and Cobalt-Strike',
      ['S0154 Cobalt\nStrike', 'S0154 CobaltStrike', 'S0154 Cobalt-Strike'],
    ],
    ['They ran Mimi-\nkatz.', ['S0002 Mimi-\nkatz']],
    ['mimi\u00adkatz was run', ['S0002 mimi\u00adkatz']],
    ['the Play ransomware', ['S1162 Play']],
    ['the Play group', ['G1040 Play']],
    ['the Carbanak malware', ['S0030 Carbanak']],
    ['the Carbanak gang', ['G0008 Carbanak']],
    ['an actor known as Leviathan', ['G0065 Leviathan']],
    ['FIN 7 and TA505', ['G0046 FIN 7', 'G0092 TA505']],
    ['admin@338 sent it', ['G0018 admin@338']],
    ['TEMP.Veles and DEV-0537', ['G0088 TEMP.Veles', 'G1004 DEV-0537']],
    ['LockBit 2.0 and LockBit Black', ['S1199 LockBit 2.0', 'S1202 LockBit Black']],
    ['the Lazarus group', ['G0032 Lazarus group']],
    ['data went over Tor', ['S0183 Tor']],
  ])('%j', (text, expected) => {
    expect(names(text)).toEqual(expected)
  })

  test('built-in commands count as software only where they are commands', () => {
    expect(names('They ran net user and "net group" and net.exe.')).toEqual(['S0039 net', 'S0039 net', 'S0039 net.exe'])
    expect(names('then ping -n 1 10.0.0.1, arp -a, cmd /c dir and reg.exe')).toEqual([
      'S0097 ping',
      'S0099 arp',
      'S0106 cmd',
      'S0075 reg.exe',
    ])
  })

  test('an ambiguous name is believed everywhere once the text confirms it', () => {
    expect(names('The Silence group is back. Later, Silence moved on.')).toEqual(['G0091 Silence', 'G0091 Silence'])
  })

  test('an ambiguous name is believed in a list with a sure one', () => {
    expect(names('Ke3chang (aka APT15, Mirage, Vixen Panda)')).toContain('G0004 Mirage')
  })

  test('an alias that is the own name of another group means that group', () => {
    expect(names('UAC-0056')).toEqual(['G1003 UAC-0056', 'G1031 UAC-0056'])
    expect(names('LuminousMoth')).toEqual(['G1014 LuminousMoth'])
  })

  test('a name across the end of a sentence is none', () => {
    expect(names('They used Cobalt. Strike teams followed.')).toEqual([])
  })
})

describe('the whole catalogue', () => {
  const squeeze = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')
  const usable = (name: string) =>
    !UNUSABLE_NAMES.has(name) && !(name in COMMAND_SOFTWARE) && !name.endsWith('(Group)') && !(name in OWN_CONTEXT)

  /** Every usable name of every entry, with the id it must lead to: an alias that is another's own name means that other. */
  function* namesOf(entries: Iterable<{ id: string; name: string; aliases: readonly string[] }>) {
    const all = [...entries]
    const owners = new Map(all.map(({ id, name }) => [squeeze(name), id]))
    for (const { id, name, aliases } of all) {
      for (const written of [name, ...aliases].filter(usable)) {
        yield { id: owners.get(squeeze(written)) ?? id, written }
      }
    }
  }

  test('every name of a group is found as the catalogue writes it, beside a word of the field', () => {
    const missed: string[] = []
    for (const { id, written } of namesOf(allGroups())) {
      const text = CONTEXT_ACTORS.has(written) ? `the ${written} group` : `again ${written} group`
      if (!findAttack(text).actors.some((actor) => actor.id === id)) missed.push(`${id} ${written}`)
    }
    expect(missed).toEqual([])
  })

  test('every name of software is found as the catalogue writes it, beside a word of the field', () => {
    const missed: string[] = []
    for (const { id, written } of namesOf(allSoftware())) {
      const text = CONTEXT_SOFTWARE.has(written) ? `the ${written} malware` : `the malware ${written}, again`
      if (!findAttack(text).software.some((item) => item.id === id)) missed.push(`${id} ${written}`)
    }
    // The full stop and space inside read as the end of a sentence; the alias Fobushell is found.
    expect(missed).toEqual(['S0598 P.A.S. Webshell'])
  })

  test('every rule about a name is about a name of the catalogue', () => {
    const known = new Set([...allGroups(), ...allSoftware()].flatMap(({ name, aliases }) => [name, ...aliases]))
    const ruled = [CONTEXT_ACTORS, CONTEXT_SOFTWARE, CAPITALISED_SOFTWARE, WRITTEN_NAMES, UNUSABLE_NAMES]
    const tables = [COMMAND_SOFTWARE, OWN_CONTEXT, NOT_BESIDE]
    const names = [...ruled.flatMap((list) => [...list]), ...tables.flatMap((table) => Object.keys(table))]
    expect(names.filter((name) => !known.has(name))).toEqual([])
  })

  test('no ambiguous name is found in a text that has nothing of the field', () => {
    const wrong: string[] = []
    for (const written of [...CONTEXT_ACTORS, ...CONTEXT_SOFTWARE]) {
      if (names(`Yesterday ${written} was seen in town.`).length > 0) wrong.push(written)
    }
    expect(wrong).toEqual([])
  })
})
