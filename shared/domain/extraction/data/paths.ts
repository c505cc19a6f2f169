/** Facts about file systems and the Windows registry that tell a path from prose, and a common path from a telling one. */

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/).filter((word) => word !== ''))
}

/** Registry hives by every common spelling, with their full name. */
export const HIVES: Readonly<Record<string, string>> = {
  HKLM: 'HKEY_LOCAL_MACHINE',
  HKEY_LOCAL_MACHINE: 'HKEY_LOCAL_MACHINE',
  HKCU: 'HKEY_CURRENT_USER',
  HKEY_CURRENT_USER: 'HKEY_CURRENT_USER',
  HKCR: 'HKEY_CLASSES_ROOT',
  HKEY_CLASSES_ROOT: 'HKEY_CLASSES_ROOT',
  HKU: 'HKEY_USERS',
  HKEY_USERS: 'HKEY_USERS',
  HKCC: 'HKEY_CURRENT_CONFIG',
  HKEY_CURRENT_CONFIG: 'HKEY_CURRENT_CONFIG',
}

/** Folders at the root of Unix, macOS and Android systems. */
export const UNIX_ROOTS = words(`
  tmp etc usr var bin sbin opt home root dev proc sys run lib lib32 lib64 mnt media boot srv Library Users Applications
  System private Volumes data sdcard storage vendor cores nix snap
`)

/** Extensions at which a file name with spaces ends. */
export const ENDING_EXTENSIONS = words(`
  exe dll sys bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta lnk msi msp cpl scr com pif jar class py pyc pyd sh pl rb lua
  au3 ahk doc docx docm dotm xls xlsx xlsm xlsb xll ppt pptx pptm rtf pdf one txt log ini cfg conf dat data bin db
  sqlite sqlite3 tmp temp bak old zip rar 7z gz tar cab iso img vhd vhdx xml json yml yaml csv html htm mht php asp aspx
  jsp jpg jpeg png gif bmp ico svg mp3 mp4 wav key pem crt cer pfx p12 reg inf plist dylib so ko app pkg dmg apk ipa deb
  rpm elf efi rom mui nls drv ocx tlb chm hlp url gadget theme evtx pdb lock pid sock
`)

/** Words that end a path in running text instead of continuing a file name with spaces. */
export const SMALL_WORDS = words(`
  and or to with using in from into as via the a an which that is was were are be then on by for of at it its and/or
  has have had will would can could where when while after before if but so under within inside if this these
  And Or To With In From The A Which That Is Was Then On By For Of At It If This
`)

/** Paths that every system has; alone they identify nothing. Compared without case, `\` as `/`, by their beginning. */
export const COMMON_UNIX_PREFIXES: readonly string[] = [
  '/bin/',
  '/sbin/',
  '/usr/',
  '/lib/',
  '/lib32/',
  '/lib64/',
  '/etc/',
  '/proc/',
  '/sys/',
  '/dev/null',
  '/dev/zero',
  '/dev/random',
  '/dev/urandom',
  '/dev/tcp/',
  '/dev/udp/',
  '/dev/tty',
  '/dev/std',
  '/dev/sd',
  '/dev/mem',
  '/dev/kmem',
  '/var/log',
  '/var/mail',
  '/var/adm',
  '/var/lib/',
  '/var/run/',
  '/var/spool/',
  '/var/cache/',
  '/var/www/',
  '/run/',
  '/opt/homebrew/',
  '/system/library/',
  '/system/bin/',
  '/system/app/',
  '/applications/utilities/',
  '/home/user/',
  '/home/runner/',
  '/users/user/',
  '/users/me/',
  '~/.ssh/',
  '~/.bash',
  '~/.zsh',
  '~/.profile',
  '~/.config/',
  '~/.local/',
  '~/.cache/',
  '~/.aws/',
  '~/.npm',
  '~/.git',
  '~/.docker/',
  '~/.kube/',
  '~/.vim',
  '$home/.ssh/',
  '$home/.bash',
  '$home/.config/',
]

/** Programs that ship with Windows: paths to them in the system folders identify nothing. */
export const WINDOWS_PROGRAMS = words(`
  cmd.exe powershell.exe powershell_ise.exe pwsh.exe rundll32.exe regsvr32.exe svchost.exe explorer.exe wscript.exe
  cscript.exe mshta.exe schtasks.exe reg.exe regedit.exe net.exe net1.exe netsh.exe sc.exe wmic.exe tasklist.exe
  taskkill.exe taskmgr.exe whoami.exe ipconfig.exe ping.exe nslookup.exe systeminfo.exe bitsadmin.exe certutil.exe
  vssadmin.exe wevtutil.exe bcdedit.exe wbadmin.exe msiexec.exe lsass.exe lsaiso.exe services.exe winlogon.exe csrss.exe
  smss.exe wininit.exe spoolsv.exe dllhost.exe conhost.exe notepad.exe calc.exe mspaint.exe control.exe mmc.exe
  gpupdate.exe gpresult.exe at.exe attrib.exe icacls.exe cacls.exe takeown.exe xcopy.exe robocopy.exe find.exe
  findstr.exe sort.exe more.com where.exe hostname.exe arp.exe route.exe netstat.exe nbtstat.exe tracert.exe ftp.exe
  curl.exe tar.exe ssh.exe scp.exe makecab.exe expand.exe extrac32.exe forfiles.exe fodhelper.exe eventvwr.exe
  computerdefaults.exe sdclt.exe cmstp.exe installutil.exe msbuild.exe regasm.exe regsvcs.exe csc.exe vbc.exe
  userinit.exe logonui.exe dwm.exe ctfmon.exe sihost.exe taskhost.exe taskhostw.exe runtimebroker.exe searchindexer.exe
  werfault.exe wermgr.exe wuauclt.exe consent.exe sethc.exe utilman.exe osk.exe magnify.exe narrator.exe
  ntdll.dll kernel32.dll kernelbase.dll user32.dll advapi32.dll shell32.dll shlwapi.dll ws2_32.dll wininet.dll
  winhttp.dll urlmon.dll ole32.dll oleaut32.dll msvcrt.dll crypt32.dll bcrypt.dll gdi32.dll comctl32.dll rpcrt4.dll
  secur32.dll samlib.dll amsi.dll mscoree.dll clr.dll comsvcs.dll dbghelp.dll psapi.dll version.dll setupapi.dll
  ntoskrnl.exe win32k.sys hal.dll ntfs.sys tcpip.sys hosts sam system security software default ntds.dit
`)

/** Folders (lower case) in which the programs above are at home. */
export const WINDOWS_SYSTEM_FOLDERS: readonly string[] = [
  'c:\\windows\\system32\\',
  'c:\\windows\\syswow64\\',
  'c:\\windows\\sysnative\\',
  'c:\\windows\\',
  'c:\\winnt\\system32\\',
  '%windir%\\system32\\',
  '%windir%\\syswow64\\',
  '%windir%\\',
  '%systemroot%\\system32\\',
  '%systemroot%\\syswow64\\',
  '%systemroot%\\',
  '%comspec%\\',
  '\\systemroot\\system32\\',
]
