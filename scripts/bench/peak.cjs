/**
 * Loaded before a script that is measured: says at its end how much memory it took at the most, in kB, on stderr.
 * Linux counts a parent's memory into its child's `resourceUsage().maxRSS`, so what it says of the process itself
 * is read there.
 */
const { readFileSync, writeSync } = require('node:fs')

process.on('exit', () => {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : ''
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS
  writeSync(2, `peak ${kilobytes}\n`)
})
