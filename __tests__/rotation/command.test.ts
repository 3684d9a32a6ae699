import { expect } from '@jest/globals'
import { systemClock } from '../../src/lib/clock.js'
import { runCommand } from '../../src/rotation/command.js'
import { newContext, withRunner } from '../support/in-process.js'
import { testOnPosix } from '../support/posix.js'

testOnPosix('empty lines count, too: 65,536 of them are 64 KiB', () =>
  withRunner(async runner => {
    const options = {
      context: newContext(systemClock),
      env: process.env,
      cwd: runner.folder,
      timeoutMs: 15_000
    }
    const { end } = await runCommand("printf '%99999s' | tr ' ' '\\n'", options)
    expect(end).toEqual({ exitCode: 0 })
    const lines = runner.log().trimEnd().split('\n')
    expect(lines).toHaveLength(65_537)
    expect(lines.slice(-2)).toEqual(['| ', '| (the rest of the output is not shown)'])
  })
)
