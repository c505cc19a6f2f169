import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { hostileText } from '../../../tests/setup/hostile-text.ts'
import { type RuleKind, ruleKinds } from './schemas.ts'
import { inspectRule } from './validate.ts'

// Hundreds of cases, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

const messagesOf = (kind: RuleKind, content: string) =>
  inspectRule(kind, content).problems.map(({ line, message }) => `${line}: ${message}`)

const sigma = (change: Record<string, string>) => {
  const fields: Record<string, string> = {
    title: 'Something is run',
    logsource: '\n  category: process_creation\n  product: windows',
    detection: "\n  selection:\n    Image|endswith: '\\a.exe'\n  condition: selection",
    ...change,
  }
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')
}

describe('Sigma', () => {
  it('takes what people write', () => {
    const content = `title: Encoded command line
id: 9e8c1f0a-3c1e-4f58-9a58-2a1f5c6f0a11
status: test
description: |
  Command lines that decode something.
references: [https://example.org]
author: Somebody
date: 2024-01-31
tags: [attack.execution, attack.t1059.001, cve.2024-1234, tlp.amber-strict]
logsource: { category: process_creation, product: windows }
detection:
  selection_image:
    - Image|endswith: ['\\powershell.exe', '\\pwsh.exe']
    - OriginalFileName: PowerShell.EXE
  selection_line:
    CommandLine|contains|all: [' -enc', 'http']
  filter_main_user: { User: null }
  keywords: [one, 2]
  condition: (all of selection_* and not 1 of filter_main_*) or keywords
falsepositives: [Administrators]
level: high
---
title: Many of them
correlation:
  type: event_count
  rules: [9e8c1f0a-3c1e-4f58-9a58-2a1f5c6f0a11]
  group-by: [User]
  timespan: 10m
  condition: { gte: 10 }
`
    expect(inspectRule('sigma', content)).toEqual({
      problems: [],
      names: ['Encoded command line', 'Many of them'],
      techniques: ['T1059.001'],
    })
  })

  it.each([
    ['nothing', ''],
    ['no map', '- a\n- b\n'],
    ['no YAML', 'title: "open\n'],
    ['the same field twice', 'title: a\ntitle: b\n'],
    ['an alias', 'title: &a x\nauthor: *a\n'],
    ['a directive', '%YAML 1.2\n---\ntitle: x\n'],
    ['a tag of another language', sigma({ title: '!!js/function x' })],
    ['no title', sigma({ title: '' })],
    ['a title that is too long', sigma({ title: 'x'.repeat(257) })],
    ['an id that is none', sigma({ id: '1' })],
    ['an unknown status', sigma({ status: 'good' })],
    ['an unknown level', sigma({ level: 'severe' })],
    ['a date of another form', sigma({ date: '2024/01/31' })],
    ['a tag without a namespace', sigma({ tags: '[execution]' })],
    ['a technique that is none', sigma({ tags: '[attack.t9999]' })],
    ['no log source', sigma({ logsource: '' })],
    ['an empty log source', sigma({ logsource: '{}' })],
    ['no detection', sigma({ detection: '' })],
    ['no condition', sigma({ detection: '{ selection: { a: b } }' })],
    ['no search', sigma({ detection: '{ condition: selection }' })],
    ['an empty search', sigma({ detection: '{ selection: {}, condition: selection }' })],
    ['an unknown modifier', sigma({ detection: '{ selection: { "a|near": b }, condition: selection }' })],
    ['`all` of one value', sigma({ detection: '{ selection: { "a|all": b }, condition: selection }' })],
    ['a map as a value', sigma({ detection: '{ selection: { a: { b: c } }, condition: selection }' })],
    ...[
      'other',
      'selection and',
      'not',
      '(selection',
      'selection)',
      '1 of other_*',
      'selection selection',
      'and',
      '1 of',
    ].map((condition) => [
      `the condition ${condition}`,
      sigma({ detection: `{ selection: { a: b }, condition: "${condition}" }` }),
    ]),
  ])('refuses %s', (_, content) => {
    expect(messagesOf('sigma', content!)).not.toEqual([])
  })

  it('refuses what is nested without end, and says so', () => {
    for (const open of ['[', '{a: ', '- ', '(']) {
      expect(messagesOf('sigma', sigma({ detection: open.repeat(20_000) })), open).not.toEqual([])
    }
    const condition = `${'('.repeat(400)}selection${')'.repeat(400)}`
    expect(messagesOf('sigma', sigma({ detection: `{ selection: { a: b }, condition: "${condition}" }` }))).not.toEqual(
      [],
    )
  })
})

