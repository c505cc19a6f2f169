/** Ends the program with a clear sentence when it isn't run by the Node that `npm ci` installed. */
export function requireNode(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return
  console.error(
    `This needs the Node 24 that \`npm ci\` installs, and got ${process.versions.node}: start it through npm.`,
  )
  process.exit(1)
}
