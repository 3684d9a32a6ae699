import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { ACTIONS, COMPOSITES, EXAMPLES, read, readYaml, WORKFLOWS, type Yaml } from './files.js'

const ALL = [...WORKFLOWS, ...EXAMPLES]

test('GitHub’s own language service finds nothing in any workflow, example or action', () => {
  const files = [...ALL, ...ACTIONS, ...COMPOSITES]
  const script = '__tests__/support/language-service.mjs'
  expect(JSON.parse(execFileSync(process.execPath, [script, ...files], { encoding: 'utf8' }))).toEqual([])
})

// zizmor (linters.test.ts) finds actions without a digest, expressions in scripts, tokens that a checkout leaves behind,
// dangerous triggers, updates without a wait, and workflows that say nothing of concurrency.
describe('what others’ code may do', () => {
  test('an action has one digest everywhere, with the version beside it', () => {
    const lines = [...ALL, ...COMPOSITES].flatMap(file => read(file).split('\n'))
    const pins = new Map<string, string>()
    for (const line of lines) {
      const [, used = '', name = '', pin = ''] = /uses: ((\w[\w-]*\/[\w-]+)[\w/-]*@(.*))/.exec(line) ?? []
      if (used === '' || /^org\/cc-token-action(\/rotate)?@v1$/.test(used)) continue
      expect([name, pin]).toEqual([name, expect.stringMatching(/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/)])
      expect([name, pin]).toEqual([name, pins.get(name) ?? pin])
      pins.set(name, pin)
    }
  })

  test('updates of dependencies wait for a week', () => {
    const { updates } = readYaml('.github/dependabot.yml')
    expect(updates.map((update: Yaml) => update['package-ecosystem']).sort()).toEqual([
      'github-actions',
      'npm'
    ])
    for (const { cooldown } of updates) expect(cooldown['default-days']).toBeGreaterThanOrEqual(7)
  })

  test.each(ALL)('%s gives no permission but to the job that needs it, and every job ends', file => {
    const workflow = readYaml(file)
    expect(workflow.permissions).toEqual({})
    for (const [name, job] of Object.entries<Yaml>(workflow.jobs)) {
      expect([name, typeof job.permissions]).toEqual([name, 'object'])
      const writes = Object.keys(job.permissions).filter(right => job.permissions[right] !== 'read')
      expect([name, ...writes]).toEqual([name, ...(WRITES[`${file} ${name}`] ?? [])])
      if (job.uses === undefined) expect([name, job['timeout-minutes']]).toEqual([name, expect.any(Number)])
    }
  })
})

/** All rights to write that there are, by workflow and job. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  '.github/workflows/canary.yml ask': ['issues'],
  '.github/workflows/codeql.yml analyze': ['security-events'],
  '.github/workflows/scorecard.yml analysis': ['security-events', 'id-token'],
  '.github/workflows/release.yml publish': ['contents', 'id-token', 'attestations']
}

describe('issue forms', () => {
  test.each(['bug', 'feature'])('%s has what GitHub requires', name => {
    const form = readYaml(`.github/ISSUE_TEMPLATE/${name}.yml`)
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) })
    const fields = form.body.filter((field: Yaml) => field.type !== 'markdown')
    expect(new Set(fields.map((field: Yaml) => field.id)).size).toBe(fields.length)
    for (const { type, id, attributes } of fields) {
      expect(['input', 'textarea', 'dropdown', 'checkboxes']).toContain(type)
      expect(id).toMatch(/^[\w-]+$/)
      expect(attributes.label).toEqual(expect.any(String))
      if (type === 'dropdown') expect(new Set(attributes.options).size).toBe(attributes.options.length)
    }
  })
})

test('what is told to be run by npm can be', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const told = [...WORKFLOWS, 'README.md', '.github/PULL_REQUEST_TEMPLATE.md'].flatMap(file =>
    [...read(file).matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name)
  )
  expect(told).toEqual(expect.arrayContaining(['demo', 'build', 'sbom', 'docs']))
  expect(told.filter(name => !(name in scripts))).toEqual([])
})

test('the bill of materials names every package in the bundles', () => {
  const sbom = JSON.parse(execFileSync(process.execPath, ['scripts/sbom.mjs'], { encoding: 'utf8' }))
  expect(sbom.bomFormat).toBe('CycloneDX')
  expect(sbom.components.map((component: Yaml) => component.name)).toContain('tunnel')
})
