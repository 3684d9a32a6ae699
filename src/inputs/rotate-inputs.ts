import type { Provider } from '../auth/provider.js'
import type { SecretScope, Visibility } from '../github/scope.js'
import { ActionError } from '../lib/action-error.js'
import { type InputReader, invalidInput } from '../lib/input-reader.js'
import { ROTATE_INPUTS } from '../lib/inputs.js'
import { Secret } from '../lib/secret.js'
import { isToken } from '../lib/token.js'
import { type ExchangeInputs, readExchangeInputs } from './exchange-inputs.js'
import { readSeconds, readTimeoutMs } from './limits.js'
import { type Environment, EnvironmentReader, type InputLog } from './reader.js'

/** Inputs for a secret of GitHub Actions. */
export interface GitHubTarget {
  readonly kind: 'github'
  readonly apiUrl: string
  readonly githubToken: Secret
  readonly scope: SecretScope
  readonly secretName: string
  readonly rotateAfterSeconds: number
  /** Present if the visibility of an organisation's secret is given. */
  readonly visibility?: Visibility
  readonly previousToken?: Secret
  readonly expiryVariable?: string
}

/** Inputs for any other store. */
export interface CommandTarget {
  readonly kind: 'command'
  readonly storeCommand: string
  readonly readCommand?: string
  readonly revokePrevious: boolean
  readonly commandTimeoutMs: number
  /** Returns whether a text is a credential of this step. */
  readonly isOtherSecret: (text: string) => boolean
}

/** All inputs of the rotation action. */
export interface RotateInputs extends ExchangeInputs {
  readonly dryRun: boolean
  readonly target: GitHubTarget | CommandTarget
}

const COMMAND_INPUTS = ['store-command', 'read-command', 'revoke-previous', 'command-timeout'] as const

const GITHUB_INPUTS = [
  'github-token',
  'repository',
  'environment',
  'organization',
  'visibility',
  'selected-repository-ids',
  'rotate-after',
  'expiry-variable',
  'previous-token'
] as const

/**
 * Returns the inputs of the rotation action. Masks every credential as it is read. Throws `invalid-input` or
 * `missing-credential`.
 */
export function readRotateInputs(
  env: Environment,
  providers: readonly Provider[],
  log: InputLog
): RotateInputs {
  const reader = new EnvironmentReader(env, ROTATE_INPUTS, log)
  const inputs = readExchangeInputs(reader, providers)
  const target = reader.isGiven('store-command')
    ? readCommandTarget(reader, inputs.provider)
    : readGitHubTarget(reader, env, inputs.provider)
  return { ...inputs, dryRun: reader.flag('dry-run'), target }
}

function readGitHubTarget(reader: EnvironmentReader, env: Environment, provider: Provider): GitHubTarget {
  const secretName = readName(reader, 'secret-name')
  if (secretName === undefined) {
    throw new ActionError(
      'invalid-input',
      'The inputs secret-name and store-command are empty.',
      'Set secret-name to keep the token in a secret of GitHub Actions, or store-command to keep it in another store.'
    )
  }
  reader.refuse(COMMAND_INPUTS, 'it applies to other stores only, and secret-name is given')
  reader.requireOwnSecret('previous-token')
  const scope = readScope(reader, env)
  const expiryVariable = readName(reader, 'expiry-variable')
  return {
    kind: 'github',
    apiUrl: readApiUrl(env),
    githubToken: readGithubToken(reader),
    scope,
    secretName,
    rotateAfterSeconds: readSeconds(reader, 'rotate-after'),
    ...readVisibility(reader, scope),
    ...readPreviousToken(reader, provider),
    ...(expiryVariable === undefined ? {} : { expiryVariable })
  }
}

function readCommandTarget(reader: EnvironmentReader, provider: Provider): CommandTarget {
  reader.refuse(['secret-name'], 'store-command is given, too')
  reader.refuse(GITHUB_INPUTS, 'it applies to secrets of GitHub only, and store-command is given')
  if (process.platform === 'win32') reader.refuse(['store-command'], 'it does not work on Windows')
  const readCommand = reader.text('read-command')
  const revokePrevious = reader.flag('revoke-previous')
  if (revokePrevious && readCommand === '') reader.refuse(['revoke-previous'], 'read-command is not')
  if (revokePrevious && provider.revoke === undefined)
    reader.refuse(['revoke-previous'], `${provider.name} has no request that revokes a token`)
  return {
    kind: 'command',
    storeCommand: reader.text('store-command'),
    revokePrevious,
    commandTimeoutMs: readTimeoutMs(reader, 'command-timeout'),
    isOtherSecret: text => reader.isOtherSecret(text),
    ...(readCommand === '' ? {} : { readCommand })
  }
}

