import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { describeWith, run } from '../support/programs.js'
import { ACTIONS, COMPOSITES, EXAMPLES, WORKFLOWS } from './files.js'

// .github/zizmor.yml holds the exceptions.
const zizmor = (...args: string[]) => run('zizmor', ['--offline', '--persona=auditor', '--quiet', ...args])

describeWith('zizmor')('zizmor, as a strict auditor,', () => {
  test('finds nothing in the workflows, the examples and the actions', () => {
    const files = [...WORKFLOWS, ...EXAMPLES, ...ACTIONS, ...COMPOSITES, '.github/dependabot.yml']
    expect(zizmor(...files)).toEqual({ code: 0, output: expect.stringContaining('No findings to report') })
  })

  test('still finds an expression in a script with the same configuration', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zizmor-'))
    const file = join(folder, 'action.yml')
    const step = `{ shell: bash, run: 'echo \${{ github.event.issue.title }}' }`
    writeFileSync(file, `name: x\ndescription: x\nruns: { using: composite, steps: [${step}] }\n`)
    const { code, output } = zizmor('--config=.github/zizmor.yml', file)
    rmSync(folder, { recursive: true, force: true })
    expect(code).not.toBe(0)
    expect(output).toContain('template-injection')
  })
})
