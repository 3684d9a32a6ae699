/** What a step wrote and a platform received, without what differs from run to run. expected.ts says what it must be. */
import { GENESYS_CLIENT } from '../../emulator/genesys.mjs'
import type { EmulatorServer } from '../../emulator/server.mjs'
import { parseCommandFile } from './command-files.mjs'
import { DECLARED_OUTPUTS, OUTPUTS } from './expected.js'
import type { StepResult } from './in-process.js'
import type { RunResult } from './runner.mjs'

export type Values = Readonly<Record<string, string>>

/** An emulator, as far as these helpers need it. */
export type Platform = EmulatorServer & {
  readonly tokens: ReadonlyMap<string, object>
  /** CXone: refresh tokens and id tokens. */
  readonly alsoIssued?: readonly string[]
}

/** Returns a text with everything that differs from run to run replaced by a name. */
export function normal(
  text: string,
  platform: Platform,
  ...runs: readonly { readonly tempDir: string }[]
): string {
  const values: [string, string][] = [
    ...[...platform.tokens.keys()].map((token, index): [string, string] => [token, `{token ${index + 1}}`]),
    ...(platform.alsoIssued ?? []).map((token, index): [string, string] => [
      token,
      `{also issued ${index + 1}}`
    ]),
    [platform.origin, '{origin}'],
    [GENESYS_CLIENT.secret, '{client secret}'],
    ...runs.map((run): [string, string] => [run.tempDir, '{temp}'])
  ]
  return values
    .reduce((rest, [value, name]) => rest.replaceAll(value, name), text)
    .replace(/ghadelimiter_[0-9a-f-]{36}/g, '{eof}')
    .replace(/cc-token-[0-9a-f-]{36}/g, 'cc-token-{uuid}')
    .replace(/(correlation id |<strong>Correlation id<\/strong><\/td><td><code>)[0-9a-f-]{36}/g, '$1{uuid}')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '{time}')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '{minute}')
    .replace(/"expiresAtMs":\d{13}/g, '"expiresAtMs":{ms}')
    .replace(/, \d+ ms$/gm, ', {n} ms')
    .replace(/::add-mask::[A-Za-z0-9+/=%]{60,}$/gm, '::add-mask::{derived}')
}

/** Returns the requests that a platform received: method, path, type of the credential or its token, status. */
export function record(platform: Platform): string[] {
  const names = [...platform.tokens.keys()]
  return platform.requests.map(({ method, path, headers, status }) => {
    const { authorization = '' } = headers
    const bearer = names.findIndex(token => authorization === `Bearer ${token}`)
    const credential = bearer >= 0 ? `token ${bearer + 1}` : (authorization.split(' ')[0] ?? '')
    return [method, path, ...(credential === '' ? [] : [credential]), status].join(' ')
  })
}

/** Everything that a step wrote, in the spelling of `normal`. */
export interface Written {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Values
  readonly env: Values
  /** The raw file, so that entries which were replaced show. */
  readonly state: string
  readonly summary: string
}

/** Returns everything that a bundle wrote. */
export function written(run: RunResult, platform: Platform): Written {
  const { output, env, state } = run.files
  return { ...writtenInProcess({ ...run, output, env, state }, platform), stderr: run.stderr }
}

/** Returns everything that a step in this process wrote. */
export function writtenInProcess(
  step: Omit<StepResult, 'exitCode' | 'code'> & Pick<Written, 'exitCode'>,
  platform: Platform
): Written {
  const plain = (text: string) => normal(text, platform, step)
  const values = (file: string) =>
    Object.fromEntries(Object.entries(parseCommandFile(file)).map(([name, value]) => [name, plain(value)]))
  return {
    exitCode: step.exitCode,
    stdout: plain(step.stdout),
    stderr: '',
    outputs: knownOutputs(values(step.output)),
    env: values(step.env),
    state: plain(step.state),
    summary: plain(step.summary)
  }
}

/** Returns the outputs without those that action.yml declares and `OUTPUTS` lacks: action-yml.test.ts reports them. */
export function knownOutputs(outputs: Values): Values {
  const known = [...Object.keys(OUTPUTS), 'error-code']
  const isNew = (name: string) => DECLARED_OUTPUTS.includes(name) && !known.includes(name)
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !isNew(name)))
}
