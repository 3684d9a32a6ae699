import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { GITHUB_TOKEN_FOR_ALL, type GitHub, startGithub } from '../../emulator/github/index.mjs'
import * as cxone from '../../src/auth/cxone/request.js'
import * as genesysInputs from '../../src/auth/genesys/request.js'
import { MAIN_INPUTS, ROTATE_INPUTS } from '../../src/lib/inputs.js'
import { cleanup, runAction } from '../support/runner.mjs'
import {
  ACTIONS,
  COMPOSITES,
  codeBlocks,
  DOCUMENTS,
  EXAMPLES,
  read,
  readYaml,
  type Step,
  stepsIn,
  WORKFLOWS,
  type Yaml
} from './files.js'

// action.yml, the code, README and the examples tell one truth, for both actions, in either direction.
type Values = Record<string, string>

const MAIN = { file: 'action.yml', bundle: 'dist/main/index.js', parsed: MAIN_INPUTS as Values }
const ROTATE = { file: 'rotate/action.yml', bundle: 'dist/rotate/index.js', parsed: ROTATE_INPUTS as Values }
const BOTH = [MAIN, ROTATE]

let genesys: GenesysEmulator
let github: GitHub
let credentials: Values
beforeAll(async () => {
  genesys = await startGenesys()
  github = await startGithub({ repositories: [{ name: 'example/deploy' }] })
  credentials = {
    provider: 'genesys',
    region: 'eu-west-1',
    'client-id': GENESYS_CLIENT.id,
    'client-secret': GENESYS_CLIENT.secret,
    'base-url': genesys.origin,
    'secret-name': 'TOKEN',
    'github-token': GITHUB_TOKEN_FOR_ALL
  }
})
afterAll(async () => {
  cleanup()
  await genesys.close()
  await github.close()
})

/** Runs a bundle with the credentials, those that it declares, and more. */
function run({ file, bundle }: typeof MAIN, more: Values) {
  const declared = Object.keys(readYaml(file).inputs)
  const inputs = Object.fromEntries(Object.entries(credentials).filter(([name]) => declared.includes(name)))
  const env = { GITHUB_API_URL: github.url }
  return runAction({ main: bundle, action: file, inputs: { ...inputs, ...more }, env })
}

describe.each(BOTH)('$file', action => {
  const { inputs, outputs, ...about } = readYaml(action.file)

  test('declares the inputs that the code reads, with its defaults', () => {
    const declared = Object.entries<Yaml>(inputs).map(([name, input]) => [name, input.default ?? ''])
    expect(Object.fromEntries(declared)).toEqual(action.parsed)
    // YAML would make something else than a text of `default: false`.
    expect(declared.filter(([, value]) => typeof value !== 'string')).toEqual([])
  })

  test('calls an input required where the step fails without it, and gives it no default', async () => {
    const required = Object.keys(inputs).filter(name => inputs[name].required === true)
    expect(required).toEqual(['provider'])
    expect(required.filter(name => inputs[name].default !== undefined)).toEqual([])
    for (const name of required) {
      const { outputs: said, log } = await run(action, { [name]: '' })
      expect([name, said['error-code']]).toEqual([
        name,
        expect.stringMatching(/^(invalid-input|missing-credential)$/)
      ])
      expect(log).toContain(name)
    }
  })

  test('declares the outputs that the bundle sets', async () => {
    const good = await run(action, {})
    const bad = await run(action, { region: 'nowhere' })
    expect([good.exitCode, bad.exitCode]).toEqual([0, 1])
    const set = new Set([...Object.keys(good.outputs), ...Object.keys(bad.outputs)])
    expect([...set].sort()).toEqual(Object.keys(outputs).sort())
    expect(Object.keys(bad.outputs)).toEqual(['error-code'])
  })

  test('describes everything, in texts that GitHub’s marketplace takes', () => {
    for (const [name, { description }] of Object.entries<Yaml>({ ...inputs, ...outputs }))
      expect([name, description]).toEqual([name, expect.stringMatching(/^\S.*\S$/)])
    expect(about.name).toMatch(/^(?!GitHub)[A-Z][\w ]{2,49}$/)
    expect(about.author).toMatch(/\S/)
    expect(about.description).toMatch(/^.{20,124}$/)
    // Which icons and colours there are, GitHub's language service says (workflows.test.ts).
    expect(about.branding).toEqual({ icon: expect.any(String), color: expect.any(String) })
  })

  test('names the variables that the code falls back to', () => {
    const fallbacks = new Map<string, Set<string>>([
      ['region', new Set([...genesysInputs.REGION_VARIABLES, ...cxone.REGION_VARIABLES])],
      ['service-account-id', new Set([genesysInputs.SERVICE_ACCOUNT_VARIABLE])]
    ])
    for (const source of [genesysInputs.CLIENT, cxone.CLIENT, cxone.ACCESS_KEY]) {
      for (const half of ['id', 'secret'] as const) {
        const variables = source.variables.map(pair => pair[half])
        fallbacks.set(source[half], new Set([...(fallbacks.get(source[half]) ?? []), ...variables]))
      }
    }
    const page = read('docs/environment-variables.md')
    for (const [name, { description }] of Object.entries<Yaml>(inputs)) {
      const expected = fallbacks.get(name) ?? new Set()
      if (name !== 'tool-env') expect([name, variablesIn(description)]).toEqual([name, expected])
      const row = page.split('\n').find(line => line.startsWith(`| \`${name}\` |`)) ?? ''
      expect([name, variablesIn(row)]).toEqual([name, expected])
    }
  })
})

