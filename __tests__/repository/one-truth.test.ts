import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { GENESYS_CLIENT, type GenesysEmulator, startGenesys } from '../../emulator/genesys.mjs'
import { GITHUB_TOKEN_FOR_ALL, type GitHub, startGithub } from '../../emulator/github/index.mjs'
import * as cxone from '../../src/auth/cxone/request.js'
import * as genesysInputs from '../../src/auth/genesys/request.js'
import { MAIN_INPUTS, ROTATE_INPUTS } from '../../src/lib/inputs.js'
import { main } from '../../src/main.js'
import { rotate } from '../../src/rotate.js'
import { parseCommandFile } from '../support/command-files.mjs'
import { runStep } from '../support/in-process.js'
import { run as runProgram } from '../support/programs.js'
import {
  ACTIONS,
  COMPOSITES,
  codeBlocks,
  DOCUMENTS,
  EXAMPLES,
  read,
  readYaml,
  stepsIn,
  WORKFLOWS,
  type Yaml
} from './files.js'

// action.yml, the code, README and the examples tell one truth, for both actions, in either direction.
type Values = Record<string, string>

const MAIN = { file: 'action.yml', step: main, parsed: MAIN_INPUTS as Values }
const ROTATE = { file: 'rotate/action.yml', step: rotate, parsed: ROTATE_INPUTS as Values }

let genesys: GenesysEmulator
let github: GitHub
beforeAll(async () => {
  genesys = await startGenesys()
  github = await startGithub({ repositories: [{ name: 'example/deploy' }] })
})
afterAll(() => Promise.all([genesys.close(), github.close()]))

/** Runs a step with what action.yml declares of these credentials, its defaults, and more. */
async function run({ file, step, parsed }: typeof MAIN, more: Values) {
  const credentials: Values = {
    provider: 'genesys',
    region: 'eu-west-1',
    'client-id': GENESYS_CLIENT.id,
    'client-secret': GENESYS_CLIENT.secret,
    'base-url': genesys.origin,
    'secret-name': 'TOKEN',
    'github-token': GITHUB_TOKEN_FOR_ALL
  }
  const declared = Object.keys(readYaml(file).inputs)
  const inputs = Object.fromEntries(Object.entries(credentials).filter(([name]) => declared.includes(name)))
  const env = { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: 'example/deploy' }
  const ran = await runStep(step, { inputs: { ...parsed, ...inputs, ...more }, env })
  return { ...ran, outputs: parseCommandFile(ran.output) }
}

describe.each([MAIN, ROTATE])('$file', action => {
  const { inputs, outputs, ...about } = readYaml(action.file)

  test('declares the inputs of src/lib/inputs.ts, with the same defaults', () => {
    const declared = Object.entries<Yaml>(inputs).map(([name, input]) => [name, input.default ?? ''])
    expect(Object.fromEntries(declared)).toEqual(action.parsed)
  })

  test('calls an input required where the step fails without it, and gives it no default', async () => {
    const required = Object.keys(inputs).filter(name => inputs[name].required === true)
    expect([required, inputs.provider.default]).toEqual([['provider'], undefined])
    const { code, stdout } = await run(action, { provider: '' })
    expect([code, stdout]).toEqual(['invalid-input', expect.stringContaining('Input provider is empty')])
  })

  test('declares the outputs that the step sets', async () => {
    const good = await run(action, {})
    const bad = await run(action, { region: 'nowhere' })
    expect([good.exitCode, Object.keys(bad.outputs)]).toEqual([0, ['error-code']])
    expect([...Object.keys(good.outputs), 'error-code'].sort()).toEqual(Object.keys(outputs).sort())
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

test('the READMEs and docs/hosts.md have what `npm run docs` writes', () => {
  expect(runProgram(process.execPath, ['scripts/docs.mjs', '--check'])).toEqual({ code: 0, output: '' })
})

/** The platforms' variables that a text names. */
function variablesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/`((?:GENESYS|CXONE)[A-Z_]+)`/g)].map(([, variable = '']) => variable))
}

/** Which of our actions a step uses. */
function actionOf(step: Yaml): typeof MAIN | undefined {
  const uses = String(step?.uses ?? '').replace(/@.*/, '')
  if (uses === './' || uses === 'org/cc-token-action') return MAIN
  return uses === './rotate' || uses === 'org/cc-token-action/rotate' ? ROTATE : undefined
}

// Everything that people copy: files, and the blocks of YAML in documents.
describe('workflows, examples and blocks of YAML in documents', () => {
  const files = [...WORKFLOWS, ...EXAMPLES, ...COMPOSITES].map(where => ({ where, text: read(where) }))
  const documents = [...files, ...DOCUMENTS.flatMap(codeBlocks)].map(({ where, text }) => {
    try {
      return { where, document: parse(text) }
    } catch (error) {
      throw new Error(`${where} is no YAML: ${error}`)
    }
  })
  const steps = documents.flatMap(({ where, document }) => stepsIn(where, document))
  const ours = steps.flatMap(({ where, step }) => {
    const action = actionOf(step)
    const given = Object.entries(step?.with ?? {}).map(([name, value]) => [name, String(value)] as const)
    return action ? [{ where, action, given }] : []
  })

  test('both actions are shown', () => {
    expect(ours.filter(({ action }) => action === MAIN).length).toBeGreaterThan(10)
    expect(ours.filter(({ action }) => action === ROTATE).length).toBeGreaterThan(3)
  })

  test('give inputs that exist, all that are required, and nothing that is the default anyway', () => {
    const problems = ours.flatMap(({ where, action: { file, parsed }, given }) => {
      const names = given.map(([name]) => name)
      const required = Object.entries<Yaml>(readYaml(file).inputs).filter(([, input]) => input.required)
      const missing = required.filter(([name]) => !names.includes(name))
      return [
        ...names.filter(name => !(name in parsed)).map(name => `${where}: ${name} does not exist`),
        ...missing.map(([name]) => `${where}: ${name} is missing`),
        ...given
          .filter(([name, value]) => value !== '' && parsed[name] === value)
          .map(([name]) => `${where}: ${name} is the default`)
      ]
    })
    expect(problems).toEqual([])
  })

  test('take outputs that exist from steps that exist', () => {
    const users = [
      ...steps.map(({ where, step, beside }) => ({ where, user: step, beside })),
      // What an action or a job declares as its outputs.
      ...documents.map(({ where, document }) => {
        const jobs = Object.values<Yaml>(document?.jobs ?? {})
        const beside = stepsIn(where, document).map(({ step }) => step)
        return { where, user: [document?.outputs, ...jobs.map(job => job.outputs)], beside }
      })
    ]
    for (const { where, user, beside } of users) {
      const used = JSON.stringify(user).matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)
      for (const [reference, id, output] of used) {
        const source = beside.find(step => step?.id === id)
        const { file } = actionOf(source) ?? {}
        const isKnown = source && (file === undefined || Object.hasOwn(readYaml(file).outputs, output ?? ''))
        expect([where, reference, Boolean(isKnown)]).toEqual([where, reference, true])
      }
    }
  })
})
