/** What a log, a sensor or a scanner can show of techniques. A rule that says more would make coverage look better than it is. */
export interface Sight {
  /** ATT&CK ids that the whole report may be about; a technique stands for its sub-techniques. */
  techniques: readonly string[]
  /** Short names of tactics: of these is what the report names in the very sentence of an indicator. */
  tactics: readonly string[]
}

const dns: Sight = {
  techniques: ['T1071.004', 'T1568', 'T1048.003'],
  tactics: ['command-and-control', 'exfiltration'],
}
const proxy: Sight = {
  techniques: ['T1071.001', 'T1102', 'T1105', 'T1189', 'T1204.001', 'T1566.002', 'T1567', 'T1041'],
  tactics: ['command-and-control', 'exfiltration'],
}
const firewall: Sight = {
  techniques: ['T1095', 'T1571', 'T1090', 'T1041'],
  tactics: ['command-and-control', 'exfiltration'],
}

export const sights = {
  dns,
  proxy,
  firewall,
  process: { techniques: ['T1204.002'], tactics: [] },
  file: { techniques: ['T1105', 'T1204.002'], tactics: ['persistence'] },
  /** Files on their way through the network. */
  transfer: { techniques: ['T1105'], tactics: [] },
  registry: {
    techniques: ['T1112', 'T1547.001', 'T1543.003'],
    tactics: ['persistence', 'defense-evasion', 'privilege-escalation'],
  },
} as const satisfies Record<string, Sight>
