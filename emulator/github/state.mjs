/** What GitHub holds: repositories, their environments, organizations, and the secrets and variables of each. */
import { generateKeyPairSync } from 'node:crypto'

/**
 * @typedef {object} KeyPair
 * @property {string} id
 * @property {Uint8Array} publicKey  X25519, 32 bytes
 * @property {Uint8Array} privateKey
 *
 * @typedef {object} Sharing  which repositories may use what an organization holds; absent elsewhere
 * @property {'all' | 'private' | 'selected'} [visibility]
 * @property {number[]} [selectedRepositoryIds]
 *
 * @typedef {object} Entry
 * @property {string} name  in capitals, as GitHub keeps it
 * @property {number} createdAt  milliseconds
 * @property {number} updatedAt
 *
 * @typedef {Entry & Sharing & {value: string}} Variable
 *
 * @typedef {object} SealedValue
 * @property {string | undefined} value  undefined if nothing here can open the seal
 * @property {number} bytes  length of the plain text, which a seal does not hide
 * @property {string | undefined} sealed  Base64 as sent; undefined if a test stored it
 *
 * @typedef {Entry & Sharing & SealedValue} Secret
 *
 * @typedef {object} Holder
 * @property {KeyPair} key
 * @property {Map<string, Secret>} secrets
 * @property {Map<string, Variable>} variables
 *
 * @typedef {Holder & {name: string}} Environment
 * @typedef {Holder & {id: number, login: string}} Organization
 * @typedef {Holder & {id: number, owner: string, name: string, private: boolean,
 *   environments: Map<string, Environment>}} Repository
 *
 * @typedef {{repository: string, environment?: string} | {organization: string}} Scope
 *   where a secret or variable is; a repository is `owner/name`
 *
 * @typedef {object} RepositoryOptions
 * @property {string} name  `owner/name`
 * @property {number} [id]
 * @property {boolean} [private]  default: true
 * @property {string[]} [environments]
 *
 * @typedef {ReturnType<typeof createWorld>} World
 */

let keyCount = 0

/** Returns a key with a new id, which is a number too large for JavaScript, as GitHub's are. @returns {KeyPair} */
function createKeyPair() {
  const { x = '', d = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
  keyCount += 1
  return {
    id: `33802045780435${String(keyCount).padStart(5, '0')}`,
    publicKey: new Uint8Array(Buffer.from(x, 'base64url')),
    privateKey: new Uint8Array(Buffer.from(d, 'base64url'))
  }
}

/** @returns {Holder} */
const createHolder = () => ({ key: createKeyPair(), secrets: new Map(), variables: new Map() })

/**
 * Upper and lower case are the same in names of every kind, as at GitHub.
 *
 * @param {RepositoryOptions[]} repositoryOptions
 * @param {string[]} organizationLogins
 */
export function createWorld(repositoryOptions, organizationLogins) {
  /** @type {Map<string, Organization>} */
  const organizations = new Map()
  /** @type {Map<string, Repository>} */
  const repositories = new Map()
  /** New name by former name. @type {Map<string, string>} */
  const renamed = new Map()

  for (const [index, login] of organizationLogins.entries()) {
    organizations.set(login.toLowerCase(), { ...createHolder(), id: 9919 + index, login })
  }
  for (const [index, options] of repositoryOptions.entries()) {
    const [owner = '', name = ''] = options.name.split('/')
    const { id = 1_296_269 + index, private: isPrivate = true, environments: names = [] } = options
    /** @type {Map<string, Environment>} */
    const environments = new Map()
    for (const environment of names) {
      environments.set(environment.toLowerCase(), { ...createHolder(), name: environment })
    }
    const repository = { ...createHolder(), id, owner, name, private: isPrivate, environments }
    repositories.set(options.name.toLowerCase(), repository)
  }

  const world = {
    /** @param {string} fullName  `owner/name` */
    repository: fullName => repositories.get(fullName.toLowerCase()),
    /** @param {number} id */
    repositoryById: id => [...repositories.values()].find(repository => repository.id === id),
    /** @param {string} login */
    organization: login => organizations.get(login.toLowerCase()),
    /** @param {number} id */
    organizationById: id => [...organizations.values()].find(organization => organization.id === id),
    /** Returns the repository that had this name before it was renamed. @param {string} fullName */
    formerly: fullName => repositories.get(renamed.get(fullName.toLowerCase()) ?? ''),

    /**
     * @param {string} from
     * @param {string} to
     */
    rename(from, to) {
      const repository = repositories.get(from.toLowerCase())
      if (!repository) throw new Error(`there is no repository ${from}`)
      const [owner = '', name = ''] = to.split('/')
      Object.assign(repository, { owner, name })
      repositories.delete(from.toLowerCase())
      repositories.set(to.toLowerCase(), repository)
      renamed.set(from.toLowerCase(), to.toLowerCase())
    },

    /**
     * @param {Scope} scope
     * @returns {Holder | undefined}
     */
    holder(scope) {
      if ('organization' in scope) return world.organization(scope.organization)
      const repository = world.repository(scope.repository)
      if (scope.environment === undefined) return repository
      return repository?.environments.get(scope.environment.toLowerCase())
    },

    /** Replaces a key, as GitHub may at any time. A value sealed with the old one is refused. @param {Scope} scope */
    changeKey(scope) {
      const holder = world.holder(scope)
      if (holder) holder.key = createKeyPair()
    }
  }
  return world
}