test('the two actions can be told apart, and say the same of what they have in common', () => {
  const [main, rotate] = ACTIONS.map(readYaml)
  expect(main.name).not.toBe(rotate.name)
  const differing = Object.keys(main.inputs).filter(
    name => rotate.inputs[name] && rotate.inputs[name].description !== main.inputs[name].description
  )
  expect(differing).toEqual(['verify', 'allowed-organization-ids'])
})

test('the READMEs have the tables that `npm run docs` writes', () => {
  const check = () =>
    execFileSync(process.execPath, ['scripts/readme-tables.mjs', '--check'], { stdio: 'pipe' })
  expect(check).not.toThrow()
})

/** The platforms' variables that a text names. */
function variablesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/`((?:GENESYS|CXONE)[A-Z_]+)`/g)].map(([, variable = '']) => variable))
}

/** Everything that people copy: files, and the blocks of YAML in documents. */
function copied(): { where: string; document: Yaml }[] {
  const files = [...WORKFLOWS, ...EXAMPLES, ...COMPOSITES].map(where => ({ where, text: read(where) }))
  return [...files, ...DOCUMENTS.flatMap(codeBlocks)].map(({ where, text }) => {
    try {
      return { where, document: parse(text) }
    } catch (error) {
      throw new Error(`${where} is no YAML: ${error}`)
    }
  })
}

/** Which of our actions a step uses. */
function actionOf(step: Yaml): typeof MAIN | undefined {
  const uses = String(step?.uses ?? '').replace(/@.*/, '')
  if (uses === './' || uses === 'org/cc-token-action') return MAIN
  return uses === './rotate' || uses === 'org/cc-token-action/rotate' ? ROTATE : undefined
}

describe('workflows, examples and blocks of YAML in documents', () => {
  let steps: Step[]
  beforeAll(() => {
    steps = copied().flatMap(({ where, document }) => stepsIn(where, document))
  })

  test('both actions are shown', () => {
    const shown = steps.map(({ step }) => actionOf(step)?.file)
    expect(shown.filter(file => file === MAIN.file).length).toBeGreaterThan(10)
    expect(shown.filter(file => file === ROTATE.file).length).toBeGreaterThan(3)
  })

  test('give inputs that exist, and all that are required', () => {
    for (const { where, step } of steps) {
      const action = actionOf(step)
      if (action === undefined) continue
      const given = Object.keys(step.with ?? {})
      const required = Object.entries<Yaml>(readYaml(action.file).inputs).filter(
        ([, input]) => input.required
      )
      const wrong = [
        ...given.filter(name => !(name in action.parsed)).map(name => `${name} does not exist`),
        ...required.filter(([name]) => !given.includes(name)).map(([name]) => `${name} is missing`)
      ]
      expect([where, ...wrong]).toEqual([where])
    }
  })

  test('say nothing that is the default anyway', () => {
    const idle = steps.flatMap(({ where, step }) => {
      const action = actionOf(step)
      const given = Object.entries(step?.with ?? {}).map(([name, value]) => [name, String(value)] as const)
      return given
        .filter(([name, value]) => action?.parsed[name] === value && value !== '')
        .map(([name]) => `${where}: ${name}`)
    })
    expect(idle).toEqual([])
  })

  test('take outputs that exist from steps that exist', () => {
    for (const { where, step, beside } of steps) {
      for (const [, id, output = ''] of JSON.stringify(step).matchAll(
        /steps\.([\w-]+)\.outputs\.([\w-]+)/g
      )) {
        const source = beside.find(other => other?.id === id)
        expect([where, id, source !== undefined]).toEqual([where, id, true])
        const action = actionOf(source)
        if (action)
          expect([where, Object.keys(readYaml(action.file).outputs)]).toEqual([
            where,
            expect.arrayContaining([output])
          ])
      }
    }
  })

  test('take outputs of an action or job as its own declaration says', () => {
    for (const { where, document } of copied()) {
      const declared = [
        document?.outputs,
        ...Object.values<Yaml>(document?.jobs ?? {}).map(job => job.outputs)
      ]
      const all = stepsIn(where, document).map(({ step }) => step)
      for (const [, id, output = ''] of JSON.stringify(declared).matchAll(
        /steps\.([\w-]+)\.outputs\.([\w-]+)/g
      )) {
        const action = actionOf(all.find(step => step.id === id))
        if (action)
          expect([where, Object.keys(readYaml(action.file).outputs)]).toEqual([
            where,
            expect.arrayContaining([output])
          ])
      }
    }
  })
})
