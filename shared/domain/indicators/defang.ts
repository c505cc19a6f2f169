import type { IndicatorType } from '../extraction/types.ts'

const dots = (value: string): string => value.replaceAll('.', '[.]')

/** Only the host is broken: it is enough that nobody follows the link, and the path stays readable. */
function defangUrl(value: string): string {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/.exec(value)
  if (parts === null) return dots(value)
  const [whole, scheme = '', authority = ''] = parts
  const harmless = scheme.replace(/^http/i, 'hxxp').replace(/^ftp/i, 'fxp')
  return `${harmless}://${dots(authority).replaceAll('@', '[@]')}${value.slice(whole.length)}`
}

/**
 * A value as analysts pass it on: broken so that no program makes a link of it and no one follows it by accident.
 *
 * @param type indicator type; types that nobody can follow are left as they are
 * @param value canonical value, refanged
 */
export function defang(type: IndicatorType, value: string): string {
  switch (type) {
    case 'ipv4':
    case 'ipv4-cidr':
    case 'ipv4-port':
    case 'domain':
    case 'onion':
    case 'i2p':
      return dots(value)
    case 'ipv6':
    case 'ipv6-cidr':
    case 'ipv6-port':
      return value.replaceAll(':', '[:]')
    case 'email':
      return dots(value).replaceAll('@', '[@]')
    case 'url':
      return defangUrl(value)
    default:
      return value
  }
}
