/** The chart of accounts, as `ledger_accounts` has it. */
export const accounts = {
  bank: '1000',
  /** Captured by the gateway, not settled yet. */
  clearing: '1100',
  heldForDisputes: '1150',
  inputCredit: '1300',
  parkedDifferences: '1900',
  /** What customers have paid and not been invoiced for, and credits of theirs. */
  advances: '2000',
  cgstPayable: '2110',
  sgstPayable: '2120',
  igstPayable: '2130',
  parkedReceipts: '2900',
  sales: '4000',
  gatewayFees: '5000',
  disputesLost: '5100',
} as const

export type AccountCode = (typeof accounts)[keyof typeof accounts]
