import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { describeWith, run } from '../support/programs.js'
import { ACTIONS, COMPOSITES, EXAMPLES, layOutExamples, WORKFLOWS } from './files.js'

// .github/zizmor.yml and .gitleaks.toml hold the exceptions.
const folder = mkdtempSync(join(tmpdir(), 'linters-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describeWith('actionlint')('actionlint', () => {
  // Without shellcheck and pyflakes, which it would use where they happen to be installed.
  const actionlint = (files: readonly string[], cwd: string) =>
    run('actionlint', ['-no-color', '-shellcheck=', '-pyflakes=', ...files], cwd)

  test('finds nothing in the workflows', () => {
    expect(actionlint(WORKFLOWS, '.')).toEqual({ code: 0, output: '' })
  })

  test('finds nothing in the examples, each where its comment says to copy it', () => {
    const repository = join(folder, 'repository')
    layOutExamples(repository)
    // It looks for the root of a repository.
    mkdirSync(join(repository, '.git'))
    const files = EXAMPLES.map(file => `.github/workflows/${basename(file)}`)
    expect(actionlint(files, repository)).toEqual({ code: 0, output: '' })
  })
})

describeWith('zizmor')('zizmor, as a strict auditor,', () => {
  const zizmor = (...files: string[]) =>
    run('zizmor', ['--offline', '--persona=auditor', '--quiet', '--config=.github/zizmor.yml', ...files])

  test('finds nothing in the workflows, the examples and the actions', () => {
    const files = [...WORKFLOWS, ...EXAMPLES, ...ACTIONS, ...COMPOSITES, '.github/dependabot.yml']
    expect(zizmor(...files)).toEqual({ code: 0, output: expect.stringContaining('No findings to report') })
  })

  test('still finds an expression in a script', () => {
    const file = join(folder, 'action.yml')
    const step = `{ shell: bash, run: 'echo \${{ github.event.issue.title }}' }`
    writeFileSync(file, `name: x\ndescription: x\nruns: { using: composite, steps: [${step}] }\n`)
    const { code, output } = zizmor(file)
    expect([code === 0, output]).toEqual([false, expect.stringContaining('template-injection')])
  })
})

describeWith('gitleaks')('gitleaks', () => {
  // A finding is printed without its secret.
  const options = ['--config=.gitleaks.toml', '--no-banner', '--no-color', '--verbose', '--redact']
  const gitleaks = (place: string) => run('gitleaks', ['dir', place, ...options])

  test('finds no secret in the repository', () => {
    expect(gitleaks('.')).toEqual({ code: 0, output: '' })
  })

  test('still finds a key', () => {
    // Not written out, or gitleaks would find it here.
    const key = 'dGhpcyBpcyBub3QgYSByZWFsIGtleQ'.split('').reverse().join('')
    writeFileSync(join(folder, 'settings.ini'), `client_secret = ${key}\n`)
    expect(gitleaks(folder)).toEqual({ code: 1, output: expect.stringContaining('generic-api-key') })
  })
})
