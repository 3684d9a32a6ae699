import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { ACTIONS, COMPOSITES, EXAMPLES, read, readYaml, stepsIn, WORKFLOWS, type Yaml } from './files.js'

const ALL = [...WORKFLOWS, ...EXAMPLES]

test('GitHub’s own language service finds nothing in any workflow, example or action', () => {
  const files = [...ALL, ...ACTIONS, ...COMPOSITES]
  const script = '__tests__/support/language-service.mjs'
  expect(JSON.parse(execFileSync(process.execPath, [script, ...files], { encoding: 'utf8' }))).toEqual([])
})

describe('what others’ code may do', () => {
  // The only references without a digest: this repository itself, and, in examples, this action by its tag.
  const ours = /^\.\/|^org\/cc-token-action(\/rotate)?@v1$/

  test.each([...ALL, ...COMPOSITES])(
    'every action in %s is pinned by its digest, with the version beside it',
    file => {
      const lines = read(file).split('\n')
      const uses = lines
        .map(line => /^\s*-?\s*uses:\s*(.*)$/.exec(line)?.[1])
        .filter(line => line !== undefined)
      const loose = uses.filter(
        line => !ours.test(line) && !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)
      )
      expect(loose).toEqual([])
      const steps = stepsIn(file, readYaml(file)).filter(({ step }) => step.uses)
      const jobs = Object.values<Yaml>(readYaml(file).jobs ?? {}).filter(job => job.uses)
      expect(uses).toHaveLength(steps.length + jobs.length)
    }
  )

  test('an action has one digest and one version everywhere', () => {
    const versions = new Map<string, Set<string>>()
    for (const file of [...ALL, ...COMPOSITES]) {
      for (const [, name = '', pin = ''] of read(file).matchAll(
        /uses: ([\w-]+\/[\w-]+)[\w/-]*@([0-9a-f]{40} # v\S+)/g
      ))
        versions.set(name, (versions.get(name) ?? new Set()).add(pin))
    }
    expect([...versions].filter(([, pins]) => pins.size > 1)).toEqual([])
  })

  test.each(ALL)('%s gives no permission but to the job that needs it', file => {
    const workflow = readYaml(file)
    expect(workflow.permissions).toEqual({})
    for (const [name, job] of Object.entries<Yaml>(workflow.jobs)) {
      expect([name, typeof job.permissions]).toEqual([name, 'object'])
      const writes = Object.keys(job.permissions).filter(right => job.permissions[right] !== 'read')
      expect([name, ...writes]).toEqual([name, ...(WRITES[`${file} ${name}`] ?? [])])
    }
  })

  test.each(ALL)('every job in %s ends, and no checkout leaves its token behind', file => {
    for (const [name, job] of Object.entries<Yaml>(readYaml(file).jobs)) {
      if (job.uses === undefined) expect([name, job['timeout-minutes']]).toEqual([name, expect.any(Number)])
    }
    const checkouts = stepsIn(file, readYaml(file)).filter(({ step }) =>
      step.uses?.startsWith('actions/checkout@')
    )
    for (const { step } of checkouts) expect(step.with?.['persist-credentials']).toBe(false)
  })

  test.each(WORKFLOWS)('%s says what happens when it runs twice at once', file => {
    expect(readYaml(file).concurrency).toEqual({
      group: expect.any(String),
      'cancel-in-progress': expect.anything()
    })
  })

  test.each([...ALL, ...COMPOSITES])('no script in %s has an expression in it', file => {
    // What an expression brings would run as a command; a variable of the environment is data.
    const scripts = stepsIn(file, readYaml(file)).filter(({ step }) => step.run?.includes('${{'))
    expect(scripts).toEqual([])
  })

  test('no workflow runs a pull request’s code with our rights', () => {
    expect(ALL.filter(file => /pull_request_target|workflow_run/.test(read(file)))).toEqual([])
  })

  test('every update waits', () => {
    const { updates } = readYaml('.github/dependabot.yml')
    expect(updates.map((update: Yaml) => update['package-ecosystem']).sort()).toEqual([
      'github-actions',
      'npm'
    ])
    for (const { cooldown } of updates) expect(cooldown['default-days']).toBeGreaterThanOrEqual(7)
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
