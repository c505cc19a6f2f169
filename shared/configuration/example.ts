import * as v from 'valibot'
import { notesOf, settingGroups } from '../config.ts'
import { localSettings } from './local.ts'

const width = 100

/** The text of `.env.example`: every setting with its meaning and default; what has none or is secret is left empty. */
export function envExample(): string {
  const groups = Object.entries({ ...settingGroups, 'Only for npm start on one machine': localSettings })
  const sections = groups.map(([title, settings]) => {
    const entries = Object.entries(settings).map(([name, schema]) => describeSetting(name, schema))
    return `# ---- ${title} ${'-'.repeat(Math.max(4, width - title.length - 8))}\n\n${entries.join('\n')}`
  })
  const head = [
    '# Settings of RaptorFlow ADAPT, made from shared/config.ts by `npm run manifest`. Copy what you need to .env.',
    '# `npm start` needs none of them: it makes its own addresses, accounts and secrets.',
    '# A value may be a reference to a secret: SIGNING_SECRET=sm://cursor-secret',
  ].join('\n')
  return `${head}\n\n${sections.join('\n')}`
}

function describeSetting(name: string, schema: v.GenericSchema): string {
  const isSecret = notesOf(schema).secret === true
  const optional = schema.type === 'optional'
  const standard = optional ? v.getDefault(schema as never) : undefined
  const notes = [isSecret && 'secret', !optional && 'required', ...choicesOf(schema)].filter(Boolean).join(', ')
  const text = `${v.getDescription(schema as never) ?? ''}${notes ? ` (${notes})` : ''}`
  const value = isSecret || standard === undefined ? '' : String(standard)
  // Optional settings are commented out: what stands here is what holds without them.
  return `${wrapComment(text)}\n${optional ? '# ' : ''}${name}=${value}\n`
}

function choicesOf(schema: v.GenericSchema): string[] {
  const { wrapped = schema } = schema as { wrapped?: { options?: readonly string[] } }
  const { options } = wrapped as { options?: readonly string[] }
  return options ? [options.join(' | ')] : []
}

function wrapComment(text: string): string {
  const lines = ['#']
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > width) lines.push('#')
    lines[lines.length - 1] += ` ${word}`
  }
  return lines.join('\n')
}
