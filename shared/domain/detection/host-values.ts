import { readPath } from '../stix/values.ts'

/** Programs that every Windows has: that one was written or run says nothing by its name. */
const systemPrograms = new Set(
  (
    'bitsadmin.exe certutil.exe cmd.exe conhost.exe cscript.exe csrss.exe dllhost.exe explorer.exe iexplore.exe ' +
    'lsass.exe msbuild.exe mshta.exe net.exe net1.exe netsh.exe notepad.exe ntdll.dll kernel32.dll ping.exe ' +
    'powershell.exe powershell_ise.exe psexec.exe pwsh.exe reg.exe regsvr32.exe rundll32.exe sc.exe schtasks.exe ' +
    'services.exe svchost.exe taskkill.exe taskmgr.exe user32.dll vssadmin.exe wevtutil.exe whoami.exe winlogon.exe ' +
    'winword.exe wmic.exe wmiprvse.exe wscript.exe ntds.dit system32 hosts'
  ).split(' '),
)

/** The end of a path that is the same on every machine: without drive letters of users, variables and placeholders. */
export interface PathEnd {
  system: 'windows' | 'linux'
  /** The whole path, or its end from a separator on. */
  text: string
  whole: boolean
}

/**
 * What to look for in place of a path as reports write it: `%TEMP%\a.exe`, `C:\Users\<user>\a.exe`, `a.dll`.
 *
 * @returns null when that says nothing: directories, programs that every system has, ends of few letters
 */
export function pathEnd(path: string): PathEnd | null {
  const { name, directory } = readPath(path)
  if (name === null || systemPrograms.has(name.toLowerCase())) return null
  const system =
    path.includes('\\') || /^[A-Za-z]:/.test(path) || /\.(?:exe|dll|bat|ps1|vbs)$/i.test(path) ? 'windows' : 'linux'
  const separator = system === 'windows' ? '\\' : '/'
  const placeholder = /(?:%[^%\\/]+%|<[^<>\\/]+>|\[[^[\]\\/]+\]|\{[^{}\\/]+\}|\$[A-Z_]+|~|\*)/gi
  const last = [...path.matchAll(placeholder)].at(-1)
  const cut = last === undefined ? null : path.slice(last.index + last[0].length)
  if (cut === null) {
    const isWhole = system === 'windows' ? /^[A-Za-z]:[\\/]/.test(path) : path.startsWith('/')
    if (isWhole) return { system, text: path, whole: true }
  }
  const rest = cut ?? (directory === null ? `${separator}${name}` : path)
  const text = rest.startsWith(separator) ? rest : `${separator}${rest}`
  // A placeholder inside the last name leaves nothing that is sure to be there.
  if (cut !== null && !cut.startsWith(separator)) return null
  return text.length < 6 ? null : { system, text, whole: false }
}

/** Keys that hold everybody's settings: something under them may be an indicator, they are none. */
const sharedKeys = new Set(
  (
    'run runonce runonceex runservices services winlogon windows currentversion policies explorer system software lsa ' +
    'environment control session manager microsoft shell folders user uninstall parameters firewallpolicy ' +
    'image file execution options appinit_dlls currentcontrolset controlset001 classes clsid'
  ).split(' '),
)

/**
 * What to look for in place of a registry key: without its hive, which logs write in different ways.
 *
 * @returns null when that is a key that every Windows has, or no key at all
 */
export function keyPath(key: string): string | null {
  const match = /^(?:HKEY_[A-Z_]+|HKLM|HKCU|HKCR|HKU|HKCC):?(\\.+?)\\*$/i.exec(key)
  const path = match?.[1]
  if (path === undefined || path.length < 8) return null
  const last = path.slice(path.lastIndexOf('\\') + 1).toLowerCase()
  return last.split(' ').every((word) => sharedKeys.has(word)) ? null : path
}

/** Services that tell anybody their address: malware asks them, and so does everybody else. */
const addressServices = new Set(
  (
    'api.ipify.org api.my-ip.io api.myip.com checkip.amazonaws.com checkip.dyndns.org icanhazip.com ident.me ifconfig.co ' +
    'ifconfig.io ifconfig.me ip-api.com ip.anysrc.net ipapi.co ipecho.net ipinfo.io ipv4bot.whatismyipaddress.com ' +
    'myexternalip.com whatismyip.com whatismyipaddress.com wtfismyip.com'
  ).split(' '),
)

/** Whether a host is one that every network asks for: that it was asked for says nothing. */
export function isEverybodysHost(host: string): boolean {
  return addressServices.has(host.toLowerCase().replace(/^www\./, ''))
}
