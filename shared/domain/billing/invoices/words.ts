const small = [
  ...['Zero', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten', 'Eleven', 'Twelve'],
  ...['Thirteen', 'Fourteen', 'Fifteen', 'Sixteen', 'Seventeen', 'Eighteen', 'Nineteen'],
]
const tens = ['', '', 'Twenty', 'Thirty', 'Forty', 'Fifty', 'Sixty', 'Seventy', 'Eighty', 'Ninety']
const units = [
  { value: 10_000_000, name: 'Crore' },
  { value: 100_000, name: 'Lakh' },
  { value: 1_000, name: 'Thousand' },
  { value: 100, name: 'Hundred' },
]

/** `Rupees One Lakh Five and Fifty Paise Only`, as Indian invoices say an amount again. @param paise not below zero */
export function amountInWords(paise: number): string {
  const rupees = Math.floor(paise / 100)
  const rest = paise % 100
  return `Rupees ${inWords(rupees)}${rest === 0 ? '' : ` and ${inWords(rest)} Paise`} Only`
}

function inWords(number: number): string {
  for (const { value, name } of units) {
    if (number < value) continue
    const rest = number % value
    return `${inWords(Math.floor(number / value))} ${name}${rest === 0 ? '' : ` ${inWords(rest)}`}`
  }
  if (number < 20) return small[number]!
  return `${tens[Math.floor(number / 10)]}${number % 10 === 0 ? '' : `-${small[number % 10]}`}`
}
