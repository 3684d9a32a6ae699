/**
 * `npm run emulator`: Genesys Cloud, NICE CXone and GitHub's API on this machine, to try the action without an
 * account. Needs Node 20 or newer. In a workflow, the addresses and credentials become outputs of the step.
 */
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readNumber, readOptions } from '../scripts/lib/command-line.mjs'
import { MODES } from './modes.mjs'
import { PORT_COUNT, startEmulator } from './start.mjs'

/** @typedef {Record<string, string>} Addresses */

const modeOptions = /** @type {Record<keyof typeof MODES, {help: string}>} */ (
  Object.fromEntries(Object.entries(MODES).map(([name, help]) => [name, { help }]))
)
const options = readOptions({
  usage: 'npm run emulator -- [options]',
  about:
    'Starts Genesys Cloud, NICE CXone and GitHub’s API on 127.0.0.1, prints their addresses and made-up\n' +
    'credentials, and runs until Ctrl-C. emulator/README.md lists the rules that it enforces.',
  options: {
    port: { value: 'NUMBER', help: `first of ${PORT_COUNT} ports in a row; without it, free ports are used` },
    background: { help: 'return when everything answers; the emulator runs on in the background' },
    seconds: { value: 'NUMBER', default: '3600', help: 'end the background process after this time' },
    ...modeOptions
  }
})
const modes = Object.entries(options).flatMap(([name, value]) => (name in MODES && value ? [name] : []))
const port =
  options.port === undefined
    ? undefined
    : readNumber('--port', options.port, { least: 1, most: 65_536 - PORT_COUNT })
const seconds = readNumber('--seconds', options.seconds, { least: 1, most: 86_400 })

if (options.background) await startInBackground()
else await run()

/** Runs until a signal, or until the time is up if it is the background process. */
async function run() {
  const { addresses, close } = await startEmulator({ modes, ...(port !== undefined && { port }) }).catch(fail)
  const stop = () => void close().then(() => process.exit())
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  if (process.send) {
    process.send(addresses)
    setTimeout(stop, seconds * 1000)
  } else {
    print(addresses)
    console.log('\nRunning. Press Ctrl-C to stop.')
  }
}

/** Starts the background process and returns when it answers. */
async function startInBackground() {
  const args = modes.map(mode => `--${mode}`)
  if (options.port !== undefined) args.push('--port', options.port)
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), '--seconds', options.seconds, ...args],
    {
      detached: true,
      windowsHide: true,
      // The child inherits no stream: who waits for the end of our output must not wait for the child.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc']
    }
  )
  child.once('exit', () => fail(new Error('it ended at once; run it without --background to see why')))
  const addresses = await new Promise(resolve => child.once('message', resolve))
  child.removeAllListeners('exit')
  child.disconnect()
  child.unref()
  print({ .../** @type {Addresses} */ (addresses), pid: String(child.pid) })
  console.log(`\nRunning in the background for ${seconds} seconds. Stop it with: kill ${child.pid}`)
}

/** Prints one `name=value` a line, and writes the same to the outputs of a workflow's step. @param {Addresses} addresses */
function print(addresses) {
  const lines = Object.entries(addresses).map(([name, value]) => `${name}=${value}\n`)
  process.stdout.write(lines.join(''))
  if (process.env['GITHUB_OUTPUT']) appendFileSync(process.env['GITHUB_OUTPUT'], lines.join(''))
  if (!('github-proxy' in addresses)) {
    console.error('No github-proxy: openssl is not installed. Only rotate on a real runner needs it.')
  }
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function fail(error) {
  console.error(`The emulator did not start: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}
