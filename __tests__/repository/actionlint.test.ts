import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { describeWith, run } from '../support/programs.js'
import { EXAMPLES, layOutExamples, WORKFLOWS } from './files.js'

// Without shellcheck and pyflakes, which it would use where they happen to be installed.
const actionlint = (files: readonly string[], cwd?: string) =>
  run('actionlint', ['-no-color', '-shellcheck=', '-pyflakes=', ...files], cwd)

describeWith('actionlint')('actionlint', () => {
  test('finds nothing in the workflows', () => {
    expect(actionlint(WORKFLOWS)).toEqual({ code: 0, output: '' })
  })

  test('finds nothing in the examples, each where its comment says to copy it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'actionlint-'))
    layOutExamples(folder)
    // It looks for the root of a repository.
    mkdirSync(join(folder, '.git'))
    const result = actionlint(
      EXAMPLES.map(file => `.github/workflows/${basename(file)}`),
      folder
    )
    rmSync(folder, { recursive: true, force: true })
    expect(result).toEqual({ code: 0, output: '' })
  })
})
