import { describe, expect, test } from 'vitest'
import { findAttack } from './find.ts'

const ids = (text: string) => {
  const found = findAttack(text)
  return {
    techniques: found.techniques.map(({ id, how }) => `${id} ${how}`),
    actors: found.actors.map(({ id }) => id),
    software: found.software.map(({ id }) => id),
    vulnerabilities: found.vulnerabilities.map(({ id }) => id),
  }
}

describe('technique ids', () => {
  test.each([
    ['T1059.001', 'T1059.001'],
    ['T1059/001', 'T1059.001'],
    ['https://attack.mitre.org/techniques/T1059/001/', 'T1059.001'],
    ['attack.t1059.001', 'T1059.001'],
    ['(T1003)', 'T1003'],
    ['T1003.', 'T1003'],
  ])('%s is read as %s', (text, id) => {
    expect(ids(text).techniques).toEqual([`${id} id`])
  })

  test('a retired id gives its successor', () => {
    expect(ids('T1086 and T1574.002').techniques).toEqual(['T1059.001 id', 'T1574.001 id'])
  })

  test.each(['T9999', 'T1059.999', 'XT1059', 'T10590', 'T1059.0011'])('%s is no technique', (text) => {
    expect(ids(text).techniques).toEqual([])
  })
})

describe('CVE ids', () => {
  test.each(['CVE-2021-44228', 'cve-2021-44228', 'CVE‑2021‑44228', 'CVE-2021-\n44228', 'CVE 2021-44228'])(
    '%j is read as CVE-2021-44228',
    (text) => {
      expect(ids(text).vulnerabilities).toEqual(['CVE-2021-44228'])
    },
  )

  test('a well-known name gives each CVE it stands for at the same span', () => {
    const { vulnerabilities } = findAttack('They chained ProxyLogon.')
    expect(vulnerabilities.map(({ id, start, end }) => [id, start, end])).toEqual([
      ['CVE-2021-26855', 13, 23],
      ['CVE-2021-27065', 13, 23],
    ])
  })
})
