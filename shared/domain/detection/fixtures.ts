import type { IndicatorType } from '../extraction/types.ts'
import type { RuleIndicator, RuleMaterial } from './types.ts'

/** Something of everything that rules are written from. */
const values: readonly (readonly [IndicatorType, string])[] = [
  ['domain', 'c2.evil-domain.top'],
  ['domain', 'update.bad.example.org'],
  ['url', 'http://c2.evil-domain.top/gate.php?id=1;2'],
  ['url', 'https://203.0.113.7:8443/a%20b'],
  ['ipv4', '185.220.101.45'],
  ['ipv6', '2001:db8::1'],
  ['ipv4-cidr', '198.51.100.0/24'],
  ['ipv4-port', '203.0.113.9:4444'],
  ['md5', 'd41d8cd98f00b204e9800998ecf8427a'],
  ['sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80701'],
  ['sha256', '44d88612fea8a8f36de82e1278abb02f3c2a1f0e5b8d7c6a9f01e2d3c4b5a697'],
  ['imphash', 'f34d5f2d4577ed6d9ceec516c1f5a744'],
  ['ja3', '72a589da586844d7f0818ce684948eea'],
  ['file-path', 'C:\\Users\\<user>\\AppData\\Roaming\\anchor_x64.exe'],
  ['file-path', '%TEMP%\\kdlsk.dll'],
  ['file-path', '/usr/lib/systemd/.hidden/agent'],
  ['registry-key', 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\AnchorUpdater'],
  ['mutex', 'Global\\{8C9B0D1E-52f1}'],
  ['mutex', 'мьютекс_17'],
  ['user-agent', 'Mozilla/4.0 (compatible; "Anchor"; 1)'],
]

let made = 0

export function ruleIndicator(
  type: IndicatorType,
  value: string,
  overrides: Partial<RuleIndicator> = {},
): RuleIndicator {
  made++
  return {
    type,
    value,
    tlp: 'GREEN',
    confidence: 80,
    suppressed: false,
    first_seen: '2026-03-01T00:00:00.000Z',
    valid_until: '2027-03-01T00:00:00.000Z',
    evidence_ids: [`00000000-0000-7000-8000-${String(made).padStart(12, '0')}`],
    techniques: [],
    ...overrides,
  }
}

export function ruleMaterial(overrides: Partial<RuleMaterial> = {}): RuleMaterial {
  return {
    key: 'report-1',
    subject: 'Anchor "backdoor"; Ryuk',
    subjectTlp: 'CLEAR',
    indicators: values.map(([type, value]) => ruleIndicator(type, value)),
    techniques: ['T1071.004', 'T1547.001', 'T1486', 'T1059.001'],
    references: ['https://example.org/report?a=1', 'javascript:alert(1)'],
    maximumTlp: 'AMBER',
    minimumConfidence: 50,
    now: new Date('2026-06-01T00:00:00Z'),
    ...overrides,
  }
}
