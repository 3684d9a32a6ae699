import type { SecretScope, Visibility } from '../github/scope.js'
import { ActionError } from '../lib/action-error.js'
import { Secret, SHORTEST_SECRET } from '../lib/secret.js'
import { readSeconds } from './limits.js'
import { type ExchangeInputs, readExchange } from './main-inputs.js'
import { type Environment, type InputName, Inputs, invalidInput, ROTATE_INPUTS } from './reader.js'

/** All that the rotate step was asked for, checked. */
export interface RotateInputs extends ExchangeInputs {
  readonly apiUrl: string
  readonly githubToken: Secret
  readonly place: SecretScope
  readonly secretName: string
  readonly rotateAfterSeconds: number
  readonly dryRun: boolean
  /** Present where an organisation's secret is to be shared otherwise than it is. */
  readonly sharing?: Visibility
  readonly previousToken?: Secret
  readonly expiryVariable?: string
}

/** Returns what the inputs and the environment ask for; throws `invalid-input` or `missing-credential`. */
export function readRotation(env: Environment, keep: (secret: Secret) => void): RotateInputs {
  const inputs = new Inputs(env, ROTATE_INPUTS)
  const exchange = readExchange(inputs, env, keep)
  const place = readPlace(inputs, env)
  const expiryVariable = readName(inputs, 'expiry-variable')
  const { doubts, ...previous } = readPreviousToken(inputs, exchange)
  return {
    ...exchange,
    doubts: [...exchange.doubts, ...doubts],
    apiUrl: readApiUrl(env),
    githubToken: readGithubToken(inputs),
    place,
    secretName: requireName(inputs, 'secret-name'),
    rotateAfterSeconds: readSeconds(inputs, 'rotate-after'),
    dryRun: inputs.flag('dry-run'),
    ...readSharing(inputs, place),
    ...previous,
    ...(expiryVariable === undefined ? {} : { expiryVariable })
  }
}

function readGithubToken(inputs: Inputs): Secret {
  const text = inputs.text('github-token')
  if (text === '') {
    throw new ActionError(
      'missing-credential',
      'Input github-token is empty.',
      'Give a fine-grained personal access token or a GitHub App’s token that may write the secret; the workflow’s own ' +
        'GITHUB_TOKEN cannot. Workflows from forks and from Dependabot get no secrets.'
    )
  }
  if (isToken(text)) return new Secret(text)
  throw new ActionError(
    'invalid-input',
    `The value for github-token is not allowed; it has ${text.length} characters.`,
    `A token has at least ${SHORTEST_SECRET} characters, all of them visible ASCII. Store it again.`
  )
}

/** A placeholder or a damaged token is nobody's predecessor; it must not keep a rotation from setting it right. */
function readPreviousToken(
  inputs: Inputs,
  { request }: ExchangeInputs
): { previousToken?: Secret; doubts: string[] } {
  const text = inputs.text('previous-token')
  if (text === '') return { doubts: [] }
  if (request.exchange.startsWith('cxone'))
    inputs.refuse(['previous-token'], 'NICE CXone has no request that revokes a token')
  if (!isToken(text)) return { doubts: ['previous-token holds no token, so there is none to revoke.'] }
  return { previousToken: new Secret(text), doubts: [] }
}

function isToken(text: string): boolean {
  return text.length >= SHORTEST_SECRET && /^[\x21-\x7e]+$/.test(text)
}

function readPlace(inputs: Inputs, env: Environment): SecretScope {
  const organization = inputs.text('organization')
  if (organization !== '') {
    inputs.refuse(
      ['repository', 'environment'],
      'an organisation’s secret has neither repository nor environment'
    )
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(organization)) {
      throw invalidInput(
        'organization',
        organization,
        'Allowed: the name of an organisation, as in its address.'
      )
    }
    return { kind: 'organization', organization }
  }
  inputs.refuse(
    ['visibility', 'selected-repository-ids'],
    'only an organisation’s secret is shared among repositories'
  )
  const repository = inputs.text('repository') || (env['GITHUB_REPOSITORY'] ?? '')
  // A name of dots alone would climb out of the path.
  if (!/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository) || /(^|\/)\.{1,2}(\/|$)/.test(repository)) {
    throw invalidInput('repository', repository, 'Allowed: owner/name.')
  }
  const environment = inputs.text('environment')
  if (environment === '') return { kind: 'repository', repository }
  if (environment.length > 255 || /[\p{Cc}\p{Cs}]/u.test(environment) || /^\.{1,2}$/.test(environment)) {
    throw invalidInput(
      'environment',
      environment,
      'Allowed: the name of an environment, up to 255 characters.'
    )
  }
  return { kind: 'environment', repository, environment }
}

function readSharing(inputs: Inputs, place: SecretScope): { sharing?: Visibility } {
  if (place.kind !== 'organization' || !inputs.isGiven('visibility')) {
    inputs.refuse(['selected-repository-ids'], 'visibility is not selected')
    return {}
  }
  const visibility = inputs.choice('visibility', ['all', 'private', 'selected'])
  if (visibility !== 'selected') {
    inputs.refuse(['selected-repository-ids'], 'visibility is not selected')
    return { sharing: { visibility } }
  }
  const ids = inputs.list('selected-repository-ids')
  if (ids.length === 0 || ids.some(id => !/^[1-9]\d{0,14}$/.test(id))) {
    throw invalidInput(
      'selected-repository-ids',
      inputs.text('selected-repository-ids'),
      'Allowed: ids of repositories (numbers), separated by commas or line breaks.'
    )
  }
  return { sharing: { visibility, repositoryIds: ids.map(Number) } }
}

function requireName(inputs: Inputs, name: InputName): string {
  const text = readName(inputs, name)
  if (text === undefined) throw invalidInput(name, '', NAME_RULE)
  return text
}

const NAME_RULE =
  'Allowed: letters, digits and underscores, no digit first, and not GITHUB_ at its beginning (docs.github.com, naming your secrets).'

function readName(inputs: Inputs, name: InputName): string | undefined {
  const text = inputs.text(name)
  if (text === '') return undefined
  if (!/^[A-Za-z_]\w{0,254}$/.test(text) || /^GITHUB_/i.test(text)) throw invalidInput(name, text, NAME_RULE)
  return text.toUpperCase()
}

/** The runner sets it; on GitHub Enterprise Server it has a path. */
function readApiUrl(env: Environment): string {
  const text = (env['GITHUB_API_URL'] ?? '').trim() || 'https://api.github.com'
  if (
    /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[\w./-]*)?$/.test(text) ||
    /^http:\/\/(127(\.\d+){3}|localhost)(:\d{1,5})?(\/[\w./-]*)?$/.test(text)
  )
    return text
  throw new ActionError(
    'invalid-input',
    'The runner’s GITHUB_API_URL is no https address.',
    'It is the runner’s to set; do not set it in the workflow.'
  )
}
