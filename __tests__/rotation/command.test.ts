import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { systemClock } from '../../src/lib/clock.js'
import { Secret } from '../../src/lib/secret.js'
import { runCommand } from '../../src/rotation/command.js'
import { newContext, withRunner } from '../support/in-process.js'
import { describeOnPosix } from '../support/posix.js'
import { RunnerLog } from '../support/runner-log.mjs'

/** Runs a command in an empty folder. Returns how it ended, the lines of the log, and the file `out`. */
const run = (command: string, options: Partial<Parameters<typeof runCommand>[1]> = {}) =>
  withRunner(async ({ folder, log }) => {
    const context = newContext(systemClock)
    const result = await runCommand(command, {
      context,
      env: process.env,
      cwd: folder,
      timeoutMs: 15_000,
      ...options
    })
    const out = join(folder, 'out')
    return {
      ...result,
      lines: log().split('\n').slice(0, -1),
      out: existsSync(out) ? readFileSync(out, 'utf8') : undefined
    }
  })

const REST = '| (the rest of the output is not shown)'

describeOnPosix('a command', () => {
  test.each([
    ['true', 0],
    ['false; true', 1],
    ['false | true', 1],
    ['no-such-program', 127]
  ])('runs in bash with -e and pipefail: %s', async (command, exitCode) => {
    expect((await run(command)).end).toEqual({ exitCode })
  })

  test('may have several lines and every kind of quote', async () => {
    const { out } = await run(`# first a comment\nname="out"\ncat <<'END' > "$name"\n"$0" 'it'\nEND`)
    expect(out).toBe(`"$0" 'it'\n`)
  })

  test('gets its input without a line break, also by /dev/stdin', async () => {
    const { out } = await run('cp /dev/stdin out', { input: new Secret('the token') })
    expect(out).toBe('the token')
  })

  test('need not read its input', async () => {
    const { end, lines } = await run('exec <&-; exit 0', { input: new Secret('the token') })
    expect([end, lines]).toEqual([{ exitCode: 0 }, []])
  })

  test('is not started without its input, which a step that was killed did not write', async () => {
    const { end, out } = await run('touch out', { input: new Secret('') })
    expect([end, out]).toEqual([{ exitCode: 1 }, undefined])
  })

  test('that is too slow is ended, although it ignores SIGTERM', async () => {
    const startedAtMs = performance.now()
    const { end } = await run("trap '' TERM; sleep 30 & while true; do wait; done", { timeoutMs: 300 })
    expect([end, performance.now() - startedAtMs < 10_000]).toEqual(['timeout', true])
  })

  test('that leaves a process with its output in another group is not waited for', async () => {
    const { end, out } = await run(
      "setsid bash -c 'echo $$ > out; exec sleep 30' & until [ -s out ]; do :; done"
    )
    process.kill(Number(out), 'SIGKILL')
    expect(end).toEqual({ exitCode: 0 })
  })
})

describeOnPosix('the log of a command', () => {
  test('contains both streams line by line, and no workflow command', async () => {
    const { lines } = await run(
      `printf '::error::boom\\n  ::set-output name=rotated::no\\n##[error]boom\\ncr\\r::add-mask::true\\n'
      printf 'text ##[add-mask]true\\nlast line' >&2`
    )
    expect([...lines].sort()).toEqual(
      [
        '| ::error::boom',
        '|   ::set-output name=rotated::no',
        '| # #[error]boom',
        '| cr',
        '| ::add-mask::true',
        '| text # #[add-mask]true',
        '| last line'
      ].sort()
    )
    const runnerLog = new RunnerLog({})
    const stream = runnerLog.stream()
    stream.write(`${lines.join('\n')}\n`)
    stream.end()
    expect(runnerLog.commands).toEqual([])
  })

  test.each([
    ['lines', 'seq -f "%060.0f" 9999'],
    ['lines on both streams', 'seq -f "%060.0f" 9999 | tee >(cat >&2)'],
    ['empty lines', "printf '%99999s' | tr ' ' '\\n'"]
  ])('has up to 64 KiB, which does not end the command: %s', async (_, command) => {
    const { end, lines } = await run(command)
    expect([end, lines.indexOf(REST)]).toEqual([{ exitCode: 0 }, lines.length - 1])
    // Each line was printed with a line break, and is logged after two characters.
    const length = lines.slice(0, -1).reduce((sum, line) => sum + line.length - 1, 0)
    expect(length).toBeLessThanOrEqual(65_536)
    expect(length).toBeGreaterThan(65_000)
  })

  test('does not show a line of more than 8,192 characters', async () => {
    const { lines } = await run("for n in 8192 8193; do head -c $n /dev/zero | tr '\\0' x; echo; done")
    expect(lines).toEqual([`| ${'x'.repeat(8192)}`, '| (a line of 8193 characters)'])
  })

  test('does not show a million characters without a line break', async () => {
    expect((await run("head -c 1000000 /dev/zero | tr '\\0' x")).lines).toEqual([REST])
  })
})

describeOnPosix('standard output that is collected', () => {
  test('has up to 64 KiB', async () => {
    const { end, stdout } = await run('head -c 65536 /dev/zero', { onCollected: () => {} })
    expect([end, stdout.length]).toEqual([{ exitCode: 0 }, 65_536])
  })

  test('ends the command if it is longer', async () => {
    const options = { timeoutMs: 60_000, onCollected: () => {} }
    expect((await run('head -c 65537 /dev/zero; sleep 50', options)).end).toBe('too-much-output')
  })
})