describe('Suricata', () => {
  const rule = (options: string, header = 'alert tcp any any -> any any') => `${header} (${options})\n`
  const usual = 'msg:"m"; sid:1; rev:1;'

  it('takes what people write', () => {
    const content = `# comment; with "signs
alert http $HOME_NET any -> $EXTERNAL_NET [80, 8080] (msg:"A \\"word\\" \\; and (brackets)"; flow:established,to_server; \\
  http.uri; content:"/a|3a 3B|b\\|"; nocase; pcre:"/x\\/y;z/Ri"; metadata: mitre_technique_id T1071.001, tlp clear; sid:2000001; rev:3;)

drop ip [192.0.2.0/24,!192.0.2.1,2001:db8::/32] any <> !$HOME_NET !22 (msg:"x"; content:!"y"; sid:4294967295;)
`
    expect(inspectRule('suricata', content)).toEqual({
      problems: [],
      names: ['A \\"word\\" \\; and (brackets)', 'x'],
      techniques: ['T1071.001'],
    })
  })

  it.each([
    ['nothing', '# only a comment\n'],
    ['no options', 'alert tcp any any -> any any\n'],
    ['no direction', rule(usual, 'alert tcp any any any any')],
    ['an unknown action', rule(usual, 'log tcp any any -> any any')],
    ['an open list', rule(usual, 'alert tcp [1.1.1.1 any -> any any')],
    ['an empty part of a list', rule(usual, 'alert tcp [1.1.1.1,,2.2.2.2] any -> any any')],
    ['a list without brackets', rule(usual, 'alert tcp 1.1.1.1,2.2.2.2 any -> any any')],
    ['no msg', rule('sid:1;')],
    ['no sid', rule('msg:"m";')],
    ['two sids', rule(`${usual} sid:2;`)],
    ['a sid that is too large', rule('msg:"m"; sid:4294967296;')],
    ['a sid that is no number', rule('msg:"m"; sid:x;')],
    ['an id twice', rule(usual) + rule(usual)],
    ['open quotes', rule('msg:"m; sid:1;')],
    ['an option that does not end', rule('msg:"m"; sid:1')],
    ['a content without quotes', rule(`${usual} content:abc;`)],
    ['an empty content', rule(`${usual} content:"";`)],
    ['half a byte', rule(`${usual} content:"|4|";`)],
    ['an open pipe', rule(`${usual} content:"a|41";`)],
    ['no hexadecimal', rule(`${usual} content:"|zz|";`)],
    ['a semicolon inside a content', rule(`${usual} content:"a;b";`)],
    ['an unknown escape', rule(`${usual} content:"a\\n";`)],
    ['a line that goes on nowhere', rule(usual).replace('\n', '\\')],
    ['a control character', rule(usual).replace('m', '\0')],
  ])('refuses %s', (_, content) => {
    expect(messagesOf('suricata', content)).not.toEqual([])
  })

  it('says in which line a rule begins', () => {
    expect(messagesOf('suricata', `${rule(usual)}\n${rule('sid:2; \\\n  rev:1;')}`)).toEqual(['3: must have one msg'])
  })
})

describe('YARA', () => {
  const rule = (condition: string, strings = '$a = "text"') => `rule R { strings: ${strings} condition: ${condition} }`

  it('takes what people write', () => {
    const content = `import "pe" // comment "
/* rule Not { } */
private global rule One : tag other {
  meta:
    mitre_attack = "T1059.001"
    number = -1
    good = true
  strings:
    $ = "anonymous" nocase
    $a1 = "a \\"b\\" \\x41\\n" ascii wide fullword
    $a2 = "b" xor(0x01-0xff) private
    $_unused = { 00 ?? A? ~41 [2-4] ( AA | BB CC ) [-] FF /* c */ }
    $r = /ab\\/c{2,3}[^"]/is
  condition:
    uint16(0) == 0x5A4D and filesize < 2MB and any of them and #a1 > 2 and @a2[1] < !r[1]
    and for all i in (1..#a1) : ( @a1[i] < 100 ) and for any of ($a*) : ( $ at pe.entry_point )
}
rule Two { condition: One and not false }
`
    expect(inspectRule('yara', content)).toEqual({ problems: [], names: ['One', 'Two'], techniques: ['T1059.001'] })
  })

  it.each([
    ['nothing', '// only a comment'],
    ['no condition', 'rule R { strings: $a = "b" }'],
    ['an empty condition', rule('', '$a = "text"')],
    ['a keyword as a name', 'rule condition { condition: true }'],
    ['a name that begins with a digit', 'rule 1R { condition: true }'],
    ['a name that is too long', `rule ${'R'.repeat(129)} { condition: true }`],
    ['a name twice', `${rule('$a')} ${rule('$a')}`],
    ['an open text', rule('$a', '$a = "text')],
    ['an unknown escape', rule('$a', '$a = "\\q"')],
    ['a line end inside a text', rule('$a', '$a = "a\nb"')],
    ['an empty text', rule('$a', '$a = ""')],
    ['half a byte', rule('$a', '$a = { 4 }')],
    ['a string twice', rule('any of them', '$a = "b" $a = "c"')],
    ['a string that is not there', rule('$b')],
    ['strings that are not there', rule('$a and any of ($b*)')],
    ['a string that is not used', rule('$a', '$a = "b" $b = "c"')],
    ['no string', 'rule R { strings: condition: true }'],
    ['an open bracket', rule('($a')],
    ['a bracket too many', rule('$a)')],
    ['another file', 'include "/etc/passwd"\nrule R { condition: true }'],
    ['an unknown module', 'import "cuckoo"\nrule R { condition: true }'],
    ['a rule inside a condition', rule('$a rule X { condition: true')],
    ['text behind a rule', `${rule('$a')} more`],
    ['an open comment', `${rule('$a')} /* more`],
  ])('refuses %s', (_, content) => {
    expect(messagesOf('yara', content)).not.toEqual([])
  })

  it('says in which line', () => {
    expect(messagesOf('yara', 'rule R {\n  strings:\n    $a = "x\n')).toEqual([
      '3: has a text that is not closed, or an escape that is none',
    ])
  })
})

it('whatever it is given, it says what is wrong and fails with nothing else', () => {
  const valid = {
    sigma: sigma({}),
    suricata: 'alert ip any any -> any any (msg:"m"; sid:1;)',
    yara: 'rule R { strings: $a = "text" condition: $a }',
  }
  fc.assert(
    fc.property(fc.constantFrom(...ruleKinds), hostileText, fc.nat(), (kind, text, at) => {
      expect(messagesOf(kind, text)).not.toEqual([])
      const place = at % valid[kind].length
      const broken = valid[kind].slice(0, place) + text + valid[kind].slice(place)
      expect(Array.isArray(messagesOf(kind, broken))).toBe(true)
    }),
  )
})
