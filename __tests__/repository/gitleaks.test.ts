import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { describeWith, run } from '../support/programs.js'

// .gitleaks.toml holds the exceptions. A finding is printed without its secret.
const gitleaks = (folder: string) =>
  run('gitleaks', [
    'dir',
    folder,
    '--config=.gitleaks.toml',
    '--no-banner',
    '--no-color',
    '--verbose',
    '--redact'
  ])

describeWith('gitleaks')('gitleaks', () => {
  test('finds no secret in the repository', () => {
    expect(gitleaks('.')).toEqual({ code: 0, output: '' })
  })

  test('still finds a key with the same configuration', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gitleaks-'))
    // Not written out, or gitleaks would find it here.
    writeFileSync(
      join(folder, 'settings.ini'),
      `client_secret = ${'dGhpcyBpcyBub3QgYSByZWFsIGtleQ'.split('').reverse().join('')}\n`
    )
    const { code, output } = gitleaks(folder)
    rmSync(folder, { recursive: true, force: true })
    expect(code).toBe(1)
    expect(output).toContain('generic-api-key')
  })
})
