/** Reports for tests, written for them: their actors, victims and incidents are invented, the ATT&CK names are not. */

export interface TestReport {
  title: string
  text: string
  /** What the report says of two named things, and where: subject, object and words of the sentence that says so. */
  relations: readonly (readonly [subject: string, object: string, words: string])[]
  /** Sentences from which something was left out that changes nothing. */
  shortened: readonly string[]
}

export const reports: readonly TestReport[] = [
  {
    title: 'Harbour intrusions of 2024',
    text: `Harbour intrusions of 2024

In March 2024, APT29 sent spearphishing emails with malicious attachments to 14 port operators in Norway. The attachments dropped a loader that the operators of the campaign signed with a stolen certificate. APT29 used Mimikatz to dump credentials from LSASS memory on two domain controllers. The group then used PsExec and Cobalt Strike to move laterally through the network.

The backdoor communicates with 185.220.101[.]45 over port 443 and with cdn-harbour[.]top every 60 seconds. There is no evidence that APT29 used ransomware in these intrusions. Investigators believe that the stolen data may have been sold to a third party. APT29 has used scheduled tasks for persistence since 2021.

Turla was blamed for a similar intrusion in 2022, but the tools differ. Mimikatz was used by APT29 in all 14 intrusions. The loader deletes its own file after 3 days.
`,
    relations: [
      ['APT29', 'Mimikatz', 'APT29 used Mimikatz to dump'],
      ['APT29', 'OS Credential Dumping', 'APT29 used Mimikatz to dump'],
      ['APT29', 'Spearphishing Attachment', 'APT29 sent spearphishing emails'],
      ['APT29', 'Scheduled Task', 'APT29 has used scheduled tasks'],
      ['APT29', 'Mimikatz', 'Mimikatz was used by APT29'],
    ],
    shortened: [
      'APT29 sent spearphishing emails with malicious attachments to 14 port operators.',
      'APT29 used Mimikatz to dump credentials.',
      'APT29 used scheduled tasks for persistence.',
      'The backdoor communicates with 185[.]220[.]101[.]45 over port 443.',
    ],
  },
  {
    title: 'Ledger Fox and the clinics',
    text: `Ledger Fox and the clinics

FIN7 exploited CVE-2023-34362 in a file transfer product to gain access to nine clinics. After gaining access, FIN7 deployed Cobalt Strike on 31 servers. FIN7 did not encrypt any files. The ransom note was signed by LockBit, which FIN7 never used.

Sandworm Team used NotPetya in 2017 against companies in Ukraine. Wizard Spider deployed Ryuk and Conti on hospital networks. The attackers could have used the same access to deploy ransomware. FIN7 uses PowerShell scripts to download its payloads from hxxps://files.ledgerfox[.]site/a.ps1.

The SHA-256 hash of the loader is 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08. On 12 May 2023, the clinics reported the incident to the national CERT. Kimsuky uses AppleSeed to steal documents, according to an unconfirmed report.
`,
    relations: [
      ['FIN7', 'CVE-2023-34362', 'FIN7 exploited CVE-2023-34362'],
      ['FIN7', 'Cobalt Strike', 'FIN7 deployed Cobalt Strike'],
      ['Sandworm Team', 'NotPetya', 'Sandworm Team used NotPetya'],
      ['Wizard Spider', 'Ryuk', 'Wizard Spider deployed Ryuk'],
      ['Wizard Spider', 'Conti', 'Wizard Spider deployed Ryuk'],
      ['FIN7', 'PowerShell', 'FIN7 uses PowerShell'],
    ],
    shortened: [
      'FIN7 exploited CVE-2023-34362.',
      'FIN7 deployed Cobalt Strike on 31 servers.',
      'The clinics reported the incident to the national CERT.',
      'Sandworm Team used NotPetya in 2017.',
    ],
  },
  {
    title: 'What OilRig left behind',
    text: `What OilRig left behind

OilRig, also known as APT34, uses web shells for persistence on Exchange servers. OilRig created scheduled tasks to run its implant every 5 minutes. The implant sends its data over DNS to ns1.update-telemetry[.]net. Exfiltration over DNS was seen in 6 of 8 incidents.

MuddyWater likely shared infrastructure with OilRig in 2020. Lazarus Group and Kimsuky were not involved. Victims of OilRig used Mimikatz in their own tests. OilRig attempted to use CVE-2020-0688 but failed on patched servers.

The operators logged in between 08:00 and 16:00 UTC. Analysts observed OilRig using Mimikatz on one server. The web shell was uploaded on 3 June 2021 and removed on 9 June 2021. Companies should disable legacy protocols and reset the passwords of all accounts.
`,
    relations: [
      ['OilRig', 'Web Shell', 'uses web shells for persistence'],
      ['OilRig', 'Scheduled Task', 'OilRig created scheduled tasks'],
    ],
    shortened: [
      'OilRig uses web shells for persistence.',
      'OilRig created scheduled tasks to run its implant.',
      'The implant sends its data over DNS.',
      'The web shell was uploaded on 3 June 2021.',
    ],
  },
  {
    title: 'Emotet returns with new lures',
    text: `Emotet returns with new lures

Emotet spreads through emails with password-protected archives. Emotet downloads TrickBot about two days after the infection. TrickBot injects code into svchost.exe and steals browser passwords. Wizard Spider operates TrickBot.

The campaign of November 2021 reached 1,200 mailboxes in 11 countries. Emotet uses regsvr32 to run its library. The command and control server at 203.0.113.77 answered on port 8080 until 15 December 2021. The malware checks the language of the system and stops when it is Russian.

It is possible that the botnet was rented to other groups. QakBot was not part of this campaign. Emotet does not spread over SMB in this version. The authors removed the module that stole e-mail addresses.
`,
    relations: [
      ['Emotet', 'TrickBot', 'Emotet downloads TrickBot'],
      ['Wizard Spider', 'TrickBot', 'Wizard Spider operates TrickBot'],
      ['Emotet', 'Regsvr32', 'Emotet uses regsvr32'],
    ],
    shortened: [
      'Emotet spreads through emails.',
      'Emotet downloads TrickBot.',
      'TrickBot injects code into svchost.exe.',
      'The campaign of November 2021 reached 1,200 mailboxes.',
    ],
  },
]
