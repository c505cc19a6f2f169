/** Phrases that describe one technique. `strong` ones are believed alone, `weak` ones when the text has more of them. */
export interface PhraseRule {
  id: string
  strong?: readonly string[]
  weak?: readonly string[]
}

export const PHRASE_CLASSES: Readonly<Record<string, string>> = {
  collect:
    'collect~ gather~ obtain~ retrieve~ get~ harvest~ enumerate~ list~ query~ check~ acquire~ discover~ identify~',
}

export const PHRASES: readonly PhraseRule[] = [
  { id: 'T1053.005', strong: ['scheduled tasks', 'schtasks', 'schedule~ task~'] },
  { id: 'T1547.001', strong: ['run key~', 'runonce', 'startup folder'] },
  { id: 'T1566.001', strong: ['malicious ..2 attachment~', 'spear phishing attachment~', 'spearphishing attachment~'] },
  { id: 'T1003.001', strong: ['lsass', 'mimikatz'] },
]