function readGithubToken(reader: InputReader): Secret {
  const text = reader.text('github-token')
  if (isToken(text)) return new Secret(text)
  if (text !== '') {
    throw new ActionError(
      'invalid-input',
      `The value of github-token is not allowed; it has ${text.length} characters.`,
      'A token has at least 16 characters, all of them visible ASCII. Store it again.'
    )
  }
  throw new ActionError(
    'missing-credential',
    'Input github-token is empty.',
    'Use the token of a GitHub App or a fine-grained personal access token that can write the secret; the workflow’s own ' +
      'GITHUB_TOKEN cannot. Workflows from forks and from Dependabot get no secrets.'
  )
}

/** A placeholder or a damaged token must not prevent the rotation that replaces it. */
function readPreviousToken(reader: InputReader, provider: Provider): { readonly previousToken?: Secret } {
  const text = reader.text('previous-token')
  if (text === '') return {}
  if (provider.revoke === undefined)
    reader.refuse(['previous-token'], `${provider.name} has no request that revokes a token`)
  if (isToken(text)) return { previousToken: new Secret(text) }
  reader.warn('The value of previous-token is not a token, so it is not revoked.')
  return {}
}

function readScope(reader: InputReader, env: Environment): SecretScope {
  const organization = reader.text('organization')
  if (organization !== '') {
    reader.refuse(
      ['repository', 'environment'],
      'the secret of an organisation has neither a repository nor an environment'
    )
    if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(organization)) return { kind: 'organization', organization }
    throw invalidInput('organization', organization, 'Allowed: the name of an organisation, as in its URL.')
  }
  reader.refuse(['visibility', 'selected-repository-ids'], 'it applies to the secrets of organisations only')
  const repository = reader.text('repository') || (env['GITHUB_REPOSITORY'] ?? '')
  // A name of dots would change the path.
  if (!/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository) || /(^|\/)\.{1,2}(\/|$)/.test(repository))
    throw invalidInput('repository', repository, 'Allowed: owner/name.')
  const environment = reader.text('environment')
  if (environment === '') return { kind: 'repository', repository }
  if (environment.length > 255 || /[\p{Cc}\p{Cs}]/u.test(environment) || /^\.{1,2}$/.test(environment))
    throw invalidInput(
      'environment',
      environment,
      'Allowed: the name of an environment, up to 255 characters.'
    )
  return { kind: 'environment', repository, environment }
}

function readVisibility(reader: InputReader, scope: SecretScope): { readonly visibility?: Visibility } {
  const isGiven = scope.kind === 'organization' && reader.isGiven('visibility')
  const visibility = isGiven ? reader.choice('visibility', ['all', 'private', 'selected']) : undefined
  if (visibility !== 'selected') {
    reader.refuse(['selected-repository-ids'], 'visibility is not selected')
    return visibility === undefined ? {} : { visibility: { visibility } }
  }
  const ids = reader.list('selected-repository-ids')
  if (ids.length === 0 || ids.some(id => !/^[1-9]\d{0,14}$/.test(id))) {
    throw invalidInput(
      'selected-repository-ids',
      reader.text('selected-repository-ids'),
      'Allowed: ids of repositories (numbers), separated by commas or line breaks.'
    )
  }
  return { visibility: { visibility, repositoryIds: ids.map(Number) } }
}

const NAME_RULE =
  'Allowed: letters, digits and underscores, no digit first, and not GITHUB_ at the beginning (docs.github.com, naming your secrets).'

/** GitHub stores names in upper case. */
function readName(reader: InputReader, name: 'secret-name' | 'expiry-variable'): string | undefined {
  const text = reader.text(name)
  if (text === '') return undefined
  if (!/^[A-Za-z_]\w{0,254}$/.test(text) || /^GITHUB_/i.test(text)) throw invalidInput(name, text, NAME_RULE)
  return text.toUpperCase()
}

/** The runner sets it. On GitHub Enterprise Server it has a path. */
function readApiUrl(env: Environment): string {
  const text = (env['GITHUB_API_URL'] ?? '').trim() || 'https://api.github.com'
  const isHttps = /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[\w./-]*)?$/.test(text)
  const isLoopback = /^http:\/\/(127(\.\d+){3}|localhost)(:\d{1,5})?(\/[\w./-]*)?$/.test(text)
  if (isHttps || isLoopback) return text
  throw new ActionError(
    'invalid-input',
    'GITHUB_API_URL is not an https URL.',
    'The runner sets this variable; do not set it in the workflow.'
  )
}
