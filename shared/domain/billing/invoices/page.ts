/** Where things may stand on a page of A4, in points. */
export const page = { left: 44, right: 551, top: 48, bottom: 780, footer: 806 } as const

export const colours = {
  ink: '#1b2130',
  quiet: '#5d6678',
  line: '#d5dae3',
  band: '#f3f5f9',
  accent: '#1d4ed8',
} as const
