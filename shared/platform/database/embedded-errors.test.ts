import { expect, test } from 'vitest'
import { explainLog, fileError } from './embedded-errors.ts'

const folder = '/data/postgres'
const line = (text: string) => `2026-11-20 12:00:00.000 UTC [7] ${text}\n`

test.each([
  ['UNAVAILABLE', 'initdb: error: could not write to file "x": No space left on device', /No space left/],
  ['UNAVAILABLE', line('FATAL:  could not write lock file "postmaster.pid": No space left on device'), /No space/],
  ['PERMISSION', line('FATAL:  data directory "/data/postgres" has wrong ownership'), /chown/],
  ['PERMISSION', 'initdb: error: could not look up effective user ID 77: user does not exist\n', /a name; 77 has none/],
  ['DATA_DAMAGED', line('PANIC:  could not locate a valid checkpoint record at 0/1'), /Nothing was deleted/],
  ['DATA_DAMAGED', line('FATAL:  incorrect checksum in control file'), /incorrect checksum in control file/],
  ['UNAVAILABLE', line('FATAL:  could not create shared memory segment: Invalid argument'), /shared memory segment/],
  ['UNAVAILABLE', '', /said nothing/],
])('a server that ended gets %s for %j', (code, log, message) => {
  expect(explainLog(log, folder)).toMatchObject({ code, message: expect.stringMatching(message) })
})

test.each([
  ['EACCES', 'PERMISSION'],
  ['EPERM', 'PERMISSION'],
  ['EROFS', 'PERMISSION'],
  ['ENOSPC', 'UNAVAILABLE'],
  ['EDQUOT', 'UNAVAILABLE'],
  ['ENOTDIR', 'DATA_DAMAGED'],
  ['EIO', 'UNAVAILABLE'],
])('a file operation that failed with %s becomes %s and names the path', (errno, code) => {
  const cause = Object.assign(new Error('it failed'), { code: errno, path: '/data/x' })
  expect(fileError(cause, folder)).toMatchObject({ code, cause, message: expect.stringContaining('/data/x') })
})
