import { GoTrueError } from './gotrue-error.ts'

const minimumLength = 8
/** Supabase hashes with bcrypt, which reads no more: what works here must work there. */
const maximumBytes = 72

/**
 * Refuses passwords that are easy to guess: short ones, the most used ones of published leaks, and those that are
 * little more than the person's own address. Supabase asks haveibeenpwned.org; this machine may have no network, so
 * here it is a list of the 18,000 most used passwords of a possible length.
 *
 * @param email - canonical.
 * @throws GoTrueError validation_failed or weak_password
 */
export async function requireStrongPassword(password: string, email: string): Promise<void> {
  if (password === '') throw new GoTrueError(400, 'validation_failed', 'Signup requires a valid password')
  if (Buffer.byteLength(password) > maximumBytes) {
    throw new GoTrueError(400, 'validation_failed', `Password cannot be longer than ${maximumBytes} bytes`)
  }
  if ([...password].length < minimumLength) {
    throw weak('length', `Password should be at least ${minimumLength} characters.`)
  }
  const plain = password.normalize('NFKC').toLowerCase()
  if ((await commonPasswords()).has(plain)) {
    throw weak('pwned', 'Password is known to be weak and easy to guess, please choose a different one.')
  }
  // What is left without the address has to be a password of its own.
  const withoutAddress = plain.replaceAll(email, '').replaceAll(email.slice(0, email.lastIndexOf('@')), '')
  if (withoutAddress !== plain && [...withoutAddress].length < minimumLength) {
    throw weak('email', 'Password should not be made of the email address.')
  }
}

let common: Promise<ReadonlySet<string>> | null = null

/** Loaded at the first sign-up: the list takes 30 ms and some megabytes. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].filter((word) => word.length >= minimumLength)),
  )
  return common
}

function weak(reason: string, message: string): GoTrueError {
  return new GoTrueError(422, 'weak_password', message, { extra: { weak_password: { reasons: [reason] } } })
}
