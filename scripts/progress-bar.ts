const barWidth = 24

/** One line at the bottom of a terminal that says how far the files have come; silent where there is no terminal. */
export class ProgressBar {
  readonly #total: number
  #done = 0

  constructor(totalFiles: number) {
    this.#total = totalFiles
  }

  /** @param fraction how much of this file is done, 0 to 1 */
  show(file: string, fraction: number, message: string): void {
    if (!process.stderr.isTTY) return
    const filled = Math.round((barWidth * Math.min(this.#total, this.#done + fraction)) / this.#total)
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
    const line = `${bar} ${this.#done}/${this.#total}  ${file}: ${message}`
    process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns || 80)}`)
  }

  fileDone(): void {
    this.#done++
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}
