import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type ActRun, copyRepository, leaks, makeRepository, runAct } from '../support/act.js'
import { describeWith } from '../support/programs.js'

describeWith('act')('.github/workflows/integration.yml in act', () => {
  const folder = mkdtempSync(join(tmpdir(), 'integration-'))
  let run: ActRun

  beforeAll(async () => {
    copyRepository(folder)
    makeRepository(folder, 'example/deploy')
    run = await runAct({
      repository: folder,
      workflows: ['.github/workflows/integration.yml'],
      event: 'push',
      matrix: 'os:ubuntu-latest'
    })
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('every Linux job succeeds', () => {
    expect(run.jobs).toEqual({
      'integration/Every exchange on ubuntu-latest': 'success',
      'integration/A composite action that deploys with a token': 'success',
      'integration/Failures say why': 'success',
      'integration/Rotation': 'success'
    })
  })

  test('no clean-up fails', () => {
    const posts = run.steps.filter(({ stage }) => stage === 'Post')
    expect(posts.length).toBeGreaterThan(10)
    expect(posts.filter(({ result }) => result !== 'success')).toEqual([])
  })

  test('the log shows no token, and no secret outside the step that prints the emulator’s', () => {
    expect(run.masks.length).toBeGreaterThan(20)
    expect(new Set(leaks(run).map(({ step }) => step))).toEqual(new Set(['emulator']))
  })
})
