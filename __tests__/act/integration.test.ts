import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type ActRun, leaks, makeRepository, runAct } from '../support/act.js'
import { describeWith } from '../support/programs.js'

const WORKFLOW = '.github/workflows/integration.yml'

describeWith('act')(`${WORKFLOW} in act`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'integration-'))
  let run: ActRun

  beforeAll(async () => {
    const used = ['action.yml', 'dist', 'rotate', 'emulator', 'scripts', '.github/actions', WORKFLOW]
    for (const part of used) cpSync(part, join(folder, part), { recursive: true })
    makeRepository(folder, 'example/deploy')
    run = await runAct({
      repository: folder,
      workflows: [WORKFLOW],
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
