/** What GitHub holds: repositories, their environments, organisations, and the secrets and variables of each. */
import { generateKeyPairSync } from 'node:crypto'

/**
 * @typedef {object} KeyPair
 * @property {string} id
 * @property {Uint8Array} publicKey  X25519, 32 bytes
 * @property {Uint8Array} privateKey
 *
 * @typedef {'all' | 'private' | 'selected'} Visibility
 *
 * @typedef {object} Sharing  who may use what an organisation holds; absent elsewhere
 * @property {Visibility} [visibility]
 * @property {number[]} [selectedRepositoryIds]
 *
 * @typedef {object} Kept
 * @property {string} name  in capitals, as GitHub keeps it
 * @property {number} createdAt  milliseconds
 * @property {number} updatedAt
 *
 * @typedef {Kept & Sharing & {value: string}} Variable
 *
 * @typedef {object} SealedValue
 * @property {string | undefined} value  undefined when nothing is at hand to open the seal
 * @property {number} bytes  the plain text's length, which a seal does not hide
 * @property {string | undefined} sealed  Base64 as it was sent; undefined when the test put it there
 *
 * @typedef {Kept & Sharing & SealedValue} Secret
 *
 * @typedef {object} Holder
 * @property {KeyPair} key
 * @property {Map<string, Secret>} secrets
 * @property {Map<string, Variable>} variables
 *
 * @typedef {Holder & {name: string}} Environment
 * @typedef {Holder & {id: number, login: string}} Organization
 * @typedef {Holder & {id: number, owner: string, name: string, private: boolean,
 *   ownerIsOrganization: boolean, createdAt: number, environments: Map<string, Environment>}} Repository
 *
 * @typedef {{repository: string, environment?: string} | {organization: string}} Scope
 *   where a secret or variable lives; a repository is `owner/name`
 *
 * @typedef {object} RepositoryOptions
 * @property {string} name  `owner/name`
 * @property {number} [id]
 * @property {boolean} [private]  true unless told otherwise
 * @property {string[]} [environments]
 *
 * @typedef {ReturnType<typeof createWorld>} World
 */

const FIRST_ID = 1_296_269

let keysMade = 0

/** @returns {KeyPair} each with an id of its own: a number too large for JavaScript, as GitHub's are */
function createKeyPair() {
  const { x = '', d = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
  keysMade += 1
  return {
    id: `33802045780435${String(keysMade).padStart(5, '0')}`,
    publicKey: new Uint8Array(Buffer.from(x, 'base64url')),
    privateKey: new Uint8Array(Buffer.from(d, 'base64url'))
  }
}

/** @returns {Holder} */
const createHolder = () => ({ key: createKeyPair(), secrets: new Map(), variables: new Map() })

/**
 * @param {RepositoryOptions[]} repositoryOptions
 * @param {string[]} organizationLogins
 * @param {() => number} clock
 */
export function createWorld(repositoryOptions, organizationLogins, clock) {
  /** @type {Map<string, Organization>} */
  const organizations = new Map()
  /** @type {Map<string, Repository>} */
  const repositories = new Map()
  /** @type {Map<string, string>} */
  const renamed = new Map()

  for (const [index, login] of organizationLogins.entries()) {
    organizations.set(login.toLowerCase(), { ...createHolder(), id: 9919 + index, login })
  }
  for (const [index, options] of repositoryOptions.entries()) {
    const [owner = '', name = ''] = options.name.split('/')
    const environments = (options.environments ?? []).map(environment => {
      /** @type {[string, Environment]} */
      const entry = [environment.toLowerCase(), { ...createHolder(), name: environment }]
      return entry
    })
    repositories.set(options.name.toLowerCase(), {
      ...createHolder(),
      id: options.id ?? FIRST_ID + index,
      owner,
      name,
      private: options.private ?? true,
      ownerIsOrganization: organizations.has(owner.toLowerCase()),
      createdAt: clock(),
      environments: new Map(environments)
    })
  }

  /** Names of all kinds are compared without case, as GitHub does. */
  const world = {
    /** @param {string} fullName  `owner/name` */
    repository: fullName => repositories.get(fullName.toLowerCase()),
    /** @param {number} id */
    repositoryById: id => [...repositories.values()].find(repository => repository.id === id),
    /** @param {string} login */
    organization: login => organizations.get(login.toLowerCase()),
    /** @param {number} id */
    organizationById: id => [...organizations.values()].find(organization => organization.id === id),

    /**
     * @param {string} fullName  what it was called
     * @returns {Repository | undefined} the repository that had this name before it was renamed
     */
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

    /**
     * Gives a holder a new key, as GitHub may at any time. What was sealed with the old one and arrives
     * from now on is refused.
     *
     * @param {Scope} scope
     */
    changeKey(scope) {
      const holder = world.holder(scope)
      if (holder) holder.key = createKeyPair()
    }
  }
  return world
}
