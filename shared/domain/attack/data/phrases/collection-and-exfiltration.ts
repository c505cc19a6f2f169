import type { PhraseRule } from './rule.ts'

export const COLLECTION_PHRASES: readonly PhraseRule[] = [
  {
    id: 'T1041',
    certain: [
      'exfiltrate~ ..6 (c2|cnc)',
      'exfiltration ..4 (c2|cnc)',
      '(data|information|results|output|files|credentials|screenshots|keystrokes|response) ..4 (sent|uploaded|transmitted|exfiltrated|returned|posted) ..4 (c2|cnc|server|attacker~)',
      '(sent|sends|send|uploaded|uploads) back to ..3 (c2|server|attacker~|operator~)',
      '(send~|sent|upload~|exfiltrate~|transmit~|submit~) ..6 (c2|cnc)',
    ],
    strong: [
      '(send~|sent|upload~|transmit~|exfiltrate~) ..4 (data|information|results|output|files|credentials|screenshots|keystrokes) ..5 (c2|cnc|attacker~|operator~)',
      'exfiltrate~ ..4 (data|information|files|documents|credentials) ..5 (http|https|server|post)',
    ],
  },
  {
    id: 'T1005',
    certain: [
      '<steal> ..4 (file|files|document~) ..4 (local|system~|machine~|computer~|host~|drive~|victim~|infected|compromised|disk|interest)',
      '(files|documents|data) of interest',
      'data from local system',
    ],
    strong: ['collect~ ..3 (files|documents)', 'steal~ ..2 (files|documents)'],
    weak: [
      'steal~ ..3 (data|information)',
      '<steal> ..3 (sensitive|confidential|personal|victim|internal|local|valuable|private) ..2 (data|information|files|documents)',
      'exfiltrate~ ..3 (files|documents|sensitive|confidential)',
      'information steal~',
      'info stealer~',
      'infostealer~',
      'local drives',
    ],
    hint: ['sensitive ..2 (data|information|files|documents)', 'stolen (data|files|information|documents)', 'stealer~'],
  },
  {
    id: 'T1113',
    certain: [
      '(take~|taking|capture~|capturing|grab~|collect~|record~|send~|upload~|obtain~|acquire~|exfiltrate~|support~) ..3 (screenshot~|screen)',
      'screenshots ..3 (taken|captured|sent|uploaded)',
      'screen ..1 (capture~|capturing|grab~|grabber|shot~|recording|logger|record~)',
      'screenshot ..1 (capture|grabber|functionality|module|plugin|capability|grab)',
      'screengrab~',
      '(keylogging|keystrokes|keylogger|webcam|clipboard|microphone|audio) ..5 screenshot~',
      'screenshot~ ..5 (keylogging|keystrokes|keylogger|webcam|clipboard|microphone|audio)',
    ],
    weak: ['screenshots'],
  },
  {
    id: 'T1056.001',
    certain: [
      'keylog~',
      'keylogger~',
      'keylogging',
      'keylogged',
      'key log~',
      'key logger~',
      'key logging',
      'keystroke~',
      'key stroke~',
      'getasynckeystate',
      'keyboard (hook~|activity|input~|events)',
      'record~ ..3 keyboard',
    ],
  },
  {
    id: 'T1115',
    certain: [
      'clipboard ..2 (data|content~|stealer|hijack~|monitor~|text|logger)',
      '(steal~|collect~|capture~|monitor~|access~|log~|read~) ..3 clipboard',
    ],
  },
  { id: 'T1123', certain: ['microphone~', 'audio (record~|capture~|recording~|surveillance)', 'record~ ..2 audio'] },
  {
    id: 'T1125',
    certain: ['webcam~', 'video (capture|recording)', '(camera|webcam) ..3 (capture~|record~|access~|image~|pictures)'],
  },
  {
    id: 'T1114',
    certain: [
      '(steal~|collect~|exfiltrate~|harvest~) ..4 email~',
      'email (collection|theft|harvest~)',
      'mailbox~ ..3 (export~|access~|exfiltrate~)',
    ],
  },
  { id: 'T1119', certain: ['automatically (collect~|gather~|search~)', 'automated collection'] },
  { id: 'T1025', certain: ['(files|data|documents) ..4 (removable|usb) ..1 (media|drive~|device~)'] },
  { id: 'T1039', certain: ['(files|data|documents) ..4 (network|shared) ..1 (share~|drive~|folder~)'] },
  {
    id: 'T1074.001',
    certain: [
      '(staged|staging) ..4 (data|files|information|exfiltration)',
      'staging ..3 (data|files|directory|folder|exfiltration|area)',
      '(data|files|information) ..4 (staged|staging)',
      '(store~|save~|stored|saved|collect~|copy~|copied|place~|placed|archive~) ..8 (before|prior|for|until|later) ..3 (exfiltration|exfiltrating|upload|exfiltrated)',
      'data (staged|staging)',
    ],
    weak: [
      '(keystrokes|screenshots|data|information|files|output|results) ..3 (stored|saved|written|logged|collected) ..3 (local|temporary|temp|folder|directory|file|disk|database)',
    ],
  },
  {
    id: 'T1560.001',
    certain: [
      'rar exe',
      '7z exe',
      '7za',
      'makecab',
      '(compress~|archive~) ..5 (winrar|7zip|7z|rar) ..6 (exfiltration|exfiltrate~|before|prior)',
      '(winrar|7zip|rar) ..4 (compress~|archive~) ..4 (data|files|documents)',
    ],
  },
  {
    id: 'T1560',
    certain: [
      '(compress~|archive~|zip~) ..5 (data|files|documents) ..5 (exfiltrate~|exfiltration|before|prior)',
      '(collected|stolen) ..3 (compressed|archived|zipped)',
    ],
  },
  { id: 'T1560.003', certain: ['(encrypt~|compress~) ..4 (collected|stolen|gathered) ..2 (data|information|files)'] },
  {
    id: 'T1570',
    certain: [
      '(copy~|copied|copies|transfer~|deploy~|push~|distribute~|drop~|move~|spread~|propagate~|upload~) ..6 (smb|psexec)',
      'lateral tool transfer',
      'smb ..2 (file|transfer~|copy|share~)',
    ],
    strong: [
      '(copy~|transfer~|deploy~|push~|distribute~|drop~|spread~|propagate~|upload~) ..6 (admin|administrative|network|shared|windows|remote) ..1 share~',
      '(over|via|through|using) smb',
      'psexec ..5 (copy~|deploy~|distribute~|spread~|transfer~|push~)',
      'psexec ..4 (lateral|laterally)',
      '(lateral|laterally) ..6 psexec',
      '(copy~|transfer~|push~|deploy~) ..6 (other|remote|multiple|additional) (host~|system~|machine~|computer~|server~|device~|endpoint~)',
      'transfer~ ..4 (tool~|file~|payload~|malware) ..4 (between|laterally|lateral)',
      'robocopy',
      'self (propagate|propagates|propagating|propagation)',
    ],
    weak: ['admin share~'],
    hint: ['smb', 'psexec'],
  },
  { id: 'T1048', certain: ['exfiltrate~ ..6 (ftp|sftp|scp|webdav|dns)', 'winscp', 'filezilla', 'pscp'] },
  {
    id: 'T1567.002',
    certain: [
      'rclone',
      'megasync',
      'mega nz',
      'mega io',
      'exfiltrate~ ..6 (mega|dropbox|onedrive|drive|pcloud|cloud|s3)',
      'exfiltration ..3 cloud',
      '(upload~|send~) ..6 (mega|dropbox|onedrive|pcloud)',
    ],
  },
  {
    id: 'T1567',
    certain: ['exfiltrate~ ..6 (telegram|discord|webhook)', 'telegram bot ..4 (exfiltrate~|exfiltration|send~)'],
  },
  { id: 'T1030', certain: ['(split~|chunk~) ..5 (files|data|archive~) ..5 exfiltration'] },
]
