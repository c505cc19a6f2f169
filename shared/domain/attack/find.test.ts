import { describe, expect, test } from 'vitest'
import { findAttack } from './find.ts'

const found = (text: string) => {
  const { techniques, actors, software, vulnerabilities } = findAttack(text)
  return {
    techniques: techniques.map(({ id, how }) => `${id} ${how}`),
    actors: actors.map(({ id }) => id),
    software: software.map(({ id }) => id),
    vulnerabilities: vulnerabilities.map(({ id }) => id),
  }
}

describe('technique ids', () => {
  test.each([
    ['T1059.001', 'T1059.001'],
    ['T1059/001', 'T1059.001'],
    ['T1562:001', 'T1562.001'],
    ['https://attack.mitre.org/techniques/T1059/001/', 'T1059.001'],
    ['tags: attack.t1059.001', 'T1059.001'],
    ['(T1003)', 'T1003'],
    ['It used T1003.', 'T1003'],
    ['ExfiltrationT1041Exfiltration', 'T1041'],
    ['ChannelT1573.001Encrypted', 'T1573.001'],
  ])('%s is read as %s', (text, id) => {
    expect(found(text).techniques.filter((technique) => technique.endsWith(' id'))).toEqual([`${id} id`])
  })

  test('a retired id gives its successor', () => {
    expect(found('T1086 and T1574.002').techniques).toEqual(['T1059.001 id', 'T1574.001 id'])
  })

  test.each(['T9999', 'T1059.999', 'XT1059', 'T10590', 'T1059.0011', 'aGVT1059sbG8=', 'AT1059Bcd'])(
    '%s is no technique',
    (text) => {
      expect(found(text).techniques).toEqual([])
    },
  )
})

describe('technique names', () => {
  test.each([
    ['Obfuscated Files or Information', 'T1027'],
    ['obfuscated files\nor information', 'T1027'],
    ['Valid Accounts: Domain Accounts', 'T1078.002'],
    ['Exploit Public-Facing Application', 'T1190'],
    ['Registry Run Keys / Startup Folder', 'T1547.001'],
    ['Boot or Logon Autostart Execution: Registry Run Keys / Startup Folder', 'T1547.001'],
    ['LLMNR/NBT-NS Poisoning and SMB Relay', 'T1557.001'],
    ['Windows Management Instrumentation', 'T1047'],
    ['Acquire Infrastructure: Domains', 'T1583.001'],
    ['Data from Local System', 'T1005'],
  ])('%j names %s', (text, id) => {
    expect(found(text).techniques).toContain(`${id} name`)
  })

  test.each([
    'The server hosts domains and web services.',
    'Our software and hardware vulnerabilities database has malware samples and tools.',
    'Python and JavaScript are programming languages.',
    'Local accounts and email addresses are in the directory.',
    'The remote services and cloud services were restored.',
    'The company will acquire infrastructure and establish accounts with suppliers.',
    'The scheduled transfer of the football player failed.',
  ])('everyday words that are technique names too say nothing: %s', (text) => {
    expect(found(text).techniques).toEqual([])
  })
})

describe('phrases', () => {
  test.each([
    ['The malware creates two scheduled tasks for persistence.', 'T1053.005'],
    ['It ran schtasks /create to persist.', 'T1053.005'],
    [
      'Persistence is kept by a value under the Run key HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run.',
      'T1547.001',
    ],
    ['Victims receive spearphishing emails with malicious attachments.', 'T1566.001'],
    ['The actor dumped LSASS memory with comsvcs.dll.', 'T1003.001'],
    ['A legitimate executable side-loads the malicious DLL.', 'T1574.001'],
    ['The loader hollows a suspended process.', 'T1055.012'],
    ['It takes screenshots every minute.', 'T1113'],
    ['The backdoor logs keystrokes.', 'T1056.001'],
    ['The stolen files are sent to the C&C server.', 'T1041'],
    ['The stolen files are sent to the command and control server.', 'T1041'],
    ['They used Group Policy Objects to deploy it.', 'T1484.001'],
    ['The binary is packed and UPX was used.', 'T1027.002'],
    ['Once the victim opens the attached document, the macro runs.', 'T1204.002'],
    ['Run cmd.exe /c whoami.', 'T1059.003'],
    ['The dropper downloads a payload and then downloads further modules from its server.', 'T1105'],
  ])('%s', (text, id) => {
    expect(found(text).techniques).toContain(`${id} phrase`)
  })

  test.each([
    'The malware does not create a scheduled task.',
    'No evidence of process hollowing was found.',
    'Without DLL side-loading the loader fails.',
  ])('a negated phrase is not believed: %s', (text) => {
    expect(found(text).techniques).toEqual([])
  })

  test.each([
    'Organizations should disable RDP and monitor scheduled task creation.',
    'We recommend to block process hollowing.',
    'DeviceProcessEvents | where ProcessCommandLine has_any ("schtasks", "lsass")',
  ])('advice and hunting queries are not believed: %s', (text) => {
    expect(found(text).techniques).toEqual([])
  })

  test('what is said weakly once is not believed, what is said in several ways is', () => {
    expect(found('The sample was packed.').techniques).toEqual([])
    const text = 'It downloads a module. Later the script was downloaded from the server.'
    expect(found(text).techniques).toContain('T1105 phrase')
  })

  test('a phrase does not reach over the end of a sentence', () => {
    expect(found('They deleted. Itself was new.').techniques).toEqual([])
  })
})

describe('CVE ids and names', () => {
  test.each([
    'CVE-2021-44228',
    'cve-2021-44228',
    'CVE‑2021‑44228',
    'CVE–2021–44228',
    'CVE-2021-\n44228',
    'CVE-\n2021-44228',
    'CVE 2021-44228',
  ])('%j is read as CVE-2021-44228', (text) => {
    const { vulnerabilities } = findAttack(`see ${text}.`)
    expect(vulnerabilities).toEqual([
      { id: 'CVE-2021-44228', name: 'CVE-2021-44228', start: 4, end: 4 + text.length, how: 'id' },
    ])
  })

  test.each(['CVE-2021-123', 'CVE-1821-44228', 'CVE-2021-123456789', 'CVE2021'])('%s is no CVE id', (text) => {
    expect(found(text).vulnerabilities).toEqual([])
  })

  test('a well-known name gives each CVE it stands for at the same span', () => {
    const { vulnerabilities } = findAttack('They chained ProxyLogon.')
    expect(vulnerabilities.map(({ id, start, end }) => [id, start, end])).toEqual([
      ['CVE-2021-26855', 13, 23],
      ['CVE-2021-27065', 13, 23],
    ])
  })

  test('a name that is an everyday word needs a word of the field', () => {
    expect(found('the GHOST vulnerability').vulnerabilities).toEqual(['CVE-2015-0235'])
    expect(found('A GHOST appeared at midnight.').vulnerabilities).toEqual([])
  })
})
